import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appendRetry } from '../../src/operator/append-retry.ts';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import { newId } from '../../src/ids.ts';
import type { OrderRow } from '../../src/order/views/order-view.ts';
import { liveOrders } from '../../src/order/views/live-orders.ts';
import { readChangePage } from '../../src/projections/read-changes.ts';
import { readOrderPage, readOrders } from '../../src/order/views/read-orders.ts';
import { readCheckpoint, readRebuild } from '../../src/projections/checkpoint.ts';
import { beginRebuild, readRetired, switchTo } from '../../src/projections/generations.ts';
import { park, readParked } from '../../src/projections/park-stream.ts';
import { after, projectBatch } from '../../src/projections/project-batch.ts';
import { startProjector } from '../../src/projections/projector.ts';
import { readProjections } from '../../src/projections/read-projections.ts';
import { rebuild } from '../../src/projections/rebuild.ts';
import { verifyViews } from '../../src/projections/verify-views.ts';
import { views } from '../../src/slices.ts';
import { requestFor, newStream } from '../support/append-request.ts';
import { spawnApp } from '../support/app.ts';
import { openAsker } from '../support/ask.ts';
import { runCli, startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { logLines } from '../support/log-lines.ts';
import { expectEveryViewIsTheFold } from '../support/every-view.ts';
import { emptyRows, foldInto, plainLog, plainRow } from '../support/plain-fold.ts';
import {
  addItem,
  createdOrder,
  nodeOn,
  onCustomer,
  openNode,
  positionOf,
  productOnSale,
  projectAll,
  registeredCustomer,
  type TestNode,
} from '../support/test-node.ts';
import { sql } from '../../src/database/sql.ts';
import { operatorToken } from '../support/tokens.ts';
import { useNode } from '../support/use-node.ts';

/** How long readers, projectors and rebuilds run together, s; `npm run proof -- hammer` uses a minute. */
const hammered = Number(process.env['HAMMER_SECONDS'] ?? 8);

/** A page of a response. */
interface Page {
  readonly orders: readonly Readonly<Record<string, unknown>>[];
  readonly customers: readonly object[];
  readonly totalCount: number | null | undefined;
}

const { database, node } = useNode('test');

function rebuildOn({ projection: { database: on }, store }: Omit<TestNode, 'close'>) {
  const retry = (stream: { streamType: string; streamId: string }) => appendRetry(store, stream);
  return rebuild({ database: on, store, views, retry, onProgress: () => undefined });
}

function projectorOn({ projection }: Omit<TestNode, 'close'>) {
  return startProjector({ ...projection, views, logger: logLines().logger, onProjected: () => undefined });
}

async function expectViewsEqualTheFold({ database: on, source }: Omit<TestNode, 'close'>): Promise<void> {
  await expectEveryViewIsTheFold(on);
  expect(await verifyViews(source, views, () => undefined)).toEqual([]);
}

/** Checks that only the live generation is left. */
async function expectOneGeneration({ database: on }: Omit<TestNode, 'close'>): Promise<void> {
  const { generation } = await readCheckpoint(on);
  const checkpoints = await on.query<{ generation: number }>(sql`SELECT generation FROM checkpoints`);
  expect(checkpoints).toEqual([{ generation }]);
  for (const { name } of [...views.folded, ...views.derived, ...views.summed]) {
    const rows = await on.query<{ generation: number }>(sql.raw(`SELECT DISTINCT generation FROM ${name}`));
    for (const row of rows) expect({ name, ...row }).toEqual({ name, generation });
  }
}

/** Orders of two lines each, stored without commands: a long log in little time. */
async function fillLog(orders: number): Promise<void> {
  const customerId = await registeredCustomer(node);
  const productId = await productOnSale(node);
  const line = () => ({
    type: 'OrderItemAdded',
    schemaVersion: 1,
    personal: null,
    data: {
      lineId: newId('lin'),
      productId,
      sku: 'thing',
      productName: 'Thing',
      quantity: 2,
      unitPrice: 250,
      currency: 'EUR',
    },
  });
  for (let done = 0; done < orders; done += 100) {
    const requests = Array.from({ length: Math.min(100, orders - done) }, () => {
      const created = { customerId, currency: 'EUR' };
      const events = [
        { type: 'OrderCreated', schemaVersion: 1, data: created, personal: null, number: 'number' },
        ...[line(), line(), line()],
        { type: 'OrderSubmitted', schemaVersion: 1, data: {}, personal: null },
      ];
      return requestFor(newStream(), { events });
    });
    await appendEvents(node.database, requests);
  }
}

test('without a projector, also on the embedded database, every view of the new generation is the fold of the log', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-rebuild-'));
  const embedded = await openNode(undefined, folder);
  try {
    for (const one of [node, embedded]) {
      const [customerId, productId] = [await registeredCustomer(one), await productOnSale(one)];
      const orderId = await createdOrder(one, customerId, { items: [{ productId, quantity: 2 }] });
      await projectAll(one);
      await addItem(one, orderId, productId);
      const { generation } = await readCheckpoint(one.database);
      expect(await rebuildOn(one)).toBe('folded');
      expect(await readCheckpoint(one.database)).toEqual({
        generation: generation + 1,
        live: true,
        position: await readHead(one.database),
      });
      await expectViewsEqualTheFold(one);
      await expectOneGeneration(one);
      expect(await rebuildOn(one)).toBe('folded');
      await expectViewsEqualTheFold(one);
      await expectOneGeneration(one);
    }
  } finally {
    await embedded.close();
    await rm(folder, { recursive: true });
  }
});

