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

type Ask = () => Promise<Figure>;

/** `order` with five lines, POST, 64 callers: ours with a checked token, beside three baselines that check none. */
export const queries: Bench = async run => {
  const { say, scale } = run;
  say(`order with ${lines} lines, ${callers} callers, ${shown(scale.orders)} orders`);
  const load = await startWorker<QueryJob, Figure>(run, new URL('./query-load.ts', import.meta.url));
  const ours = await ourSide(run, load);
  const theirs = await peerSides(run, load);
  const sides: Readonly<Record<string, Ask>> = { orderstream: ours, ...theirs };
  const figures: Record<string, Figure[]> = Object.fromEntries(Object.keys(sides).map(name => [name, []]));
  for (const ask of Object.values(sides)) await ask();
  for (let turn = 0; turn < scale.turns; turn++) {
    for (const [name, ask] of Object.entries(sides)) figures[name]?.push(await ask());
    say(
      `  ${Object.entries(figures)
        .map(([name, all]) => `${name} ${lineOf(all.at(-1))}`)
        .join(' · ')}`,
    );
  }
  const cores = Math.max(...Object.values(figures).flatMap(all => all.map(one => one.cores)));
  say(`  the load itself took ${cores.toFixed(2)} cores at most`);
  return {
    figures,
    bars: baselines.map(name => {
      const turns = { ours: figures['orderstream'] ?? [], theirs: figures[name] ?? [] };
      const faster = median(ratios(turns, (our, their) => our.perSecond / their.perSecond));
      const cheaper = median(ratios(turns, (our, their) => (their.app + their.database) / (our.app + our.database)));
      const bar = atLeast(`queries a second, to ${name}`, faster, wanted[name]);
      return { ...bar, seen: `${bar.seen} (${cheaper.toFixed(2)} times for the same CPU)` };
    }),
  };
};

async function ourSide(run: Run, load: Worker<QueryJob, Rate>): Promise<Ask> {
  const databaseUrl = await migratedDatabase(run);
  const server = await startOrderstream(run, databaseUrl);
  const shop = await openShop(server.url, 0);
  const orderIds = await appendOrders(databaseUrl, shop, run.scale.orders, lines);
  await projected(databaseUrl);
  const job = { side: 'orderstream', token: shop.token, orderIds, orders: orderIds.length } as const;
  return measured(run, load, server, databaseUrl, job);
}

/** Each baseline has its own process, pool and database. */
async function peerSides(run: Run, load: Worker<QueryJob, Rate>): Promise<Record<string, Ask>> {
  const { orders } = run.scale;
  const sides: Record<string, Ask> = {};
  for (const name of baselines) {
    const databaseUrl = await emptyDatabase(run);
    await onDatabase(databaseUrl, async client => {
      await client.query(peerTable);
      await client.query(fillPeerTable, [orders]);
    });
    const server = await startBaseline(run, `queries/${name}.ts`, databaseUrl);
    const job = { side: 'peer', token: undefined, orderIds: [], orders } as const;
    sides[name] = measured(run, load, server, databaseUrl, job);
  }
  return sides;
}

type Side = Omit<QueryJob, 'url' | 'callers' | 'seconds'>;

function measured(
  { scale }: Run,
  load: Worker<QueryJob, Rate>,
  { url, child }: RunningServer,
  databaseUrl: string,
  side: Side,
): Ask {
  return async () => {
    await settled(databaseUrl);
    await onDatabase(databaseUrl, client => client.query('VACUUM ANALYZE'));
    const before = await cpuTaken(child.pid, databaseUrl);
    const rate = await load({ ...side, url, callers, seconds: scale.seconds });
    const after = await cpuTaken(child.pid, databaseUrl);
    const each = (name: 'app' | 'database'): number => ((after[name] - before[name]) / rate.done) * 1e6;
    return { ...rate, app: each('app'), database: each('database') };
  };
}

function lineOf(figure: Figure | undefined): string {
  if (!figure) return '';
  const { perSecond, p50, p99, app, database } = figure;
  return `${shown(perSecond)}/s, p50 ${shown(p50)} ms, p99 ${shown(p99)} ms, ${shown(app)} + ${shown(database)} µs`;
}
