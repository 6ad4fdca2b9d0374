import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CommandReport } from '../../commands/command-bus.ts';
import { withTimeout } from '../../async/timeout.ts';

/** Ms that a scrape waits for the database. Prometheus gives up after ten seconds, and then nothing is known at all. */
const patience = 2_000;

/** What a scrape has to look up, since nobody counts it. */
export interface Looks {
  /** How far views are behind the log. */
  readonly lag: () => Promise<{ readonly head: number; readonly events: number; readonly seconds: number }>;
  /** Undefined where there is no Redis. */
  readonly redisConnected: () => boolean | undefined;
}

export interface Metrics {
  readonly commandSettled: (report: CommandReport) => void;
  /** One call of append_events() with so many commands in it. */
  readonly appended: (commands: number) => void;
  readonly delivered: (kind: string) => void;
  /** A frame was made, for however many subscribers. */
  readonly executed: () => void;
  /** @returns ends it */
  readonly subscribed: () => () => void;
  /** Subscriptions that share their frames: there is one more of those groups. @returns ends it */
  readonly grouped: () => () => void;
  /** What a request was reckoned to cost before it was executed. */
  readonly costed: (cost: number) => void;
  /** A request was refused for a limit or a rate. */
  readonly refused: (limit: string) => void;
  /** A request held the event loop for more than a second. */
  readonly held: () => void;
  /** What Prometheus reads. */
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

let processRegistry: Registry | undefined;

/** Memory, event loop and garbage collection are the process's: counted once, however many nodes a test starts in it. */
function ofProcess(): Registry {
  if (processRegistry) return processRegistry;
  processRegistry = new Registry();
  collectDefaultMetrics({ register: processRegistry });
  return processRegistry;
}

/** Counts what a node does. Labels are names out of the code, never a caller's words: their number is bounded. */
export function openMetrics(looks: Looks): Metrics {
  const registers = [new Registry()];
  const commands = new Counter({
    name: 'orderstream_commands_total',
    help: 'Commands that were settled.',
    labelNames: ['aggregate', 'command', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'orderstream_command_duration_seconds',
    help: 'From the command to its outcome.',
    labelNames: ['aggregate'],
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  const attempts = new Counter({
    name: 'orderstream_command_attempts_total',
    help: 'Decisions that commands took; more than commands where nodes or stale caches were in conflict.',
    labelNames: ['aggregate'],
    registers,
  });
  const batches = new Histogram({
    name: 'orderstream_append_batch_commands',
    help: 'Commands that one call of append_events() carried.',
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
    help: 'Subscriptions that ask the same and may see the same are one group, and share its frames.',
    registers,
  });
  const deliveries = new Counter({
    name: 'orderstream_deliveries_total',
    help: 'Frames that subscribers were sent; RESYNC where they had to read again.',
    labelNames: ['kind'],
    registers,
  });
  /** Each frame to each socket, and each command: a counter by itself takes ten times as long. */
  const delivered = openTally<'kind'>(deliveries);
  const settled = openTally<'aggregate' | 'command' | 'outcome'>(commands);
  const decided = openTally<'aggregate'>(attempts);
  const executions = new Counter({
    name: 'orderstream_frames_executed_total',
    help: 'Frames that were made: those who ask the same and may see the same share one.',
    registers,
  });
  const costs = new Histogram({
    name: 'orderstream_request_cost',
    help: 'Cost of the operations asked for.',
    buckets: [1, 10, 50, 100, 500, 1_000, 5_000, 10_000],
    registers,
  });
  const refusals = new Counter({
    name: 'orderstream_refused_total',
    help: 'Requests refused for a limit.',
    labelNames: ['limit'],
    registers,
  });
  const holds = new Counter({
    name: 'orderstream_requests_held_event_loop_total',
    help: 'Requests that held the event loop for more than a second; a log line has the hash of each document.',
    registers,
  });
  const lagEvents = new Gauge({
    name: 'orderstream_view_lag_events',
    help: 'Stored, not yet in the views; absent where the database did not say.',
    registers,
  });
  const lagSeconds = new Gauge({ name: 'orderstream_view_lag_seconds', help: 'Age of the oldest of them.', registers });
  const head = new Gauge({ name: 'orderstream_log_position', help: 'Where the log ends.', registers });
  const redis = new Gauge({
    name: 'orderstream_redis_connected',
    help: '1 while hints of other nodes can arrive; absent without Redis.',
    registers,
  });
  const databaseUp = new Gauge({
    name: 'orderstream_database_up',
    help: '1 where it answered this scrape within 2 s.',
    registers,
  });

  async function look(): Promise<void> {
    const connected = looks.redisConnected();
    if (connected === undefined) redis.remove();
    else redis.set(connected ? 1 : 0);
    const lag = await withTimeout(looks.lag(), patience);
    // A scrape says what is known: that the database is away is one of the things, and how far views were behind before
    // that is none of them.
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
      subscribers.inc();
      return () => subscribers.dec();
    },
    grouped() {
      groups.inc();
      return () => groups.dec();
    },
    costed: cost => costs.observe(cost),
    held: () => holds.inc(),
    refused: limit => refusals.inc({ limit }),
    async render() {
      for (const tally of [delivered, settled, decided]) tally.hand();
      await look();
      const all = Registry.merge([...registers, ofProcess()]);
      return { contentType: all.contentType, text: await all.metrics() };
    },
  };
}

/** Counts since the last scrape, by what tells their labels apart. */
interface Tally<Label extends string> {
  /** @param labels asked for the first one with that key */
  add(key: string, count: number, labels: () => Record<Label, string>): void;
  /** Gives them to their counter. */
  hand(): void;
}

function openTally<Label extends string>(counter: Counter<Label>): Tally<Label> {
  const counts = new Map<string, { count: number; readonly labels: Record<Label, string> }>();
  return {
    add(key, count, labels) {
      const known = counts.get(key);
      if (known) known.count += count;
      else counts.set(key, { count, labels: labels() });
    },
    hand() {
      for (const { labels, count } of counts.values()) counter.inc(labels, count);
      counts.clear();
    },
  };
}
