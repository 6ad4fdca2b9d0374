import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import type { Attributes, Context, Span } from '@opentelemetry/api';

/** The headers `traceparent` and `tracestate` of a request, unchecked: malformed values are ignored later. */
export interface TraceHeaders {
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
}

/** The request that a span belongs to, and the span that it continues. */
export interface TraceOrigin {
  readonly correlationId: string;
  readonly traceparent?: string | null | undefined;
  readonly tracestate?: string | undefined;
}

/** Records spans of requests, across processes. */
export interface Tracing {
  /**
   * Runs a function and records its duration, and whether it failed. Inside another span of the same request the new
   * span is its child; otherwise it is a child of the span in `traceparent`. Without either it starts a trace.
   */
  span<Result>(name: string, origin: TraceOrigin, attributes: Attributes, run: () => Promise<Result>): Promise<Result>;
  /**
   * Records a span that is over.
   * @param startMs ms since the epoch; the same for `endMs`
   */
  record(name: string, origin: TraceOrigin, startMs: number, endMs: number): void;
  /** The `traceparent` of the current span, for another process to continue; undefined outside of a span. */
  traceparent(): string | undefined;
  /** Sends the spans that are still buffered. */
  close(): Promise<void>;
}

/** Spans in the buffer; more are dropped. A catch-up over a long log would otherwise send a flood of spans. */
const maxQueuedSpans = 4_096;

/**
 * Sends traces by OTLP over HTTP. The OpenTelemetry packages are loaded here, so that a process without tracing does
 * not have them in memory.
 *
 * A trace of the caller continues here, with its parent span and its sampled flag: if the caller does not sample it,
 * it is not sent. Event metadata contains the `traceparent` of the append, which projector and delivery continue. A
 * trace that starts here has an id derived from the correlation id, so that it can be found by that.
 * @param endpoint as in OTEL_EXPORTER_OTLP_ENDPOINT, without `/v1/traces`
 * @param onError called if traces could not be sent
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
  const ignore = () => undefined;
  // Errors of the exporter (the collector is away) are logged; no request waits for it.
  diag.setLogger(
    { error: report, warn: ignore, info: ignore, debug: ignore, verbose: ignore },
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
        { maxQueueSize: maxQueuedSpans, scheduledDelayMillis: 1_000 },
      ),
    ],
  });
  const propagator = new W3CTraceContextPropagator();
  const running = new AsyncLocalStorage<{ readonly context: Context; readonly correlationId: string }>();
  const tracer = provider.getTracer('orderstream');

  function parentOf({ correlationId, traceparent, tracestate }: TraceOrigin): Context {
    const current = running.getStore();
    if (current?.correlationId === correlationId) return current.context;
    return propagator.extract(ROOT_CONTEXT, { traceparent, tracestate }, defaultTextMapGetter);
  }

  function begin(
    name: string,
    { correlationId }: TraceOrigin,
    parent: Context,
    startMs?: number,
    attributes?: Attributes,
  ): Span {
    // startSpan() calls generateTraceId() synchronously, if there is no parent.
    nextTraceId = traceIdOf(correlationId);
    return tracer.startSpan(
      name,
      {
        attributes: { ...attributes, 'orderstream.correlation_id': correlationId },
        ...(startMs === undefined ? {} : { startTime: startMs }),
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
        // Only the name of the error: its message may contain input of the caller. The log has the rest.
        span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'unknown' });
        throw error;
      } finally {
        span.end();
      }
    },
    record(name, origin, startMs, endMs) {
      begin(name, origin, parentOf(origin), startMs).end(endMs);
    },
    traceparent() {
      const current = running.getStore();
      if (!current) return undefined;
      const carrier: Record<string, string> = {};
      propagator.inject(current.context, carrier, defaultTextMapSetter);
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
