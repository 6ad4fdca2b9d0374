import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Health } from '../../operator/health.ts';
import type { TransportCounts } from '../transports/transport-counts.ts';
import { type CommandMetrics, openCommandMetrics } from './command-metrics.ts';
import { openHealthMetrics } from './health-metrics.ts';
import { type LiveMetrics, openLiveMetrics } from './live-metrics.ts';
import { openOperationMetrics, type OperationMetrics } from './operation-metrics.ts';
import { openProcessMetrics, type ProcessSources } from './process-metrics.ts';
import { openTransportMetrics } from './transport-metrics.ts';

/** State that is read at each scrape. */
export interface MetricSources extends ProcessSources {
  /** Rejects after 2 s: Prometheus drops a scrape that takes more than ten. */
  readonly health: () => Promise<Health>;
  /** Stream types: those that take commands, and those that views fold. */
  readonly aggregates: { readonly commanded: readonly string[]; readonly folded: readonly string[] };
}

type Recorders = CommandMetrics & LiveMetrics & OperationMetrics & TransportCounts;

export interface Metrics extends Omit<Recorders, 'flush'> {
  /** Renders all metrics in the Prometheus text format. */
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** The same metrics as objects, for OpenTelemetry. */
  readonly collect: () => ReturnType<Registry['getMetricsAsJSON']>;
}

let processRegistry: Registry | undefined;

/**
 * Metrics of the process (memory, event loop, garbage collection) are collected once, even if a test starts several
 * nodes in it.
 */
function sharedProcessRegistry(): Registry {
  if (processRegistry) return processRegistry;
  processRegistry = new Registry();
  collectDefaultMetrics({ register: processRegistry });
  return processRegistry;
}

/** Metrics of a node. Label values are constants of the code, never input of a caller, so their number is bounded. */
export function openMetrics(sources: MetricSources): Metrics {
  const registers = [new Registry()];
  const commands = openCommandMetrics(registers, sources.aggregates.commanded);
  const live = openLiveMetrics(registers);
  const operations = openOperationMetrics(registers);
  const transports = openTransportMetrics(registers);
  const readProcess = openProcessMetrics(registers, sources);
  const setHealth = openHealthMetrics(registers, sources.aggregates.folded);
  const databaseUp = new Gauge({
    name: 'orderstream_database_up',
    help: '1 if the database answered this scrape within 2 s.',
    registers,
  });

  async function update(): Promise<Registry> {
    for (const one of [commands, live, operations]) one.flush();
    readProcess();
    // If the database is away, the scrape still reports everything else.
    const health = await sources.health().catch(() => undefined);
    databaseUp.set(health ? 1 : 0);
    setHealth(health);
    return Registry.merge([...registers, sharedProcessRegistry()]);
  }

  return {
    ...transports,
    ...operations,
    ...live,
    ...commands,
    async render() {
      const all = await update();
      return { contentType: all.contentType, text: await all.metrics() };
    },
    collect: async () => (await update()).getMetricsAsJSON(),
  };
}