test(
  'under commands, readers get pages whose rows match their position, frames without loss or repeat, and their own writes',
  async () => {
    const [customerId, productId] = [await registeredCustomer(node), await productOnSale(node)];
    const orders = await Promise.all([1, 2, 3, 4].map(() => createdOrder(node, customerId)));
    await projectAll(node);
    const projectors = [projectorOn(node), projectorOn(nodeOn(node.database))];
    const until = Date.now() + hammered * 1_000;
    let rebuilds = 0;
    /** However slow the machine is, several rebuilds switch while commands arrive. */
    const goesOn = () => Date.now() < until || rebuilds < 3;
    let over = false;

    async function command(): Promise<void> {
      for (let n = 0; goesOn(); n++) {
        const orderId = orders[n % orders.length]!;
        if (n % 10 === 0) await positionOf(onCustomer(node, customerId, { type: 'RenameCustomer', name: `Ada ${n}` }));
        const position = await addItem(node, orderId, productId);
        const { rows } = await readOrders(node.source, [orderId], position);
        expect(rows.get(orderId)!.row.position).toBeGreaterThanOrEqual(position.point);
      }
    }

    /** The different pages at each position of the log, as JSON: of all orders and of the customer's. */
    const pages = new Map<number, Set<string>>();
    async function list(owner: string | undefined): Promise<void> {
      for (let before = 0; !over; ) {
        const { rows, position, totalCount } = await readOrderPage(
          node.source,
          { customerId: owner, filter: {}, sort: 'createdAt' },
          { limit: 10, backwards: false, cursor: undefined, direction: 'ASC', count: true, atLeast: undefined },
        );
        expect(position.point).toBeGreaterThanOrEqual(before);
        before = position.point;
        const page: Page = {
          orders: rows.map(({ row }) => plainRow(row)),
          customers: rows.map(({ joined }) => plainRow(joined!)),
          totalCount,
        };
        pages.set(position.point, (pages.get(position.point) ?? new Set()).add(JSON.stringify(page)));
      }
    }

    /** Reads as the subscriber of a list. */
    const frames: OrderRow[] = [];
    async function subscribe(): Promise<void> {
      let after = await readHead(node.database);
      for (let last = false; ; last = over) {
        const { rows, position, continues } = await readChangePage(
          node.source,
          liveOrders,
          { scope: undefined, filter: {} },
          after,
          100,
        );
        expect(continues).toBe(true);
        frames.push(...rows);
        if (position.point > after.point) after = position;
        if (last) return;
      }
    }

    const reading = [list(undefined), list(customerId), subscribe()];
    async function rebuildAgain(): Promise<void> {
      while (goesOn()) {
        // Two at once: one helps the other, or runs after it.
        await Promise.all([rebuildOn(node), rebuildOn(nodeOn(node.database))]);
        rebuilds++;
      }
    }
    await Promise.all([command(), rebuildAgain()]);
    const head = await readHead(node.database);
    await eventually(async () => expect((await readCheckpoint(node.database)).position).toEqual(head));
    over = true;
    await Promise.all(reading);
    await Promise.all(projectors.map(projector => projector.stop()));

    await expectViewsEqualTheFold(node);
    await expectOneGeneration(node);
    const log = await plainLog(node.database);
    expect(pages.size).toBeGreaterThan(20);
    const folded = emptyRows();
    for (const event of log) {
      foldInto(folded, event);
      for (const json of pages.get(event.position) ?? []) {
        const page = JSON.parse(json) as Page;
        expect(new Map(page.orders.map(row => [row['orderId'], row]))).toEqual(folded.orders);
        expect(page.totalCount).toBe(folded.orders.size);
        for (const customer of page.customers) expect(customer).toEqual(folded.customers.get(customerId));
      }
      pages.delete(event.position);
    }
    expect(pages.size, 'pages of no point of the log').toBe(0);
    const positions = frames.map(frame => frame.position);
    expect(positions).toEqual([...new Set(positions)].sort((one, other) => one - other));
    const { orders: last } = folded;
    for (const orderId of orders) {
      expect(frames.filter(frame => frame.orderId === orderId).at(-1)!.version).toBe(last.get(orderId)!['version']);
    }
  },
  (hammered + 120) * 1_000,
);

