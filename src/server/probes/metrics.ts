import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CommandReport } from '../../commands/command-bus.ts';
import { withTimeout } from '../../async/timeout.ts';

/** How long a scrape waits for the database. Prometheus drops the whole scrape after ten seconds. */
const databaseTimeoutMs = 2_000;

/** State that is read at each scrape. */
export interface MetricSources {
  /** How far the views are behind the log. */
  readonly lag: () => Promise<{ readonly head: number; readonly events: number; readonly seconds: number }>;
  /** Undefined without Redis. */
  readonly redisConnected: () => boolean | undefined;
}

export interface Metrics {
  readonly commandSettled: (report: CommandReport) => void;
  /** One call of append_events(), with the number of its commands. */
  readonly appended: (commands: number) => void;
  readonly delivered: (kind: string) => void;
  /** A frame was made, for any number of subscribers. */
  readonly executed: () => void;
  /**
   * A subscription started.
   * @returns called at its end
   */
  readonly subscribed: () => () => void;
  /** The number of open subscriptions. */
  readonly openSubscriptions: () => number;
  /**
   * A group of subscriptions that share their frames was made.
   * @returns called at its end
   */
  readonly grouped: () => () => void;
  /** The cost of an operation, computed before its execution. */
  readonly costed: (cost: number) => void;
  /** A request was rejected because of the named limit. */
  readonly refused: (limit: string) => void;
  /** A request held the event loop for more than a second. */
  readonly held: () => void;
  /** Renders all metrics in the Prometheus text format. */
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
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
  const commands = new Counter({
    name: 'orderstream_commands_total',
    help: 'Commands by outcome.',
    labelNames: ['aggregate', 'command', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'orderstream_command_duration_seconds',
    help: 'Duration of a command, from its start to its outcome.',
    labelNames: ['aggregate'],
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  const attempts = new Counter({
    name: 'orderstream_command_attempts_total',
    help: 'Decisions made for commands; more than commands if nodes conflicted or a cache was stale.',
    labelNames: ['aggregate'],
    registers,
  });
  const batches = new Histogram({
    name: 'orderstream_append_batch_commands',
    help: 'Commands in one call of append_events().',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 200],
    registers,
  });
  const subscribers = new Gauge({
    name: 'orderstream_subscribers',
    help: 'Open subscriptions.',
    registers,
  });
  const groups = new Gauge({
    name: 'orderstream_subscription_groups',
    help: 'Groups of open subscriptions that share their frames: same document, same variables, same visible data.',
    registers,
  });
  const deliveries = new Counter({
    name: 'orderstream_deliveries_total',
    help: 'Frames sent to subscribers, by kind; after RESYNC a subscriber has to read again.',
    labelNames: ['kind'],
    registers,
  });
  /**
   * Tallies for what is counted per frame and socket, or per command: a prom-client counter takes ten times as long.
   */
  const delivered = openTally<'kind'>(deliveries);
  const settled = openTally<'aggregate' | 'command' | 'outcome'>(commands);
  const decided = openTally<'aggregate'>(attempts);
  const executions = new Counter({
    name: 'orderstream_frames_executed_total',
    help: 'Frames made; the subscribers of a group share each of them.',
    registers,
  });
  const costs = new Histogram({
    name: 'orderstream_request_cost',
    help: 'Cost of the requested operations.',
    buckets: [1, 10, 50, 100, 500, 1_000, 5_000, 10_000],
    registers,
  });
  const refusals = new Counter({
    name: 'orderstream_refused_total',
    help: 'Requests rejected because of a limit.',
    labelNames: ['limit'],
    registers,
  });
  const holds = new Counter({
    name: 'orderstream_requests_held_event_loop_total',
    help: 'Requests that held the event loop for more than a second; a log line has the hash of the document.',
    registers,
  });
  const lagEvents = new Gauge({
    name: 'orderstream_view_lag_events',
    help: 'Stored events that are not in the views yet; absent if the database did not answer.',
    registers,
  });
  const lagSeconds = new Gauge({
    name: 'orderstream_view_lag_seconds',
    help: 'Age of the oldest stored event that is not in the views yet.',
    registers,
  });
  const head = new Gauge({
    name: 'orderstream_log_position',
    help: 'Position of the last event in the log.',
    registers,
  });
  const redis = new Gauge({
    name: 'orderstream_redis_connected',
    help: '1 while Redis is connected; absent if no Redis is configured.',
    registers,
  });
  const databaseUp = new Gauge({
    name: 'orderstream_database_up',
    help: '1 if the database answered this scrape within 2 s.',
    registers,
  });

  let subscriptions = 0;

  async function readSources(): Promise<void> {
    const connected = sources.redisConnected();
    if (connected === undefined) redis.remove();
    else redis.set(connected ? 1 : 0);
    const lag = await withTimeout(sources.lag(), databaseTimeoutMs);
    // If the database is away, the scrape still reports everything else. The gauges that come from the database are
    // removed, because their last values would be wrong.
    databaseUp.set(lag ? 1 : 0);
    if (lag) {
      head.set(lag.head);
      lagEvents.set(lag.events);
      lagSeconds.set(lag.seconds);
    } else for (const gauge of [head, lagEvents, lagSeconds]) gauge.remove();
  }

  return {
    commandSettled(report) {
      const { streamType: aggregate, command, outcome } = report;
      settled.add(`${aggregate} ${command} ${outcome}`, 1, () => ({ aggregate, command, outcome }));
      decided.add(aggregate, report.attempts, () => ({ aggregate }));
      durations.observe({ aggregate }, report.milliseconds / 1000);
    },
    appended: size => batches.observe(size),
    delivered: kind => delivered.add(kind, 1, () => ({ kind })),
    executed: () => executions.inc(),
    subscribed() {
      subscribers.set(++subscriptions);
      return () => subscribers.set(--subscriptions);
    },
    openSubscriptions: () => subscriptions,
    grouped() {
      groups.inc();
      return () => groups.dec();
    },
    costed: cost => costs.observe(cost),
    held: () => holds.inc(),
    refused: limit => refusals.inc({ limit }),
    async render() {
      for (const tally of [delivered, settled, decided]) tally.flush();
      await readSources();
      const all = Registry.merge([...registers, sharedProcessRegistry()]);
      return { contentType: all.contentType, text: await all.metrics() };
    },
  };
}

/** Counts since the last scrape, by label values. */
interface Tally<Label extends string> {
  /**
   * @param key identifies the labels
   * @param labels called for the first count with this key
   */
  add(key: string, count: number, labels: () => Record<Label, string>): void;
  /** Adds the counts to the Prometheus counter, and resets them. */
  flush(): void;
}

function openTally<Label extends string>(counter: Counter<Label>): Tally<Label> {
  const counts = new Map<string, { count: number; readonly labels: Record<Label, string> }>();
  return {
    add(key, count, labels) {
      const entry = counts.get(key);
      if (entry) entry.count += count;
      else counts.set(key, { count, labels: labels() });
    },
    flush() {
      for (const { labels, count } of counts.values()) counter.inc(labels, count);
      counts.clear();
    },
  };
}
