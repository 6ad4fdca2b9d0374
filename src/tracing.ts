import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import type { Attributes, Context, Span } from '@opentelemetry/api';

/** Spans of one request across processes: whoever knows its correlation id adds to the same trace. */
export interface Tracing {
  /** Runs, and records how long it took and whether it failed. Inside another span it is that one's child. */
  span<Result>(
    name: string,
    about: { readonly correlationId: string; readonly attributes?: Attributes },
    run: () => Promise<Result>,
  ): Promise<Result>;
  /** Records what is over. `start` and `end` in ms since the epoch. */
  record(name: string, correlationId: string, start: number, end: number): void;
  /** Sends what is left. */
  close(): Promise<void>;
}

/** What a trace has of each: more would make a catch-up over a long log a flood of spans. */
const longestQueue = 4_096;

/**
 * Sends traces by OTLP over HTTP. The packages are loaded here: a process that sends none does not have them in memory.
 *
 * A trace's id is made of the correlation id, which command, event metadata, projector and frame have in common, so
 * nothing has to be carried beside it. A correlation id that is a trace id (of a `traceparent`, say) is taken as it is.
 * @param endpoint as OTEL_EXPORTER_OTLP_ENDPOINT has it, without `/v1/traces`
 */
export async function openTracing(endpoint: string, onError: (error: Error) => void): Promise<Tracing> {
  const [{ diag, DiagLogLevel, ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags }, sdk, exporter, resources] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  const report = (message: string) => onError(new Error(message));
  const silent = () => undefined;
  // A collector that is away is the exporter's trouble: said in our log, and nobody waits for it.
  diag.setLogger(
    { error: report, warn: silent, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
  const provider = new sdk.NodeTracerProvider({
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes({ 'service.name': 'orderstream' }))
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    spanProcessors: [
      new sdk.BatchSpanProcessor(
        new exporter.OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: 5_000 }),
        { maxQueueSize: longestQueue, scheduledDelayMillis: 1_000 },
      ),
    ],
  });
  const within = new AsyncLocalStorage<Context>();
  const tracer = provider.getTracer('orderstream');

  function parentOf(correlationId: string): Context {
    const around = within.getStore();
    const traceId = traceIdOf(correlationId);
    if (around && trace.getSpanContext(around)?.traceId === traceId) return around;
    const spanId = traceId.slice(16) === '0'.repeat(16) ? traceId.slice(0, 16) : traceId.slice(16);
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
  }

  function begin(name: string, correlationId: string, parent: Context, start?: number, attributes?: Attributes): Span {
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
    async span(name, { correlationId, attributes }, run) {
      const parent = parentOf(correlationId);
      const span = begin(name, correlationId, parent, undefined, attributes);
      try {
        return await within.run(trace.setSpan(parent, span), run);
      } catch (error) {
        // The message may have in it what the caller wrote: its kind is enough, the log has the rest.
        span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'unknown' });
        throw error;
      } finally {
        span.end();
      }
    },
    record(name, correlationId, start, end) {
      begin(name, correlationId, parentOf(correlationId), start).end(end);
    },
    close: () => provider.shutdown().catch(onError),
  };
}

function traceIdOf(correlationId: string): string {
  const hex = correlationId.replaceAll('-', '').toLowerCase();
  if (/^[0-9a-f]{32}$/.test(hex) && !/^0+$/.test(hex)) return hex;
  return createHash('sha256').update(correlationId).digest('hex').slice(0, 32);
}
