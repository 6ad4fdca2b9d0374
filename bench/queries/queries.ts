import { onDatabase } from '../../test/support/on-database.ts';
import { atLeast, type Bench, type Run } from '../bench.ts';
import type { Rate } from '../closed-loop.ts';
import { cpuTaken } from '../cpu.ts';
import { emptyDatabase, migratedDatabase, projected, settled } from '../databases.ts';
import { appendOrders } from '../orders.ts';
import { type RunningServer, startBaseline, startOrderstream } from '../servers.ts';
import { openShop } from '../shop.ts';
import { median, shown } from '../statistics.ts';
import { ratios } from '../turns.ts';
import { startWorker, type Worker } from '../worker.ts';
import { fillPeerTable, peerTable } from './peer-orders.ts';
import type { QueryJob } from './query-load.ts';

const callers = 64;
const lines = 5;
const baselines = ['mercurius', 'yoga', 'bare'] as const;
/** Bars: our queries per second, in multiples of each baseline's. */
const wanted = { mercurius: 2, yoga: 5, bare: 1.3 } as const;

interface Figure extends Rate {
  /** CPU time per query, µs: of the server's process, and of its database sessions. */
  readonly app: number;
  readonly database: number;
}

/** Runs a turn. @param once the orders to query once each; undefined: random orders, any number of times */
type RunTurn = (once?: QueryJob['once']) => Promise<Figure>;

interface Side {
  readonly runTurn: RunTurn;
  /** Starts the server again, with empty caches. */
  readonly restart: () => Promise<void>;
}

/** `order` with five lines, POST, 64 callers: ours with a checked token, beside three baselines that check none. */
export const queries: Bench = async run => {
  const { say, scale } = run;
  say(`order with ${lines} lines, ${callers} callers, ${shown(scale.orders)} orders`);
  const load = await startWorker<QueryJob, Figure>(run, new URL('./query-load.ts', import.meta.url));
  const sides: Readonly<Record<string, Side>> = {
    orderstream: await ourSide(run, load),
    ...(await peerSides(run, load)),
  };
  const repeated = await measureSides(run, sides, ({ runTurn }) => runTurn());
  say('each order queried once, in a process that has not read it before');
  const half = Math.floor(scale.orders / 2);
  const firstReads = await measureSides(run, sides, async ({ runTurn, restart }) => {
    await restart();
    // The first half is not measured, because V8 compiles the code during that time.
    await runTurn({ from: 0, to: half });
    return runTurn({ from: half, to: scale.orders });
  });
  for (const name of baselines) say(`  queries a second, to ${name}: ${compare(firstReads, name).text}`);
  return {
    figures: { repeated, firstReads },
    bars: baselines.map(name => {
      const { faster, cheaper } = compare(repeated, name);
      const bar = atLeast(`queries a second, to ${name}`, faster, wanted[name]);
      return { ...bar, seen: `${bar.seen} (${cheaper})` };
    }),
  };
};

type Figures = Readonly<Record<string, readonly Figure[]>>;

/** Measures all sides in turns, after one turn that does not count. */
async function measureSides(
  { say, scale }: Run,
  sides: Readonly<Record<string, Side>>,
  turnOf: (side: Side) => Promise<Figure>,
): Promise<Figures> {
  const figures: Record<string, Figure[]> = Object.fromEntries(Object.keys(sides).map(name => [name, []]));
  for (const side of Object.values(sides)) await turnOf(side);
  for (let turn = 0; turn < scale.turns; turn++) {
    for (const [name, side] of Object.entries(sides)) figures[name]?.push(await turnOf(side));
    const lines = Object.entries(figures).map(([name, all]) => `${name} ${lineOf(all.at(-1))}`);
    say(`  ${lines.join(' · ')}`);
  }
  const cores = Math.max(...Object.values(figures).flatMap(all => all.map(one => one.cores)));
  say(`  the load itself took ${cores.toFixed(2)} cores at most`);
  return figures;
}

function compare(figures: Figures, name: string): { faster: number; cheaper: string; text: string } {
  const turns = { ours: figures['orderstream'] ?? [], theirs: figures[name] ?? [] };
  const faster = median(ratios(turns, (our, their) => our.perSecond / their.perSecond));
  const byCpu = median(ratios(turns, (our, their) => (their.app + their.database) / (our.app + our.database)));
  const cheaper = `${byCpu.toFixed(2)} times for the same CPU`;
  return { faster, cheaper, text: `${faster.toFixed(2)} times (${cheaper})` };
}

async function ourSide(run: Run, load: Worker<QueryJob, Rate>): Promise<Side> {
  const databaseUrl = await migratedDatabase(run);
  const server = await startOrderstream(run, databaseUrl);
  const shop = await openShop(server.url, 0);
  const orderIds = await appendOrders(databaseUrl, shop, run.scale.orders, lines);
  await projected(databaseUrl);
  const job = { side: 'orderstream', token: shop.token, orderIds, orders: orderIds.length } as const;
  return sideOf(run, load, { server, start: () => startOrderstream(run, databaseUrl), databaseUrl, job });
}

/** Each baseline has its own process, pool and database. */
async function peerSides(run: Run, load: Worker<QueryJob, Rate>): Promise<Record<string, Side>> {
  const { orders } = run.scale;
  const sides: Record<string, Side> = {};
  for (const name of baselines) {
    const databaseUrl = await emptyDatabase(run);
    await onDatabase(databaseUrl, async client => {
      await client.query(peerTable);
      await client.query(fillPeerTable, [orders]);
    });
    const start = (): Promise<RunningServer> => startBaseline(run, `queries/${name}.ts`, databaseUrl);
    const job = { side: 'peer', token: undefined, orderIds: [], orders } as const;
    sides[name] = sideOf(run, load, { server: await start(), start, databaseUrl, job });
  }
  return sides;
}

interface SideOptions {
  readonly server: RunningServer;
  readonly start: () => Promise<RunningServer>;
  readonly databaseUrl: string;
  readonly job: Omit<QueryJob, 'url' | 'callers' | 'seconds'>;
}

function sideOf({ scale }: Run, load: Worker<QueryJob, Rate>, { server, start, databaseUrl, job }: SideOptions): Side {
  let running = server;
  const runTurn: RunTurn = async once => {
    const { url, child } = running;
    await settled(databaseUrl);
    await onDatabase(databaseUrl, client => client.query('VACUUM ANALYZE'));
    const before = await cpuTaken(child.pid, databaseUrl);
    const rate = await load({ ...job, url, callers, seconds: scale.seconds, once });
    const after = await cpuTaken(child.pid, databaseUrl);
    const each = (name: 'app' | 'database'): number => ((after[name] - before[name]) / rate.done) * 1e6;
    return { ...rate, app: each('app'), database: each('database') };
  };
  const restart = async (): Promise<void> => {
    await running.stop();
    running = await start();
  };
  return { runTurn, restart };
}

function lineOf(figure: Figure | undefined): string {
  if (!figure) return '';
  const { perSecond, p50, p99, app, database } = figure;
  return `${shown(perSecond)}/s, p50 ${shown(p50)} ms, p99 ${shown(p99)} ms, ${shown(app)} + ${shown(database)} µs`;
}
