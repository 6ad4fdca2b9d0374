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
/** How many times each baseline's queries a second ours are to be. */
const wanted = { mercurius: 2, yoga: 5, bare: 1.3 } as const;

interface Figure extends Rate {
  /** CPU a query, µs: of the server's process, and of its sessions at the database. */
  readonly app: number;
  readonly database: number;
}

/** Asks for a turn. @param once for each of these orders once; undefined: for any at random, again and again */
type Ask = (once?: QueryJob['once']) => Promise<Figure>;

interface Side {
  readonly ask: Ask;
  /** Makes the server one that was asked for nothing yet. */
  readonly restart: () => Promise<void>;
}

/** `order` with five lines, POST, 64 callers: ours with its token checked, beside three that check none. */
export const queries: Bench = async run => {
  const { say, scale } = run;
  say(`order with ${lines} lines, ${callers} callers, ${shown(scale.orders)} orders`);
  const load = await startWorker<QueryJob, Figure>(run, new URL('./query-load.ts', import.meta.url));
  const sides: Readonly<Record<string, Side>> = {
    orderstream: await ourSide(run, load),
    ...(await peerSides(run, load)),
  };
  const again = await measured(run, sides, ({ ask }) => ask());
  say('each order asked for once, by a process that was asked for none of them before');
  const half = Math.floor(scale.orders / 2);
  const fresh = await measured(run, sides, async ({ ask, restart }) => {
    await restart();
    // Other orders first, so that what is compiled while it runs is.
    await ask({ from: 0, to: half });
    return ask({ from: half, to: scale.orders });
  });
  for (const name of baselines) say(`  queries a second, to ${name}: ${compared(fresh, name).seen}`);
  return {
    figures: { again, fresh },
    bars: baselines.map(name => {
      const { faster, cheaper } = compared(again, name);
      const bar = atLeast(`queries a second, to ${name}`, faster, wanted[name]);
      return { ...bar, seen: `${bar.seen} (${cheaper})` };
    }),
  };
};

type Figures = Readonly<Record<string, readonly Figure[]>>;

/** All sides by turns, after one that is not counted. */
async function measured(
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

function compared(figures: Figures, name: string): { faster: number; cheaper: string; seen: string } {
  const turns = { ours: figures['orderstream'] ?? [], theirs: figures[name] ?? [] };
  const faster = median(ratios(turns, (our, their) => our.perSecond / their.perSecond));
  const byCpu = median(ratios(turns, (our, their) => (their.app + their.database) / (our.app + our.database)));
  const cheaper = `${byCpu.toFixed(2)} times for the same CPU`;
  return { faster, cheaper, seen: `${faster.toFixed(2)} times (${cheaper})` };
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

/** A process and a pool each, on one database: they only read. */
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

interface Served {
  readonly server: RunningServer;
  readonly start: () => Promise<RunningServer>;
  readonly databaseUrl: string;
  readonly job: Omit<QueryJob, 'url' | 'callers' | 'seconds'>;
}

function sideOf({ scale }: Run, load: Worker<QueryJob, Rate>, { server, start, databaseUrl, job }: Served): Side {
  let running = server;
  const ask: Ask = async once => {
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
  return { ask, restart };
}

function lineOf(figure: Figure | undefined): string {
  if (!figure) return '';
  const { perSecond, p50, p99, app, database } = figure;
  return `${shown(perSecond)}/s, p50 ${shown(p50)} ms, p99 ${shown(p99)} ms, ${shown(app)} + ${shown(database)} µs`;
}
