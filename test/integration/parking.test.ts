import { beforeEach, describe, expect, test } from 'vitest';
import { eraseNamedCustomer } from '../../src/cli/erase-customer.ts';
import { listParked, retry } from '../../src/cli/parked.ts';
import { appendRetry } from '../../src/operator/append-retry.ts';
import { abandonBegunRebuild, rebuildView } from '../../src/cli/rebuild.ts';
import { status } from '../../src/cli/status.ts';
import { verify } from '../../src/cli/verify.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import type { OrderRow } from '../../src/order/views/order-view.ts';
import { orderView } from '../../src/order/views/order-view.ts';
import { readOrders } from '../../src/order/views/read-orders.ts';
import { matchesNow } from '../../src/order/views/order-filter.ts';
import { liveOrders } from '../../src/order/views/live-orders.ts';
import { readChangePage } from '../../src/projections/read-changes.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { beginRebuild } from '../../src/projections/generations.ts';
import { readParked } from '../../src/projections/park-stream.ts';
import { readProjections } from '../../src/projections/read-projections.ts';
import type { Views } from '../../src/projections/view.ts';
import { startProjector } from '../../src/projections/projector.ts';
import { views } from '../../src/slices.ts';
import { failingViews, projectWith } from '../support/broken-views.ts';
import { eventually } from '../support/eventually.ts';
import { logLines } from '../support/log-lines.ts';
import { plainFold, plainLog, viewRows } from '../support/plain-fold.ts';
import { onDatabase } from '../support/on-database.ts';
import { addItem, createdOrder, productOnSale, projectAll, registeredCustomer } from '../support/test-node.ts';
import { useNode } from '../support/use-node.ts';

const { database, node } = useNode('test');
let customerId: string;
let productId: string;
let poisoned: string;
let sound: string;

beforeEach(async () => {
  [customerId, productId] = [await registeredCustomer(node), await productOnSale(node)];
  poisoned = await createdOrder(node, customerId);
  sound = await createdOrder(node, customerId);
  await projectAll(node);
});

const failingOn = (orderId: string, from: number) =>
  failingViews(orderId, version => (version >= from ? 'no such fold' : undefined));
const project = (folding: Views) => projectWith(node, folding);

const rowOf = async (orderId: string) => (await viewRows(node.database, 'order_view', 'orderId')).get(orderId);

test('an event that cannot be folded parks its stream: its row stops before it, every other event is folded', async () => {
  for (let n = 0; n < 40; n++) await addItem(node, n % 4 === 3 ? poisoned : sound, productId);
  const before = await rowOf(poisoned);
  await project(failingOn(poisoned, 3));

  expect((await readCheckpoint(node.database)).position).toEqual(await readHead(node.database));
  expect(await readParked(node.database)).toMatchObject([
    { streamId: poisoned, version: 3, attempts: 1, error: 'Error: no such fold' },
  ]);
  const { orders } = plainFold(await plainLog(node.database));
  expect(await rowOf(sound)).toEqual(orders.get(sound));
  expect(await rowOf(poisoned)).toMatchObject({ version: 2, itemCount: 1 });
  expect(before).toMatchObject({ version: 1 });
});

test('several events that cannot be folded each park their own stream, and nothing else', async () => {
  const bad = new Set<string>();
  for (let n = 0; n < 12; n++) {
    const orderId = await createdOrder(node, customerId);
    if (n % 3 === 0) bad.add(orderId);
  }
  const broken = failingOn('', 0);
  const folded = broken.folded.map(view =>
    view.streamType === 'order'
      ? {
          ...view,
          fold: (row: object | undefined, event: Parameters<typeof view.fold>[1]) => {
            if (bad.has(event.streamId)) throw new Error('bad');
            return view.fold(row, event);
          },
        }
      : view,
  );
  const order = folded.find(view => view.streamType === 'order')!;
  await project({
    folded,
    derived: broken.derived.map(view => (view.source.streamType === 'order' ? { ...view, source: order } : view)),
    summed: broken.summed.map(view => ({ ...view, source: order })),
  });
  expect(new Set((await readParked(node.database)).map(one => one.streamId))).toEqual(bad);
  expect((await viewRows(node.database, 'order_view', 'orderId')).size).toBe(2 + 8);
});

test('a row that its table rejects parks its stream like a fold that throws', async () => {
  await addItem(node, poisoned, productId);
  await addItem(node, sound, productId);
  await project({
    ...views,
    folded: views.folded.map(view =>
      view === orderView
        ? {
            ...view,
            fold: (row: OrderRow | undefined, event: Parameters<typeof orderView.fold>[1]) => {
              const after = orderView.fold(row, event)!;
              return event.streamId === poisoned ? { ...after, itemCount: 2 ** 40 } : after;
            },
          }
        : view,
    ),
    derived: [],
    summed: [],
  });
  expect(await readParked(node.database)).toMatchObject([{ streamId: poisoned, version: 2 }]);
  expect(await rowOf(sound)).toMatchObject({ itemCount: 1 });
});

