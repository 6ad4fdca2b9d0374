import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import type { Attributes, Context, Span } from '@opentelemetry/api';

/** What a caller's `traceparent` and `tracestate` say, as they came: what is malformed is ignored. */
export interface TraceHeaders {
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
}

/** Which request a span belongs to, and which span it continues. */
export interface TraceOrigin {
  readonly correlationId: string;
  readonly traceparent?: string | null | undefined;
  readonly tracestate?: string | undefined;
}

/** Spans of one request, across processes. */
export interface Tracing {
  /**
   * Runs, and records how long it took and whether it failed. Inside another span of the same request it is that one's
   * child, else of the span that `traceparent` names; without either it begins a trace.
   */
  span<Result>(name: string, origin: TraceOrigin, attributes: Attributes, run: () => Promise<Result>): Promise<Result>;
  /** Records what is over. `start` and `end` in ms since the epoch. */
  record(name: string, origin: TraceOrigin, start: number, end: number): void;
  /** Of the span that is running, for another process to continue; undefined outside of one. */
  traceparent(): string | undefined;
  /** Sends what is left. */
  close(): Promise<void>;
}

/** What a trace has of each: more would make a catch-up over a long log a flood of spans. */
const longestQueue = 4_096;

/**
 * Sends traces by OTLP over HTTP. The packages are loaded here: a process that sends none does not have them in memory.
 *
 * A caller's trace goes on here with its parent span and its sampled flag: what its caller does not sample is not sent.
 * Event metadata carries the `traceparent` of the append, which projector and delivery continue. A trace that begins here
 * has an id made of the correlation id, so that it is found by that.
 * @param endpoint as OTEL_EXPORTER_OTLP_ENDPOINT has it, without `/v1/traces`
 */
export async function openTracing(endpoint: string, onError: (error: Error) => void): Promise<Tracing> {
  const [{ diag, DiagLogLevel, ROOT_CONTEXT, ...api }, { W3CTraceContextPropagator }, sdk, exporter, resources] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/core'),
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  const { defaultTextMapGetter, defaultTextMapSetter, SpanStatusCode, trace } = api;
  const report = (message: string) => onError(new Error(message));
  const silent = () => undefined;
  // A collector that is away is the exporter's trouble: said in our log, and nobody waits for it.
  diag.setLogger(
    { error: report, warn: silent, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
  const randomIds = new sdk.RandomIdGenerator();
  let nextTraceId: string | undefined;
  const provider = new sdk.NodeTracerProvider({
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes({ 'service.name': 'orderstream' }))
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    idGenerator: {
      generateTraceId: () => nextTraceId ?? randomIds.generateTraceId(),
      generateSpanId: () => randomIds.generateSpanId(),
    },
    spanProcessors: [
      new sdk.BatchSpanProcessor(
        new exporter.OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: 5_000 }),
        { maxQueueSize: longestQueue, scheduledDelayMillis: 1_000 },
      ),
    ],
  });
  const propagator = new W3CTraceContextPropagator();
  const running = new AsyncLocalStorage<{ readonly context: Context; readonly correlationId: string }>();
  const tracer = provider.getTracer('orderstream');

  function parentOf({ correlationId, traceparent, tracestate }: TraceOrigin): Context {
    const around = running.getStore();
    if (around?.correlationId === correlationId) return around.context;
    return propagator.extract(ROOT_CONTEXT, { traceparent, tracestate }, defaultTextMapGetter);
  }

  function begin(
    name: string,
    { correlationId }: TraceOrigin,
    parent: Context,
    start?: number,
    attributes?: Attributes,
  ): Span {
    // Asked for by the generator, in this call, if there is no parent.
    nextTraceId = traceIdOf(correlationId);
    return tracer.startSpan(
      name,
      {
        attributes: { ...attributes, 'orderstream.correlation_id': correlationId },
        ...(start === undefined ? {} : { startTime: start }),
      },
      parent,
    );
  }

  return {
    async span(name, origin, attributes, run) {
      const parent = parentOf(origin);
      const span = begin(name, origin, parent, undefined, attributes);
      const { correlationId } = origin;
      try {
        return await running.run({ context: trace.setSpan(parent, span), correlationId }, run);
      } catch (error) {
        // The message may have in it what the caller wrote: its kind is enough, the log has the rest.
        span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'unknown' });
        throw error;
      } finally {
        span.end();
      }
    },
    record(name, origin, start, end) {
      begin(name, origin, parentOf(origin), start).end(end);
    },
    traceparent() {
      const around = running.getStore();
      if (!around) return undefined;
      const carrier: Record<string, string> = {};
      propagator.inject(around.context, carrier, defaultTextMapSetter);
      return carrier['traceparent'];
    },
    close: () => provider.shutdown().catch(onError),
  };
}

function traceIdOf(correlationId: string): string {
  const hex = correlationId.replaceAll('-', '').toLowerCase();
  if (/^[0-9a-f]{32}$/.test(hex) && !/^0+$/.test(hex)) return hex;
  return createHash('sha256').update(correlationId).digest('hex').slice(0, 32);
}
