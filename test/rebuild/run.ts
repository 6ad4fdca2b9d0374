import { setTimeout as sleep } from 'node:timers/promises';
import { formatPosition } from '../../src/event-store/position.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { rebuild } from '../../src/projections/rebuild.ts';
import { verifyViews } from '../../src/projections/verify-views.ts';
import { views } from '../../src/slices.ts';
import { countUpdates, findingsOf } from '../checker/findings.ts';
import { openPerformer } from '../checker/perform.ts';
import { planOf } from '../checker/plan.ts';
import { seeded } from '../checker/random.ts';
import { readLog } from '../checker/read-log.ts';
import { rosterOf } from '../checker/roster.ts';
import { settle } from '../checker/settle.ts';
import { startSubscriber, type Subscriber } from '../checker/subscriber.ts';
import { spawnApp } from '../support/app.ts';
import { startRedis } from '../support/private-redis.ts';
import { openNode, type TestNode } from '../support/test-node.ts';
import { fillLog } from './fill-log.ts';
import { type KilledRebuild, killedRebuild } from './killed-rebuild.ts';
import { startTraffic } from './traffic.ts';
import { sql } from '../../src/database/sql.ts';

const subscriberCount = 100;
const nodeCount = 2;
const seed = 5;
/** More commands than a run can send. */
const length = { repeats: 1, length: 5_000 };
const longLife = 24 * 3_600_000;
/** Shares of the log after which the rebuild is killed. */
const kills = [1 / 3, 2 / 3];

/** The result of a run. */
export interface Shown {
  /** The report, for people. */
  readonly lines: readonly string[];
  /** Violations: what no client may see and no rebuild may do. Empty: the rebuild kept its promise. */
  readonly faults: readonly string[];
}

/**
 * Rebuilds every view over a log of a given size, on two nodes that project, while clients send commands, query and
 * watch. The rebuild is killed twice.
 * @param url of a migrated, empty database
 */
export async function run(url: string, events: number, say: (line: string) => void): Promise<Shown> {
  const node = await openNode(url);
  const redis = await startRedis();
  try {
    return await underTraffic({ node, url, redisUrl: redis.url }, events, say);
  } finally {
    await redis.stop();
    await node.close();
  }
}

interface Place {
  readonly node: TestNode;
  readonly url: string;
  readonly redisUrl: string;
}

async function underTraffic({ node, url, redisUrl }: Place, events: number, say: (line: string) => void) {
  const lines: string[] = [];
  const tell = (line: string): void => {
    lines.push(line);
    say(line);
  };
  await filled(node, events, tell);

  const env = { DATABASE_URL: url, REDIS_URL: redisUrl, LOG_LEVEL: 'warn', LIMIT_CUSTOMER_RATE: '1000000' };
  const apps = [];
  for (let index = 0; index < nodeCount; index++) apps.push(await spawnApp(env));
  const urls = apps.map(app => app.url);
  const plan = planOf(seed, length);
  const retried: string[] = [];
  const performer = openPerformer(plan, urls, code => retried.push(`a command was answered ${String(code)}`));
  const old = await readHead(node.database);
  await performer.prepare();
  const subscribers = rosterOf(plan, 2 * subscriberCount)
    // The clients do not use the orders of the filled log: they watch orders that fit into one page.
    .filter(({ kind, statusIn }) => kind !== 'ordersUpdated' || statusIn !== undefined)
    .slice(0, subscriberCount)
    .map((watched, index) => {
      const from = watched.kind === 'eventsAppended' ? formatPosition(old) : '';
      return startSubscriber(watched, { urls, random: seeded(index), lifetime: longLife, from });
    });
  const traffic = startTraffic(plan, urls, performer);
  try {
    await connected(subscribers);
    traffic.takeWaits();
    await sleep(5_000);
    tell(`own writes in lists before: ${shown(traffic.takeWaits())}`);
    const { generation } = await readCheckpoint(node.database);
    const rebuilt = await killedRebuild({ database: node.database, url }, events, kills);
    tell(`own writes in lists meanwhile: ${shown(traffic.takeWaits())}`);
    await traffic.stop();
    const head = await readHead(node.database);
    tell(`${rebuilt.stdout.trim()} in ${seconds(rebuilt.milliseconds)}, three processes`);
    tell(`killed at ${rebuilt.killedAt.join(' and ')}, taken up at ${rebuilt.takenUpAt.join(', ')}`);
    tell(
      `meanwhile and around it ${head.point - old.point} events, ${traffic.commands} commands, ${traffic.queries} queries`,
    );
    const now = await readCheckpoint(node.database);
    const rebuildFaults = [
      ...(rebuilt.code === 0 ? [] : [`the rebuild ended with ${rebuilt.code}`]),
      ...(now.generation === generation + 1 ? [] : [`generation ${now.generation} after ${generation}`]),
      ...(rebuilt.fallenBack === 0 ? [] : [`the rebuild fell back ${rebuilt.fallenBack} times`]),
      // A new rebuild is at the start twice: when it begins, and when it resumes.
      ...(isTakenUp(rebuilt) ? [] : ['a rebuild that was killed began anew']),
    ];

    const log = await readLog(url, old.point);
    const quiets = [await settle(subscribers, log, urls)];
    await Promise.all(subscribers.map(one => one.stop()));
    const history = { log, subscribers, quiets, faults: [], probes: [] };
    tell(`${subscribers.length} subscriptions, ${countUpdates(history)} updates`);
    const findings = findingsOf(history).map(({ rule, who, what }) => `${rule}: ${who}: ${what}`);
    const cut = subscribers.filter(one => one.connections.length !== 1).map(({ name }) => `${name} was cut off`);
    const wrong = await verifyViews(node.source, views, () => undefined);
    tell(`every row of every view compared with its fold: ${wrong.length} wrong`);
    return {
      lines,
      faults: [
        ...rebuildFaults,
        ...traffic.faults,
        ...retried,
        ...findings,
        ...cut,
        ...wrong.map(({ view, id, fault }) => `${view} ${id}: ${fault}`),
      ],
    };
  } finally {
    await traffic.stop();
    await Promise.all(subscribers.map(one => one.stop()));
    for (const app of apps) await app.stop();
  }
}

/** Stores events, and folds the views of them by an undisturbed rebuild. */
async function filled(node: TestNode, events: number, tell: (line: string) => void): Promise<void> {
  const from = performance.now();
  await fillLog(node, events);
  tell(`${(await readHead(node.database)).point} events stored in ${seconds(performance.now() - from)}`);
  const stored = performance.now();
  await rebuild({ ...node, views, retry: () => Promise.resolve(), onProgress: () => undefined });
  // Statistics as of a log that has grown over time: without them the planner assumes empty tables.
  await node.database.execute(sql.raw('ANALYZE'));
  tell(`folded with nothing beside in ${seconds(performance.now() - stored)}`);
}

function isTakenUp({ killedAt, takenUpAt }: KilledRebuild): boolean {
  const later = takenUpAt.filter(point => point > 0);
  return later.length === killedAt.length && killedAt.every((point, kill) => point > 0 && later[kill]! >= point);
}

async function connected(subscribers: readonly Subscriber[]): Promise<void> {
  while (subscribers.some(one => one.connections.length === 0)) await sleep(50);
}

function shown(waits: readonly number[]): string {
  const sorted = [...waits].sort((one, other) => one - other);
  const at = (part: number) => Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? 0);
  return `${sorted.length} times, median ${at(0.5)} ms, 99 % within ${at(0.99)} ms, at most ${at(1)} ms`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