test('an event whose bytes are damaged parks its stream', async () => {
  await onDatabase(database.url, client =>
    client.query(`
    UPDATE events SET personal = jsonb_set(personal, '{sealed}', '"AAAA"') WHERE stream_id = '${customerId}'`),
  );
  await onDatabase(database.url, client => client.query(`UPDATE checkpoints SET position = 0, hash = '000000000000'`));
  const { lines, logger } = logLines();
  const projector = startProjector({ ...node, views, logger, onProjected: () => undefined });
  const head = await readHead(node.database);
  await eventually(async () => expect((await readCheckpoint(node.database)).position).toEqual(head));
  await projector.stop();
  expect(await readParked(node.database)).toMatchObject([{ streamId: customerId, version: 1 }]);
  expect(lines).toHaveLength(1);
});

test('a row whose search words a view cannot compute parks its stream', async () => {
  await addItem(node, poisoned, productId);
  await addItem(node, sound, productId);
  const wordless = {
    ...orderView,
    search: (row: OrderRow) => {
      if (row.orderId === poisoned) throw new Error('no such word');
      return orderView.search?.(row) ?? [];
    },
  } as unknown as Views['folded'][number];
  await project({ ...views, folded: views.folded.map(view => (view === orderView ? wordless : view)) });
  expect(await readParked(node.database)).toMatchObject([{ streamId: poisoned, version: 2 }]);
  expect(await rowOf(sound)).toMatchObject({ version: 2 });
});

describe('an erasure is not reported as done', () => {
  const erase = async () => (await eraseNamedCustomer({ database: node.database, embedded: true }, customerId)).ok;

  test('while a parked stream of the person stops before it', async () => {
    const named = await createdOrder(node, customerId, { reference: 'PO 9' });
    await addItem(node, named, productId);
    await project(failingOn(named, 2));
    expect(await erase()).toBe(false);
    expect(await rowOf(named)).toMatchObject({ reference: 'PO 9' });
    expect(await retry(node.database, true, named)).toMatchObject({ ok: true });
    expect(await erase()).toBe(true);
  });

  test('while a rebuild that was started before it is not finished', async () => {
    await beginRebuild(node.database);
    expect(await erase()).toBe(false);
    await rebuildView(node.database, 'order_view');
    expect(await erase()).toBe(true);

    await beginRebuild(node.database);
    expect(await erase()).toBe(false);
    expect(await abandonBegunRebuild(node.database, true)).toMatchObject({ ok: true });
    expect(await erase()).toBe(true);
  });
});

test('a subscriber with a reference filter is notified of an order whose reference was erased', async () => {
  const named = await createdOrder(node, customerId, { reference: 'PO 9' });
  await projectAll(node);
  const before = await readHead(node.database);
  expect(await eraseNamedCustomer({ database: node.database, embedded: true }, customerId)).toMatchObject({ ok: true });
  const filter = { reference: 'PO 9' };
  const { rows } = await readChangePage(node.source, liveOrders, { scope: undefined, filter }, before, 10);
  expect(rows.map(row => row.orderId)).toContain(named);
  expect(rows.filter(row => matchesNow(row, filter))).toEqual([]);
});