test('a generation that lags behind the live one does not become live, nor does one that another process moved', async () => {
  const customerId = await registeredCustomer(node);
  const started = await beginRebuild(node.database);
  await createdOrder(node, customerId);
  await projectAll(node);
  const live = await readCheckpoint(node.database);
  expect(await switchTo(node.database, started)).toBe(false);
  expect(await readCheckpoint(node.database)).toEqual(live);
  const head = await readHead(node.database);
  expect(await switchTo(node.database, { ...started, position: head })).toBe(false);
  expect(await readCheckpoint(node.database)).toEqual(live);
  expect(await readRebuild(node.database)).toEqual(started);
  expect((await readProjections(node.database, views))[0]).toMatchObject({
    state: 'REBUILDING',
    rebuild: { processed: 0, total: head.point },
  });
});

test('a rebuild that is killed twice resumes, and reports its progress', async () => {
  await fillLog(6_000);
  await projectAll(node);
  const projector = projectorOn(node);
  const on = { DATABASE_URL: database.url };
  let killedAt = 0;
  for (let kills = 0; kills < 2; kills++) {
    const child = startCli('orderstream', ['rebuild', 'order_view'], on);
    await eventually(async () => {
      const point = (await readRebuild(node.database))?.position.point ?? 0;
      expect(point).toBeGreaterThan(killedAt);
      killedAt = point;
    });
    child.kill('SIGKILL');
    await child.exited;
    // A statement that it had sent may still be completed.
    await eventually(async () => {
      killedAt = (await readRebuild(node.database))!.position.point;
      const [reported] = await readProjections(node.database, views);
      expect(reported).toMatchObject({ state: 'REBUILDING', rebuild: { processed: killedAt } });
    });
  }
  const { code, stdout, stderr } = await runCli('orderstream', ['rebuild', 'order_view'], on);
  await projector.stop();
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining('30,003 events folded again') as string,
  });
  // What it had folded before counts as done, and is not folded again.
  expect(stderr).toMatch(/^ *[1-9]\d* %, 0 events/);
  await expectViewsEqualTheFold(node);
  await expectOneGeneration(node);
});

