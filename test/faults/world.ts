import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { readHead } from '../../src/event-store/read-log.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { type Environment, spawnApp, type SpawnedApp } from '../support/app.ts';
import { outputGuardMs } from '../support/child.ts';
import { type CommandRun, type RunOptions, startCommandRun } from '../support/command-run.ts';
import { eventually } from '../support/eventually.ts';
import { expectLogHolds, expectViewsEqualTheFold } from '../support/everything-kept.ts';
import { type RedisServer, startRedis } from '../support/private-redis.ts';
import { soon, stoodStill } from '../support/standstill.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { openNode, type TestNode } from '../support/test-node.ts';
import { type ReadinessWatch, type Said, watchReadiness } from './readiness-watch.ts';

/** Within this time, ms in which the machine runs, every process is ready after a fault, and views converge. */
const recovery = 5_000;
/** Commands that are acknowledged before the fault, so that it hits a system at work. */
const warmUp = 15;

export type Role = 'api' | 'projector';

/** One process, and the proxies between it and the others. */
export interface Member {
  readonly name: string;
  readonly role: Role;
  /** The current process. */
  readonly app: SpawnedApp;
  readonly postgres: TcpProxy;
  readonly redis: TcpProxy;
  /** URL for clients; undefined if it serves none. */
  readonly front: TcpProxy | undefined;
  /** Starts a new process in place of the one that ended. */
  restart(): Promise<void>;
}

/** A fault. It fails the test if it had no effect. */
export interface Trouble {
  readonly name: string;
  readonly begin: () => unknown;
  /** Its duration, ms, or the event that ends it. */
  readonly lasts: number | (() => Promise<unknown>);
  readonly end: () => unknown;
  /** Evidence that it happened, from an observer outside of the program; read after the fault. */
  readonly bites: () => number | Promise<number>;
  /** What /readyz must report, from this many ms after the start of the fault until its end. */
  readonly said?: readonly { readonly of: readonly Member[]; readonly is: Said; readonly after?: number }[];
  /** False if no command can be stored during the fault. */
  readonly storesOn?: boolean;
}

/** Two API processes and two projectors on PostgreSQL and Redis, with active customers. */
export interface World {
  readonly apis: readonly Member[];
  readonly projectors: readonly Member[];
  readonly members: readonly Member[];
  readonly redis: RedisServer;
  readonly run: CommandRun;
  /** Directly to the database. */
  readonly reader: TestNode;
  readonly readiness: ReadinessWatch;
  /** Injects a fault while customers are active. Throws unless everything recovers in time. */
  meet(trouble: Trouble): Promise<void>;
  /**
   * Checks that nothing acknowledged was lost or stored twice and that views are the fold of the log; then closes
   * everything.
   */
  close(): Promise<void>;
}

export interface Conditions {
  /** URL of a migrated, empty database. */
  readonly database: string;
  /** Of one process by its name: api-1, api-2, projector-1, projector-2. */
  readonly env?: (name: string) => Environment;
  /** Additional parameters of a process's DATABASE_URL, e.g. `lock_timeout=300`. */
  readonly databaseLimits?: (name: string) => string;
  readonly customers?: RunOptions;
  /** Redis is down while the processes start. */
  readonly withoutRedis?: boolean;
}