describe('a retry', () => {
  test('that fails again is counted, one that fails later parks the stream there; one that succeeds brings its row up to date', async () => {
    await addItem(node, poisoned, productId);
    await addItem(node, poisoned, productId, 2);
    await project(failingOn(poisoned, 2));
    const projector = (with_: Views) =>
      startProjector({ ...node, views: with_, logger: logLines().logger, onProjected: () => undefined });

    const old = projector(failingOn(poisoned, 2));
    expect(await retry(node.database, false, poisoned)).toMatchObject({ ok: false });
    await old.stop();
    expect(await readParked(node.database)).toMatchObject([{ streamId: poisoned, version: 2, attempts: 2 }]);
    expect(await rowOf(poisoned)).toMatchObject({ version: 1 });
    const better = projector(failingOn(poisoned, 3));
    expect(await retry(node.database, false, poisoned)).toMatchObject({ ok: false });
    await better.stop();
    expect(await readParked(node.database)).toMatchObject([{ streamId: poisoned, version: 3, attempts: 1 }]);
    expect(await rowOf(poisoned)).toMatchObject({ version: 2, itemCount: 1 });
    expect(await status(node.database, views)).toMatchObject({ ok: false });
    expect(await listParked(node.database)).toMatchObject({ ok: false });
    expect(await verify(node.source, views)).toMatchObject({ ok: false });

    const before = await readHead(node.database);
    const mended = projector(views);
    expect(await retry(node.database, false, 'all')).toMatchObject({ ok: true });
    await mended.stop();
    expect(await readParked(node.database)).toEqual([]);
    expect(await status(node.database, views)).toMatchObject({ ok: true });
    expect(await verify(node.source, views)).toMatchObject({ ok: true });
    const { orders } = plainFold(await plainLog(node.database));
    expect(await viewRows(node.database, 'order_view', 'orderId')).toEqual(orders);

    // A subscriber that had reached the end of the log before the retry is notified of the row.
    const missed = await readChangePage(node.source, liveOrders, { scope: undefined, filter: {} }, before, 10);
    expect(missed.rows.map(row => row.orderId)).toEqual([poisoned]);
  });

  test('reads nothing that comes after it in the log: a later unreadable event parks the stream in its own turn', async () => {
    await addItem(node, poisoned, productId);
    await project(failingOn(poisoned, 2));
    await appendRetry(node.store, { streamType: 'order', streamId: poisoned });
    const retried = await readHead(node.database);
    const later = await addItem(node, poisoned, productId);
    await onDatabase(database.url, client =>
      client.query(
        `UPDATE events SET personal = '{"subject": "${customerId}", "sealed": "AAAA"}' WHERE position = ${later.point}`,
      ),
    );
    const projector = startProjector({ ...node, views, logger: logLines().logger, onProjected: () => undefined });
    await eventually(async () => expect((await readCheckpoint(node.database)).position).toEqual(later));
    await projector.stop();
    expect(await readParked(node.database)).toMatchObject([{ streamId: poisoned, version: 3, attempts: 1 }]);
    expect(await rowOf(poisoned)).toMatchObject({ version: 2, itemCount: 1, position: retried.point });
  });

  test('of a stream that is not parked changes only the position of its row', async () => {
    await addItem(node, poisoned, productId);
    await project(failingOn(poisoned, 2));
    const projector = startProjector({ ...node, views, logger: logLines().logger, onProjected: () => undefined });
    const both = [retry(node.database, false, poisoned), retry(node.database, false, poisoned)];
    await Promise.all(both);
    await projector.stop();
    const { orders } = plainFold(await plainLog(node.database));
    expect(await viewRows(node.database, 'order_view', 'orderId')).toEqual(orders);
  });
});

test('an entity is answered as far as it can be folded, with the position before which it stops', async () => {
  const ok = await addItem(node, poisoned, productId);
  const bad = await addItem(node, poisoned, productId, 5);
  await onDatabase(database.url, client =>
    client.query(
      `UPDATE events SET personal = '{"subject": "${customerId}", "sealed": "AAAA"}' WHERE position = ${bad.point}`,
    ),
  );
  const { rows, parked } = await readOrders(node.source, [poisoned, sound]);
  expect(rows.get(poisoned)!.row).toMatchObject({ version: 2, position: ok.point });
  expect(rows.get(sound)!.row).toMatchObject({ version: 1 });
  expect(parked).toEqual(new Map([[poisoned, bad.point]]));
});

test('the state of each view is reported: parked streams by view, and the error that stops a projector', async () => {
  await addItem(node, poisoned, productId);
  await project(failingOn(poisoned, 2));
  const projections = await readProjections(node.database, views);
  expect(projections.map(one => [one.name, one.parkedStreams])).toContainEqual(['order_view', 1]);
  expect(projections.map(one => [one.name, one.parkedStreams])).toContainEqual(['customer_order_view', 1]);
  expect(projections.map(one => [one.name, one.parkedStreams])).toContainEqual(['product_view', 0]);
  expect(new Set(projections.map(one => one.state))).toEqual(new Set(['LIVE']));

  // No process projects, and events wait.
  await addItem(node, sound, productId);
  await onDatabase(database.url, client =>
    client.query(`
    UPDATE events SET recorded_at = recorded_at - interval '1 hour';
    UPDATE checkpoints SET moved_at = moved_at - interval '1 hour'`),
  );
  const [paused] = await readProjections(node.database, views);
  expect(paused).toMatchObject({ state: 'PAUSED', lagEvents: 1 });
  expect(paused!.lagSeconds).toBeGreaterThan(3_000);

  await onDatabase(database.url, client =>
    client.query(`UPDATE events SET type = 'OrderTeleported' WHERE position = (SELECT max(position) FROM events)`),
  );
  const projector = startProjector({ ...node, views, logger: logLines().logger, onProjected: () => undefined });
  await eventually(async () => {
    const [failed] = await readProjections(node.database, views);
    expect(failed).toMatchObject({ state: 'FAILED', lagEvents: 1 });
    expect(failed!.failure).toContain('OrderTeleported');
  });
  await projector.stop();
});
