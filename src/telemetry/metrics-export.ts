import type { HrTime } from '@opentelemetry/api';
import type { ExportResult } from '@opentelemetry/core';
import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';

/** How often the metrics are sent, ms. */
const exportIntervalMs = 15_000;
const exportTimeoutMs = 5_000;
/** Longer, so that the exporter itself reports that it was too late. */
const readerTimeoutMs = 10_000;

/** A metric as prom-client collects it. */
export interface CollectedMetric {
  readonly name: string;
  readonly help: string;
  /** `counter`, `gauge` or `histogram`. The types of prom-client say that it is a number. */
  readonly type: unknown;
  readonly values: readonly CollectedValue[];
}

interface CollectedValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number | undefined>>;
  /** The series of a histogram: `…_bucket`, `…_sum` or `…_count`. */
  readonly metricName?: string;
}

/**
 * Sends the metrics by OTLP over HTTP. OpenTelemetry reads them from the registry of /metrics through a metric producer,
 * its interface for metrics that another library counts. So each event is counted once, and both ways report the same.
 * The packages are loaded here, so that a process without an endpoint does not have them in memory.
 * @param endpoint as in OTEL_EXPORTER_OTLP_ENDPOINT, without `/v1/metrics`
 * @param onError called if metrics could not be collected or sent
 */
export async function exportMetrics(
  endpoint: string,
  collect: () => Promise<readonly CollectedMetric[]>,
  onError: (error: unknown) => void,
): Promise<{ readonly close: () => Promise<void> }> {
  const [{ ValueType }, { ExportResultCode, millisToHrTime }, sdk, exporter, resources] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/core'),
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/exporter-metrics-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const { AggregationTemporality, DataPointType } = sdk;
  const startTime = millisToHrTime(Date.now());
  const resource = resources
    .defaultResource()
    .merge(resources.resourceFromAttributes({ 'service.name': 'orderstream' }))
    .merge(resources.detectResources({ detectors: [resources.envDetector] }));

  function metricData({ name, help, type, values }: CollectedMetric, endTime: HrTime): MetricData {
    const common = {
      descriptor: { name, description: help, unit: '', valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
    };
    const point = <Value>(attributes: CollectedValue['labels'], value: Value) => {
      return { startTime, endTime, attributes, value };
    };
    const points = () => values.map(({ labels, value }) => point(labels, value));
    switch (type) {
      case 'histogram': {
        const dataPoints = histogramsOf(name, values).map(({ labels, histogram }) => point(labels, histogram));
        return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints };
      }
      case 'counter':
        return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points() };
      default:
        return { ...common, dataPointType: DataPointType.GAUGE, dataPoints: points() };
    }
  }

  async function produce() {
    const errors: unknown[] = [];
    const collected = await collect().catch((error: unknown) => {
      onError(error);
      return [];
    });
    const endTime = millisToHrTime(Date.now());
    const metrics = collected.map(metric => metricData(metric, endTime));
    return { resourceMetrics: { resource, scopeMetrics: [{ scope: { name: 'orderstream' }, metrics }] }, errors };
  }

  /** Reports its own failures: the reader would give them to the process's logger of OpenTelemetry, which is that of traces. */
  class ReportingExporter extends exporter.OTLPMetricExporter {
    override export(metrics: ResourceMetrics, settled: (result: ExportResult) => void): void {
      super.export(metrics, ({ code, error }) => {
        if (code !== ExportResultCode.SUCCESS) onError(error);
        settled({ code: ExportResultCode.SUCCESS });
      });
    }
  }

  const reader = new sdk.PeriodicExportingMetricReader({
    exporter: new ReportingExporter({
      url: `${endpoint.replace(/\/$/, '')}/v1/metrics`,
      timeoutMillis: exportTimeoutMs,
    }),
    exportIntervalMillis: exportIntervalMs,
    exportTimeoutMillis: readerTimeoutMs,
    metricProducers: [{ collect: produce }],
  });
  const provider = new sdk.MeterProvider({ resource, readers: [reader] });
  return { close: () => provider.shutdown().catch(onError) };
}

/** The histograms of one metric, by their labels: Prometheus counts each bucket with all smaller ones. */
function histogramsOf(name: string, values: readonly CollectedValue[]) {
  const byLabels = new Map<string, CollectedValue[]>();
  for (const one of values) {
    const { le: _, ...labels } = one.labels;
    const key = JSON.stringify(labels);
    byLabels.set(key, [...(byLabels.get(key) ?? []), one]);
  }
  return [...byLabels.values()].map(series => {
    const buckets = series.filter(({ metricName }) => metricName === `${name}_bucket`);
    const valueOf = (suffix: string) => series.find(({ metricName }) => metricName === name + suffix)?.value ?? 0;
    const { le: _, ...labels } = series[0]?.labels ?? {};
    return {
      labels,
      histogram: {
        buckets: {
          boundaries: buckets.flatMap(({ labels: { le } }) => (le === '+Inf' ? [] : [Number(le)])),
          counts: buckets.map(({ value }, index) => value - (buckets[index - 1]?.value ?? 0)),
        },
        sum: valueOf('_sum'),
        count: valueOf('_count'),
      },
    };
  });
}
