import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  AddOrderItemDocument,
  CancelOrderDocument,
  CreateOrderDocument,
  CustomerOrdersDocument,
  CustomerOrdersUpdatedDocument,
  OrderUpdatedDocument,
  SubmitOrderDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { spawnApp, startApp, type TestApp } from '../support/app.ts';
import { journey } from '../support/journey.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { openShop, registered, type Shop } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { useDatabase } from '../support/use-database.ts';

describeWithRedis('on PostgreSQL and Redis', () => {
  const database = useDatabase();
  let apps: readonly [TestApp, TestApp];
  let shop: Shop;

  beforeAll(async () => {
    const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl() };
    apps = [await startApp(env), await startApp(env)];
    shop = await openShop(apps[0].url);
  });
  afterAll(async () => {
    for (const app of apps) await app.stop();
  });

  async function createOrder(token = shop.customer.token) {
    return accepted(await post(apps[0].url, CreateOrderDocument, { input: {} }, { token }));
  }
  async function addItem(orderId: string, token = shop.customer.token) {
    const input = { orderId, productId: shop.productId };
    return accepted(await post(apps[0].url, AddOrderItemDocument, { input }, { token }));
  }

  test('a process with both roles serves an order from its creation to its last frame', async () => {
    const app = await spawnApp({ DATABASE_URL: database.url, REDIS_URL: redisUrl() });
    await journey(shop, { writes: app.url, reads: app.url });
    expect(await app.stop()).toBe(0);
  });

  test("an order's subscriber that resumes with its last position gets each missed change once", async () => {
    const { token } = shop.customer;
    const { orderId } = await createOrder();
    const first = await connectSocket(apps[0].url, token);
    const before = (await first.subscribe(OrderUpdatedDocument, { id: orderId }).next()).data!.orderUpdated;
    first.ws.terminate();
    await first.closed;
    await addItem(orderId);
    const missed = await addItem(orderId);

    const second = await connectSocket(apps[1].url, token);
    const resumed = second.subscribe(OrderUpdatedDocument, { id: orderId, after: before.position });
    const now = (await resumed.next()).data!.orderUpdated;
    expect(now).toMatchObject({ kind: 'SNAPSHOT', position: missed.position, order: { version: 3, itemCount: 2 } });
    second.ws.terminate();
    await second.closed;

    const third = await connectSocket(apps[0].url, token);
    const upToDate = third.subscribe(OrderUpdatedDocument, { id: orderId, after: now.position });
    const submitted = accepted(await post(apps[0].url, SubmitOrderDocument, { input: { orderId } }, { token }));
    // SNAPSHOT if the change came before the subscription, else UPDATE: once in either case.
    expect((await upToDate.next()).data!.orderUpdated).toMatchObject({
      position: submitted.position,
      order: { version: 4, status: 'SUBMITTED' },
    });
    await third.close();
  });

  test('`after` may be sent in extensions, for a client that does not know the operation', async () => {
    const { orderId, position } = await createOrder();
    const socket = await connectSocket(apps[0].url, shop.customer.token);
    const resumed = socket.subscribe(OrderUpdatedDocument, { id: orderId }, { after: position });
    const fresh = socket.subscribe(OrderUpdatedDocument, { id: orderId });
    expect((await fresh.next()).extensions).toEqual({ kind: 'SNAPSHOT', position });
    const added = await addItem(orderId);
    expect((await resumed.next()).extensions).toMatchObject({ position: added.position });
    expect((await fresh.next()).extensions).toMatchObject({ kind: 'UPDATE', position: added.position });
    await socket.close();
  });

  test("a list's subscriber that resumes gets each changed order once, at its last change, and no other order", async () => {
    const customer = await registered(apps[0].url);
    const { token } = customer;
    const [untouched, changed, cancelled] = [
      await createOrder(token),
      await createOrder(token),
      await createOrder(token),
    ];
    const watch = { customerId: customer.id };
    const first = await connectSocket(apps[0].url, token);
    const list = first.subscribe(CustomerOrdersUpdatedDocument, { ...watch, after: untouched.position });
    const seen = [await list.next(), await list.next(), await list.next()].map(
      ({ data }) => data!.customerOrdersUpdated,
    );
    expect(seen.map(({ kind, orderId }) => [kind, orderId])).toEqual([
      ['PROGRESS', null],
      ['UPDATE', changed.orderId],
      ['UPDATE', cancelled.orderId],
    ]);
    first.ws.terminate();
    await first.closed;

    await addItem(changed.orderId, token);
    const input = { orderId: cancelled.orderId, reason: 'no more' };
    const second = accepted(await post(apps[0].url, CancelOrderDocument, { input }, { token }));
    const third = await addItem(changed.orderId, token);
    const created = await createOrder(token);
    // Otherwise the subscriber might reconnect between two changes of one order, and get both.
    const headers = { 'orderstream-position': created.position };
    const page = await post(apps[1].url, CustomerOrdersDocument, { id: customer.id }, { token, headers });
    expect(page.data!.customer!.orders!.totalCount).toBe(4);

    const after = seen.at(-1)!.position;
    const again = await connectSocket(apps[1].url, token);
    const resumed = again.subscribe(CustomerOrdersUpdatedDocument, { ...watch, after });
    const missed = [await resumed.next(), await resumed.next(), await resumed.next(), await resumed.next()].map(
      ({ data }) => data!.customerOrdersUpdated,
    );
    expect(missed.map(({ kind, position }) => [kind, position])).toEqual([
      ['PROGRESS', after],
      ['UPDATE', second.position],
      ['UPDATE', third.position],
      ['UPDATE', created.position],
    ]);
    await again.close();
  });

  test('a subscriber that loses its socket at any time and reconnects to any node gets frames without a gap or a repeat', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.nat({ max: 3 }), { minLength: 20, maxLength: 40 }),
      fc.infiniteStream(fc.record({ framesToTake: fc.integer({ min: 1, max: 6 }), node: fc.nat({ max: 1 }) })),
      async (changes, sessions) => {
        const customer = await registered(apps[0].url);
        const { token } = customer;
        const orders = await Promise.all([0, 1, 2, 3].map(() => createOrder(token)));
        const start = orders.map(({ position }) => position).sort()[0]!;
        const written = (async () => {
          for (const index of changes) await addItem(orders[index]!.orderId, token);
        })();

        const delivered: { position: string; orderId: string; version: number }[] = [];
        const left = new Map(
          orders.map(({ orderId }, index) => [orderId, 1 + changes.filter(one => one === index).length] as const),
        );
        for (const [orderId, version] of left) if (version === 1) left.delete(orderId);
        let after = start;
        while (left.size > 0) {
          const session = sessions.next();
          if (session.done === true) break;
          const { framesToTake, node } = session.value;
          const socket = await connectSocket(apps[node]!.url, token);
          const list = socket.subscribe(CustomerOrdersUpdatedDocument, { customerId: customer.id, after });
          const first = (await list.next()).data!.customerOrdersUpdated;
          expect([first.kind, first.position]).toEqual(['PROGRESS', after]);
          for (let taken = 0; taken < framesToTake && left.size > 0; taken++) {
            const { kind, position, order } = (await list.next()).data!.customerOrdersUpdated;
            expect(kind).toBe('UPDATE');
            expect(position > after).toBe(true);
            const { id: orderId, version } = order!;
            delivered.push({ position, orderId, version });
            if (version === left.get(orderId)) left.delete(orderId);
            after = position;
          }
          socket.ws.terminate();
          await socket.closed;
        }
        await written;

        // Compared with the log: after a frame, everything up to its position was delivered, except orders that
        // changed again later; those come at their later change.
        const last = await lastChanges(orders.map(({ orderId }) => orderId));
        const had = new Map<string, number>();
        for (const { position, orderId, version } of delivered) {
          expect(version).toBeGreaterThan(had.get(orderId) ?? 0);
          had.set(orderId, version);
          const due = last.filter(change => change.position > start && change.position <= position);
          for (const change of due) expect(had.get(change.orderId)).toBe(change.version);
        }
      },
    );
    await fc.assert(property, { numRuns: 6, endOnFailure: true });
  });

  /** The position of each order in the log, as the API prints it. */
  async function lastChanges(orderIds: readonly string[]) {
    return onDatabase(database.url, async client => {
      const { rows } = await client.query<{ orderId: string; version: number; position: string }>(
        `SELECT DISTINCT ON (stream_id) stream_id AS "orderId", version,
           lpad(to_hex(position), 13, '0') || '-' || encode(substr(hash, 1, 6), 'hex') AS position
         FROM events WHERE stream_id = ANY ($1) ORDER BY stream_id, version DESC`,
        [orderIds],
      );
      return rows;
    });
  }
});