export async function openWorld(conditions: Conditions): Promise<World> {
  const { database, customers, withoutRedis } = conditions;
  const redis = await startRedis();
  if (withoutRedis) await redis.stop('SIGKILL');
  const reader = await openNode(database);
  const members = await Promise.all(
    (['api', 'api', 'projector', 'projector'] as const).map((role, index) =>
      openMember(`${role}-${(index % 2) + 1}`, role, redis.url, conditions),
    ),
  );
  const apis = members.filter(({ role }) => role === 'api');
  const run = await startCommandRun(() => apis.map(({ front }) => urlOf(front!)), { impatience: 3_000, ...customers });
  const readiness = watchReadiness(members);
  // A process that starts without Redis is ready when Redis is available.
  let calmSince = withoutRedis ? undefined : await readiness.becomes('ready', members, outputGuardMs);

  async function expectConverged(): Promise<void> {
    const { point } = await readHead(reader.database);
    await soon(async () => {
      expect((await readCheckpoint(reader.database)).position.point).toBeGreaterThanOrEqual(point);
    }, recovery);
  }

  async function expectCalm(): Promise<void> {
    if (calmSince === undefined) return;
    await readiness.hear(members, calmSince);
    readiness.expectSaid('ready', members, calmSince, performance.now());
  }

  async function meet(trouble: Trouble): Promise<void> {
    let stage = 'before it began';
    let since = performance.now();
    const enter = (next: string): number => {
      stage = next;
      return (since = performance.now());
    };
    try {
      await met(trouble, enter);
    } catch (error) {
      const now = performance.now();
      const when = `${Math.round(now - since)} ms after that, of which the machine stood still for ${Math.round(stoodStill(since, now))} ms`;
      throw new Error(`${trouble.name}: ${stage}; ${when}: ${String(error)}`, { cause: error });
    }
  }

  async function met(trouble: Trouble, enter: (stage: string) => number): Promise<void> {
    const { name, begin, lasts, end, bites, said = [], storesOn = true } = trouble;
    run.go();
    await acknowledgedAfter(run.acknowledged.length);
    await expectCalm();
    const asked = enter('it was to begin');
    await begin();
    const beganAt = enter('it had begun');
    const stored = run.acknowledged.length;
    if (typeof lasts === 'function') await lasts();
    else await sleep(lasts);
    if (storesOn) await acknowledgedAfter(stored);
    for (const { of, after = 0 } of said) await readiness.hear(of, beganAt + after);
    const ending = enter('it was to end');
    for (const { of, is, after = 0 } of said) readiness.expectSaid(is, of, beganAt + after, ending);
    await end();
    const ended = enter('it had ended');
    expect(await bites(), `${name} did not bite`).toBeGreaterThan(0);
    const converged = async (): Promise<void> => {
      await acknowledgedAfter(run.acknowledged.length);
      run.rest();
      await expectConverged();
    };
    [calmSince] = await Promise.all([readiness.becomes('ready', members, recovery), converged()]);
    const still = Math.round(stoodStill(asked, calmSince));
    console.log(
      `${name}: began in ${Math.round(beganAt - asked)} ms, lasted ${Math.round(ending - beganAt)} ms, ready again ` +
        `${Math.round(calmSince - ended)} ms after it, ${run.acknowledged.length} commands acknowledged so far` +
        (still > 0 ? `; the machine stood still for ${still} ms` : ''),
    );
  }

  /** As many more commands as a warm-up takes. */
  async function acknowledgedAfter(before: number): Promise<void> {
    await eventually(() => {
      run.expectSound();
      expect(run.acknowledged.length).toBeGreaterThanOrEqual(before + warmUp);
    });
  }

  return {
    apis,
    projectors: members.filter(({ role }) => role === 'projector'),
    members,
    redis,
    run,
    reader,
    readiness,
    meet,
    async close() {
      await run.end();
      await expectLogHolds(reader.database, run.acknowledged);
      await soon(() => expectViewsEqualTheFold(reader.database), recovery);
      await expectCalm();
      await readiness.stop();
      // Each process stopped when it was asked to: none was killed for taking too long.
      expect(await Promise.all(members.map(({ app }) => app.stop()))).toEqual(members.map(() => 0));
      for (const { app } of members) expect(app.stderr()).toBe('');
      for (const { postgres, redis: between, front } of members) {
        await Promise.all([postgres.close(), between.close(), front?.close()]);
      }
      await reader.close();
      await redis.stop('SIGKILL');
    },
  };
}

async function openMember(
  name: string,
  role: Role,
  redis: string,
  { database, env = () => ({}), databaseLimits = () => '' }: Conditions,
): Promise<Member> {
  const [postgres, toRedis] = await Promise.all([openTcpProxy(addressOf(database)), openTcpProxy(addressOf(redis))]);
  const start = () =>
    spawnApp({
      DATABASE_URL: `${through(database, postgres)}?${databaseLimits(name)}`,
      REDIS_URL: through(redis, toRedis),
      ROLES: role,
      LIMIT_CUSTOMER_RATE: '1000000',
      LOG_LEVEL: 'info',
      ...env(name),
    });
  let app = await start();
  const front = role === 'api' ? await openTcpProxy(addressOf(app.url)) : undefined;
  return {
    name,
    role,
    get app() {
      return app;
    },
    postgres,
    redis: toRedis,
    front,
    async restart() {
      app = await start();
      front?.aim(addressOf(app.url));
    },
  };
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port || 5432) };
}

function through(url: string, proxy: TcpProxy): string {
  const other = new URL(url);
  other.host = `127.0.0.1:${proxy.port}`;
  return other.href;
}

function urlOf({ port }: TcpProxy): string {
  return `http://127.0.0.1:${port}`;
}
