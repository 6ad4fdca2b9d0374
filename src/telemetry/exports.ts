import type { Closers } from '../async/closers.ts';
import type { Config } from '../config.ts';
import type { Logger } from './logger.ts';
import type { CollectedMetric } from './metrics-export.ts';
import type { Tracing } from './tracing.ts';

// Both are loaded only if there is an endpoint: OpenTelemetry is large, and most processes send nothing.

/** Traces by OTLP. @returns undefined without an endpoint */
export async function openTraces(
  { otlpEndpoint }: Pick<Config, 'otlpEndpoint'>,
  logger: Logger,
  closers: Closers,
): Promise<Tracing | undefined> {
  if (otlpEndpoint === undefined) return undefined;
  const { openTracing } = await import('./tracing.ts');
  const tracing = await openTracing(otlpEndpoint, error => {
    logger.warn({ err: error }, 'traces could not be sent');
  });
  closers.push(() => tracing.close());
  return tracing;
}

/** Metrics by OTLP, where traces go: the same as those of /metrics. It does nothing without an endpoint. */
export async function openMetricsExport(
  { otlpEndpoint }: Pick<Config, 'otlpEndpoint'>,
  collect: () => Promise<readonly CollectedMetric[]>,
  logger: Logger,
  closers: Closers,
): Promise<void> {
  if (otlpEndpoint === undefined) return;
  const { exportMetrics } = await import('./metrics-export.ts');
  const exporting = await exportMetrics(otlpEndpoint, collect, error => {
    logger.warn({ err: error }, 'metrics could not be sent');
  });
  closers.push(() => exporting.close());
}
