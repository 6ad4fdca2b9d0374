import pg from 'pg';
import type * as DatabasePart from '../../src/database/database.ts';
import type * as Store from '../../src/event-store/event-store.ts';
import type * as OrderView from '../../src/order/views/order-view.ts';
import type * as Rebuild from '../../src/projections/rebuild.ts';
import type * as Slices from '../../src/slices.ts';
import { built } from '../built.ts';
import { latency, type Latency } from '../statistics.ts';
import { doJobs } from '../worker.ts';
import { Copy } from './copy.ts';

const { openDatabase } = await built<typeof DatabasePart>('database/database.js');
const { openEventStore } = await built<typeof Store>('event-store/event-store.js');
const { foldOrder } = await built<typeof OrderView>('order/views/order-view.js');
const { rebuild } = await built<typeof Rebuild>('projections/rebuild.js');
const { types, views } = await built<typeof Slices>('slices.js');

/** Rows that a cursor fetches at a time, and events that the plain projector reads at a time. */
const fetchSize = 5_000;
/** Generation of the plain projector's rows: in the same table, and read by no query. */
const plainGeneration = 1_000_000;

export type ProjectionJob =
  | { readonly kind: 'rebuild' | 'copy' | 'upserts'; readonly databaseUrl: string; readonly seconds: number }
  | { readonly kind: 'push'; readonly databaseUrl: string; readonly samples: number };

export interface ProjectionFigure {
  /** Events a second. */
  readonly perSecond: number;
  readonly latency?: Latency;
}

doJobs<ProjectionJob, ProjectionFigure>(job => {
  switch (job.kind) {
    case 'rebuild':
      return rebuildAll(job.databaseUrl);
    case 'copy':
      return cursorAndCopy(job.databaseUrl);
    case 'upserts':
      return upserts(job.databaseUrl, job.seconds);
    case 'push':
      return barePush(job.databaseUrl, job.samples);
  }
});

/** `orderstream rebuild order_view` until the new generation is live; removing the old rows is not measured. */
async function rebuildAll(databaseUrl: string): Promise<ProjectionFigure> {
  const { database, close } = await openDatabase({ databaseUrl, dataDir: '' });
  const store = openEventStore(database, types, () => undefined);
  const start = performance.now();
  let [events, elapsed] = [0, 0];
  const onProgress = (point: number): void => {
    events = point;
    elapsed = performance.now() - start;
  };
  await rebuild({ database, store, views, retry: () => Promise.resolve(), onProgress });
  await close();
  return { perSecond: (events / elapsed) * 1_000 };
}

/**
 * The minimum of every rebuild: each event is fetched to this process, and each finished row is written into a table
 * like ours.
 */
async function cursorAndCopy(databaseUrl: string): Promise<ProjectionFigure> {
  const client = await connected(databaseUrl);
  await client.query('DROP TABLE IF EXISTS peer_copy; CREATE TABLE peer_copy (LIKE order_view INCLUDING ALL)');
  const rows = await copied(client, new Copy('COPY order_view TO STDOUT'));
  const start = performance.now();
  let events = 0;
  await client.query('BEGIN; DECLARE log NO SCROLL CURSOR FOR SELECT * FROM events ORDER BY position');
  for (let fetched = fetchSize; fetched === fetchSize; ) {
    fetched = (await client.query(`FETCH ${fetchSize} FROM log`)).rows.length;
    events += fetched;
  }
  await copied(client, new Copy('COPY peer_copy FROM STDIN', rows));
  await client.query('COMMIT');
  const elapsed = performance.now() - start;
  await client.query('DROP TABLE peer_copy');
  await client.end();
  return { perSecond: (events / elapsed) * 1_000 };
}

/**
 * The projector that one writes first: it handles each event by itself, with an upsert by Prisma, and writes only
 * order_view.
 */
async function upserts(databaseUrl: string, seconds: number): Promise<ProjectionFigure> {
  const { database, close } = await openDatabase({ databaseUrl, dataDir: '' });
  const store = openEventStore(database, types, () => undefined);
  const rows = new Map<string, OrderView.OrderRow>();
  const start = performance.now();
  const end = start + seconds * 1_000;
  let [done, point] = [0, 0];
  while (performance.now() < end) {
    const events = await store.readLog(point, 100);
    if (events.length === 0) break;
    for (const event of events) {
      point = event.position;
      if (event.streamType !== 'order') continue;
      const row = foldOrder(rows.get(event.streamId), event);
      rows.set(event.streamId, row);
      const { orderId, lines, productIds, ...rest } = row;
      const data = { ...rest, lines: lines as unknown as object[], productIds: [...productIds] };
      const key = { generation: plainGeneration, orderId };
      await database.models.orderView.upsert({
        where: { generation_orderId: key },
        create: { ...key, ...data },
        update: data,
      });
      done++;
    }
  }
  const elapsed = performance.now() - start;
  await database.models.orderView.deleteMany({ where: { generation: plainGeneration } });
  await close();
  return { perSecond: (done / elapsed) * 1_000 };
}

/** The minimum from a commit to a visible row: an empty transaction, and one durable upsert of the row. */
async function barePush(databaseUrl: string, samples: number): Promise<ProjectionFigure> {
  const client = await connected(databaseUrl);
  await client.query('DROP TABLE IF EXISTS peer_push; CREATE TABLE peer_push (LIKE order_view INCLUDING ALL)');
  const { rows } = await client.query<{ row: object }>(`SELECT to_jsonb(v) AS row FROM order_view v LIMIT 200`);
  const text = `INSERT INTO peer_push SELECT (jsonb_populate_record(NULL::peer_push, $1::jsonb)).*
    ON CONFLICT (generation, order_id) DO UPDATE SET position = excluded.position + 1, updated_at = now()`;
  const times: number[] = [];
  for (let n = 0; n < samples; n++) {
    const start = performance.now();
    await client.query('BEGIN');
    await client.query('COMMIT');
    await client.query({ name: 'push', text, values: [rows[n % rows.length]?.row] });
    times.push(performance.now() - start);
  }
  await client.query('DROP TABLE peer_push');
  await client.end();
  return { perSecond: 0, latency: latency(times) };
}

async function connected(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

function copied(client: pg.Client, copy: Copy): Promise<Buffer> {
  client.query(copy);
  return copy.done;
}
