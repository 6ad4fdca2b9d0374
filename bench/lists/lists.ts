import { crowd, fillViews } from '../../test/support/many-orders.ts';
import { onDatabase } from '../../test/support/on-database.ts';
import { staffToken } from '../../test/support/tokens.ts';
import { atLeast, type Bench, type Run } from '../bench.ts';
import type { Rate } from '../closed-loop.ts';
import { cpuTaken } from '../cpu.ts';
import { migratedDatabase, settled } from '../databases.ts';
import { type RunningServer, startBaseline, startOrderstream } from '../servers.ts';
import { median, shown } from '../statistics.ts';
import { ratios } from '../turns.ts';
import { startWorker, type Worker } from '../worker.ts';
import { type Kind, kinds } from './kinds.ts';
import type { ListJob } from './list-load.ts';

const callers = 32;
const baselines = ['mercurius', 'yoga'] as const;
/** Bar: our pages per second, in multiples of the baseline's. */
const wanted = 2;

interface Figure extends Rate {
  /** CPU time per page, µs: of the server's process, and of its database sessions. */
  readonly app: number;
  readonly database: number;
}

interface Side {
  readonly name: string;
  readonly server: RunningServer;
  readonly token: string | undefined;
}

/**
 * Pages of 20 orders by status, by customer, by search and nested, of one database: ours beside two baselines that
 * check no token.
 */
export const lists: Bench = async run => {
  const { say, scale } = run;
  say(`pages of 20 orders, ${callers} callers, ${shown(scale.orders)} orders`);
  const load = await startWorker<ListJob, Rate>(run, new URL('./list-load.ts', import.meta.url));
  const databaseUrl = await migratedDatabase(run);
  const values = await fill(databaseUrl, scale.orders);
  const sides: Side[] = [
    { name: 'orderstream', server: await startOrderstream(run, databaseUrl), token: await staffToken() },
  ];
  for (const name of baselines) {
    sides.push({ name, server: await startBaseline(run, `lists/${name}.ts`, databaseUrl), token: undefined });
  }
  const figures: Partial<Record<Kind, Record<string, Figure[]>>> = {};
  for (const kind of kinds) {
    figures[kind] = await measured(run, load, { databaseUrl, sides, kind, values: values[kind] });
  }
  return { figures, bars: kinds.flatMap(kind => barsOf(kind, figures[kind] ?? {})) };
};

/**
 * Fills the views like those of a shop that has been open for years; see fillViews(). @returns the values of each
 * list's variable
 */
async function fill(databaseUrl: string, orders: number): Promise<Readonly<Record<Kind, readonly string[]>>> {
  return onDatabase(databaseUrl, async client => {
    await fillViews(client, orders);
    // fillViews() uses short customer ids, which the API rejects.
    for (const table of ['order_view', 'customer_order_view', 'customer_view', 'customer_totals']) {
      await client.query(`UPDATE ${table} SET customer_id = 'cus_' || md5(customer_id)::uuid`);
    }
    await client.query('VACUUM FULL ANALYZE');
    const { rows } = await client.query<{ id: string }>(
      `SELECT customer_id AS id FROM customer_order_view GROUP BY 1 ORDER BY customer_id = 'cus_' || md5($1)::uuid DESC, 1 LIMIT 500`,
      [crowd],
    );
    return {
      status: ['SUBMITTED', 'CONFIRMED', 'SHIPPED', 'DELIVERED', 'CANCELLED'],
      customer: rows.map(row => row.id),
      search: Array.from({ length: 500 }, (_, n) => `w${n}`),
      nested: [''],
    };
  });
}

interface Measured {
  readonly databaseUrl: string;
  readonly sides: readonly Side[];
  readonly kind: Kind;
  readonly values: readonly string[];
}

async function measured(
  { say, scale }: Run,
  load: Worker<ListJob, Rate>,
  { databaseUrl, sides, kind, values }: Measured,
): Promise<Record<string, Figure[]>> {
  const figures: Record<string, Figure[]> = Object.fromEntries(sides.map(({ name }) => [name, []]));
  const ask = async ({ name, server, token }: Side): Promise<Figure> => {
    const side = name === 'orderstream' ? 'ours' : 'theirs';
    await settled(databaseUrl);
    const before = await cpuTaken(server.child.pid, databaseUrl);
    const rate = await load({ side, kind, url: server.url, token, values, callers, seconds: scale.seconds });
    const after = await cpuTaken(server.child.pid, databaseUrl);
    // The sides share a database, but the sessions of the others are idle during this turn.
    const each = (part: 'app' | 'database'): number => ((after[part] - before[part]) / rate.done) * 1e6;
    return { ...rate, app: each('app'), database: each('database') };
  };
  for (const side of sides) await ask(side);
  for (let turn = 0; turn < scale.turns; turn++) {
    for (const side of sides) figures[side.name]?.push(await ask(side));
    const line = sides.map(({ name }) => `${name} ${lineOf(figures[name]?.at(-1))}`);
    say(`  ${kind}: ${line.join(' · ')}`);
  }
  return figures;
}

function barsOf(kind: Kind, figures: Record<string, Figure[]>) {
  return baselines.map(name => {
    const turns = { ours: figures['orderstream'] ?? [], theirs: figures[name] ?? [] };
    const faster = median(ratios(turns, (our, their) => our.perSecond / their.perSecond));
    const cheaper = median(ratios(turns, (our, their) => (their.app + their.database) / (our.app + our.database)));
    const bar = atLeast(`pages a second ${kind === 'nested' ? 'nested' : `by ${kind}`}, to ${name}`, faster, wanted);
    return { ...bar, seen: `${bar.seen} (${cheaper.toFixed(2)} times for the same CPU)` };
  });
}

function lineOf(figure: Figure | undefined): string {
  if (!figure) return '';
  const { perSecond, p50, app, database } = figure;
  return `${shown(perSecond)}/s, p50 ${shown(p50)} ms, ${shown(app)} + ${shown(database)} µs`;
}