test('a rebuild that an operator requested by the API is resumed by another process after a kill, while commands go on', async () => {
  await fillLog(6_000);
  await projectAll(node);
  const { generation } = await readCheckpoint(node.database);
  const first = await spawnApp({ DATABASE_URL: database.url });
  const asker = await openAsker.HTTP(first.url, await operatorToken());
  const request = 'mutation { rebuildView(input: { view: "order_view" }) { __typename } }';
  expect((await asker.ask(request)).data).toEqual({ rebuildView: { __typename: 'OperatorCommandPayload' } });
  let killedAt = 0;
  await eventually(async () => {
    killedAt = (await readRebuild(node.database))?.position.point ?? 0;
    expect(killedAt).toBeGreaterThan(2_000);
  });
  await first.kill('SIGKILL');

  const second = await spawnApp({ DATABASE_URL: database.url });
  const orderId = await createdOrder(node, await registeredCustomer(node));
  const productId = await productOnSale(node);
  const isOver = async () => (await readCheckpoint(node.database)).generation > generation;
  do await addItem(node, orderId, productId);
  while (!(await isOver()));
  const head = await readHead(node.database);
  await eventually(async () => {
    expect((await readCheckpoint(node.database)).position).toEqual(head);
    await expectOneGeneration(node);
  });
  // What the killed process had folded is not folded again.
  const resumed = /"from":(\d+),"msg":"rebuilding the views"/.exec(second.stdout());
  expect(Number(resumed?.[1])).toBeGreaterThanOrEqual(killedAt);
  expect((await readCheckpoint(node.database)).generation).toBe(generation + 1);
  expect(await second.stop()).toBe(0);
  await expectViewsEqualTheFold(node);
});

test('subscribers are notified of a parked stream that the new generation folds', async () => {
  const [customerId, productId] = [await registeredCustomer(node), await productOnSale(node)];
  const orderId = await createdOrder(node, customerId);
  await projectAll(node);
  await addItem(node, orderId, productId);
  const checkpoint = await readCheckpoint(node.database);
  const [event] = await node.store.readLog(checkpoint.position.point, 1);
  expect(await park(node, checkpoint, event!, new Error('a release that could not'))).toBe(true);
  expect(await readParked(node.database)).toHaveLength(1);
  const before = await readHead(node.database);

  expect(await rebuildOn(node)).toBe('folded');
  await projectAll(node);
  expect(await readParked(node.database)).toEqual([]);
  const { rows } = await readChangePage(node.source, liveOrders, { scope: undefined, filter: {} }, before, 10);
  expect(rows).toMatchObject([{ orderId, version: 2, itemCount: 1 }]);
  await expectViewsEqualTheFold(node);
});

test('a rebuild that was killed after its switch only has old rows to delete', async () => {
  const customerId = await registeredCustomer(node);
  await createdOrder(node, customerId);
  await projectAll(node);
  const started = await beginRebuild(node.database);
  // The switch, and then nothing more.
  const events = await node.store.readLog(0, 100);
  expect(await projectBatch({ ...node, views }, started, events)).toBe(true);
  expect(await switchTo(node.database, after(started, events))).toBe(true);
  expect(await readRetired(node.database)).toEqual([1]);
  expect(await rebuildOn(node)).toBe('removed');
  expect((await readCheckpoint(node.database)).generation).toBe(2);
  await expectViewsEqualTheFold(node);
  await expectOneGeneration(node);
});

test('an unknown view is rejected', async () => {
  const { code, stderr } = await runCli('orderstream', ['rebuild', 'oder_view'], { DATABASE_URL: database.url });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('there is no view oder_view') as string,
  });
});
