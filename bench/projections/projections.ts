import pg from 'pg';
import { atLeast, type Bench, type Run } from '../bench.ts';
import { migratedDatabase, projected, settled } from '../databases.ts';
import { openClient } from '../http-client.ts';
import { appendOrders } from '../orders.ts';
import { startOrderstream } from '../servers.ts';
import { assertAccepted, bodyOf, openShop, type Shop } from '../shop.ts';
import { latency, type Latency, median, shown } from '../statistics.ts';
import { startWorker } from '../worker.ts';
import type { ProjectionFigure, ProjectionJob } from './projection-load.ts';

const lines = 5;

/** How fast a rebuild folds the views, and how soon a commit is visible in them. */
export const projections: Bench = async run => {
  const databaseUrl = await migratedDatabase(run);
  const server = await startOrderstream(run, databaseUrl);
  const shop = await openShop(server.url, 0);
  const orderIds = await appendOrders(databaseUrl, shop, run.scale.orders, lines);
  await projected(databaseUrl);
  const load = await startWorker<ProjectionJob, ProjectionFigure>(
    run,
    new URL('./projection-load.ts', import.meta.url),
  );
  const live = await commitToRow(run, databaseUrl, server.url, { ...shop, orderIds });
  await settled(databaseUrl);
  const push = await load({ kind: 'push', databaseUrl, samples: run.scale.samples });
  run.say(`commit to visible row: ${spread(live)} · an empty transaction and an upsert: ${spread(push.latency)}`);
  await server.stop(); // otherwise it would fold during the measurement
  const folding = await foldings(run, databaseUrl, load);
  return { figures: { live, push, ...folding.figures }, bars: folding.bars };
};

/**
 * From the response of a mutation, which comes after the commit, to the moment at which the views report its
 * position.
 */
async function commitToRow(run: Run, databaseUrl: string, url: string, shop: Shop): Promise<Latency> {
  const client = openClient(url, { token: shop.token, connections: 1 });
  const reader = new pg.Client({ connectionString: databaseUrl });
  await reader.connect();
  run.closers.push(() => reader.end());
  const seen = { name: 'seen', text: 'SELECT FROM order_view WHERE order_id = $1 AND version >= $2' };
  const times: number[] = [];
  for (let n = 0; n < run.scale.samples; n++) {
    const orderId = shop.orderIds[n % shop.orderIds.length] ?? '';
    const productId = shop.productIds[n % shop.productIds.length];
    const answer = await client.post(bodyOf({ name: 'addOrderItem', input: { orderId, productId, quantity: 1 } }));
    const start = performance.now();
    assertAccepted(answer);
    const version = Number(/"version":(\d+)/.exec(answer)?.[1]);
    while ((await reader.query({ ...seen, values: [orderId, version] })).rowCount === 0);
    times.push(performance.now() - start);
  }
  client.close();
  return latency(times);
}

async function foldings(run: Run, databaseUrl: string, load: (job: ProjectionJob) => Promise<ProjectionFigure>) {
  const { scale, say } = run;
  say(`rebuild of ${shown(scale.orders)} orders with ${lines} lines`);
  const kinds = ['rebuild', 'copy', 'upserts'] as const;
  const figures = { rebuild: [] as number[], copy: [] as number[], upserts: [] as number[] };
  for (let turn = 0; turn < scale.turns; turn++) {
    for (const kind of kinds) {
      await settled(databaseUrl);
      const { perSecond } = await load({ kind, databaseUrl, seconds: scale.seconds });
      figures[kind].push(perSecond);
    }
    const [ours, copy, upserts] = kinds.map(kind => shown(figures[kind].at(-1) ?? NaN));
    say(`  rebuild ${ours} events/s · cursor and COPY ${copy}/s · an upsert an event ${upserts}/s`);
  }
  const ratio = (kind: 'copy' | 'upserts'): number =>
    median(figures.rebuild.map((ours, turn) => ours / (figures[kind][turn] ?? NaN)));
  return {
    figures,
    bars: [
      atLeast('events a second of a rebuild, to a cursor and COPY', ratio('copy'), 0.5),
      atLeast('events a second of a rebuild, to an upsert an event through Prisma', ratio('upserts'), 10),
    ],
  };
}

function spread(one: Latency | undefined): string {
  return one ? `p50 ${shown(one.p50)} ms, p99 ${shown(one.p99)} ms` : '';
}
