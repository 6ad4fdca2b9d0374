import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AddOrderItemDocument,
  CancelOrderDocument,
  ConfirmOrderDocument,
  CreateOrderDocument,
  DeliverOrderDocument,
  OrderCountsDocument,
  OrderCountsUpdatedDocument,
  type OrderCountsUpdatedSubscription,
  ShipOrderDocument,
  SubmitOrderDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { spawnApp, type SpawnedApp } from '../support/app.ts';
import { codesOf } from '../support/codes-of.ts';
import { openWatch, type Watch } from '../support/event-stream.ts';
import { post } from '../support/post.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { openShop, registered, type Shop, type Shopper } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { statementsOf } from '../support/statements.ts';
import { token } from '../support/tokens.ts';
import { useDatabase } from '../support/use-database.ts';
import { useShop } from '../support/use-shop.ts';

const { app, shop } = useShop();

/** An order that is brought from one status to the next. */
interface Started {
  readonly position: string;
  /** @returns the position after the command */
  readonly advance: (to: keyof typeof commands) => Promise<string>;
}

const commands = {
  SUBMITTED: [SubmitOrderDocument, {}],
  CONFIRMED: [ConfirmOrderDocument, {}],
  SHIPPED: [ShipOrderDocument, { carrier: 'Post' }],
  DELIVERED: [DeliverOrderDocument, {}],
  CANCELLED: [CancelOrderDocument, { reason: 'by mistake' }],
} as const;

async function orderOf({ id: customerId }: Shopper, { staff, productId }: Shop, url = app.url): Promise<Started> {
  const input = { customerId, items: [{ productId, quantity: 1 }] };
  const { orderId, position } = accepted(await post(url, CreateOrderDocument, { input }, { token: staff }));
  return {
    position,
    advance: async to => {
      const [document, more] = commands[to];
      const variables = { input: { orderId, ...more } };
      return accepted(await post(url, document as typeof SubmitOrderDocument, variables, { token: staff })).position;
    },
  };
}

type Counts = OrderCountsUpdatedSubscription['orderCountsUpdated']['counts'];

/** The counts that are not zero. */
function some({ byStatus }: Pick<Counts, 'byStatus'>): Record<string, number> {
  return Object.fromEntries(byStatus.filter(({ count }) => count > 0).map(({ status, count }) => [status, count]));
}

async function frameOf(watching: Watch<OrderCountsUpdatedSubscription>) {
  const { data, errors, extensions } = await watching.next();
  expect(errors).toBeUndefined();
  const { kind, position, counts } = data!.orderCountsUpdated;
  expect(extensions).toMatchObject({ kind, position });
  expect(counts.position).toBe(position);
  return { kind, position, counts: some(counts), orderCount: counts.orderCount, openOrderCount: counts.openOrderCount };
}

async function countsOf(as: string, variables: { customerId?: string; atLeast?: string } = {}, url = app.url) {
  const { data, errors } = await post(url, OrderCountsDocument, variables, { token: as });
  expect(errors).toBeUndefined();
  return data!.orderCounts;
}

const nowhere = '0000000000000-000000000000';

describe.each(['WebSocket', 'SSE'] as const)('over %s', transport => {
  const watch = (as: string, variables: { customerId?: string | null; after?: string | null } = {}, url = app.url) =>
    openWatch[transport](url, as, OrderCountsUpdatedDocument, variables);

  test('staff and the customer get the counts, and the newest ones after each command that changed them', async () => {
    const customer = await registered(app.url);
    const [all, named, own] = await Promise.all([
      watch(shop.staff),
      watch(shop.staff, { customerId: customer.id }),
      watch(customer.token),
    ]);
    const first = await frameOf(all);
    expect(first.kind).toBe('SNAPSHOT');
    for (const one of [named, own]) {
      expect(await frameOf(one)).toMatchObject({ kind: 'SNAPSHOT', counts: {}, orderCount: 0, openOrderCount: 0 });
    }
    const expectCounts = async (position: string, counts: Record<string, number>, openOrderCount: number) => {
      for (const one of [named, own]) {
        const expected = { kind: 'UPDATE', position, counts, orderCount: 1, openOrderCount };
        expect(await frameOf(one)).toEqual(expected);
      }
      const total = await frameOf(all);
      expect(total).toMatchObject({ kind: 'UPDATE', position, orderCount: first.orderCount + 1 });
      expect(total.openOrderCount).toBe(first.openOrderCount + openOrderCount);
      const [status = ''] = Object.keys(counts);
      expect(total.counts[status]).toBe((first.counts[status] ?? 0) + 1);
      expect(await countsOf(customer.token)).toMatchObject({ orderCount: 1, openOrderCount });
    };
    const order = await orderOf(customer, shop);
    await expectCounts(order.position, { DRAFT: 1 }, 0);
    for (const to of ['SUBMITTED', 'CONFIRMED', 'SHIPPED'] as const) {
      await expectCounts(await order.advance(to), { [to]: 1 }, 1);
    }
    await expectCounts(await order.advance('DELIVERED'), { DELIVERED: 1 }, 0);
    for (const one of [all, named, own]) await one.close();
  });

  test('after a reconnect the first frame is the counts that were missed, and is left out if nothing changed', async () => {
    const customer = await registered(app.url);
    const order = await orderOf(customer, shop);
    for (const [as, variables] of [
      [shop.staff, {}],
      [shop.staff, { customerId: customer.id }],
      [customer.token, {}],
    ] as const) {
      await countsOf(as, { atLeast: order.position });
      const before = await watch(as, variables);
      const seen = await frameOf(before);
      await before.close();

      const [missed, later] = [await orderOf(customer, shop), await orderOf(customer, shop)];
      const position = await later.advance('CANCELLED');
      const now = await countsOf(as, { ...variables, atLeast: position });
      const resumed = await watch(as, { ...variables, after: seen.position });
      expect(await frameOf(resumed)).toEqual({
        kind: 'SNAPSHOT',
        position,
        counts: some(now!),
        orderCount: seen.orderCount + 2,
        openOrderCount: seen.openOrderCount,
      });
      await resumed.close();

      // `extensions.after`, which a client sends that reconnects, takes precedence.
      const again = await openWatch[transport](
        app.url,
        as,
        OrderCountsUpdatedDocument,
        { ...variables, after: nowhere },
        { after: position },
      );
      const next = await missed.advance('SUBMITTED');
      expect(await frameOf(again)).toMatchObject({ position: next, openOrderCount: seen.openOrderCount + 1 });
      await again.close();
    }
  });

  test('a position of another log gets RESYNC with the counts', async () => {
    const customer = await registered(app.url);
    const { position } = await orderOf(customer, shop);
    await countsOf(customer.token, { atLeast: position });
    const watching = await watch(customer.token, { after: position.replace(/.{12}$/, '0123456789ab') });
    expect(await frameOf(watching)).toMatchObject({ kind: 'RESYNC', position, counts: { DRAFT: 1 } });
    await watching.close();
  });

  test('another customer’s counts are answered as those of a missing customer', async () => {
    const stranger = await registered(app.url);
    const unknown = `cus_${crypto.randomUUID()}`;
    for (const [as, customerId] of [
      [shop.customer.token, stranger.id],
      [shop.customer.token, unknown],
      [shop.staff, unknown],
    ] as const) {
      for (const after of [null, nowhere]) {
        const watching = await watch(as, { customerId, after });
        const answer = await watching.next().catch((error: unknown) => error as Error);
        await watching.close();
        const shown = answer instanceof Error ? answer.message : JSON.stringify(answer.errors);
        expect(shown).toContain('There is no customer with this id.');
      }
      expect(await countsOf(as, { customerId })).toBeNull();
    }
  });
});

test('a customer counts their own orders with and without their id, also before they are registered', async () => {
  const customer = await registered(app.url);
  const { position: atLeast } = await orderOf(customer, shop);
  for (const [as, customerId] of [
    [customer.token, undefined],
    [customer.token, customer.id],
    [shop.staff, customer.id],
  ] as const) {
    const counts = await countsOf(as, { atLeast, ...(customerId !== undefined && { customerId }) });
    expect([counts?.orderCount, some(counts!)]).toEqual([1, { DRAFT: 1 }]);
  }
  const id = `cus_${crypto.randomUUID()}`;
  expect(await countsOf(await token({ sub: id, role: 'customer' }))).toMatchObject({ orderCount: 0 });
  const { errors } = await post(app.url, OrderCountsDocument, {}, {});
  expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
});

test('subscribers that are at the same position share the read of a change and its frame', async () => {
  const order = await orderOf(shop.customer, shop);
  await countsOf(shop.staff, { atLeast: order.position });
  const watches = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      const socket = await connectSocket(app.url, await token({ sub: `staff-${n}`, role: 'staff' }));
      const watching = socket.subscribe(OrderCountsUpdatedDocument, {});
      expect((await watching.next()).data!.orderCountsUpdated.kind).toBe('SNAPSHOT');
      return { socket, watching };
    }),
  );
  const executed = async () => {
    const text = await (await fetch(`${app.url}/metrics`)).text();
    return Number(/^orderstream_frames_executed_total (\d+)/m.exec(text)?.[1]);
  };
  const before = await executed();
  const { sql } = await statementsOf(async () => {
    const position = await order.advance('SUBMITTED');
    for (const { watching } of watches) {
      expect((await watching.next()).data!.orderCountsUpdated).toMatchObject({ kind: 'UPDATE', position });
    }
  });
  expect(sql.filter(one => one.includes('FROM order_counts s'))).toHaveLength(1);
  expect(await executed()).toBe(before + 1);
  for (const { socket } of watches) await socket.close();
});

describeWithRedis('two API processes and a projector on one PostgreSQL and Redis', () => {
  const database = useDatabase();
  let nodes: SpawnedApp[];
  let store: Shop;
  beforeAll(async () => {
    const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl() };
    nodes = await Promise.all(['api', 'api', 'projector'].map(ROLES => spawnApp({ ...env, ROLES })));
    store = await openShop(nodes[0]!.url);
  });
  afterAll(async () => {
    expect(await Promise.all(nodes.map(node => node.stop()))).toEqual([0, 0, 0]);
  });

  test('a subscriber that is cut again and again, and resumes on the other node, misses no change of its counts', async () => {
    const [one, other] = [nodes[0]!.url, nodes[1]!.url];
    const { customer, staff } = store;
    const plans = [
      ['SUBMITTED', 'CONFIRMED', 'SHIPPED', 'DELIVERED'],
      ['SUBMITTED', 'CANCELLED'],
      ['CANCELLED'],
    ] as const;
    for (const [as, customerId] of [
      [staff, undefined],
      [customer.token, customer.id],
    ] as const) {
      let after: string | undefined;
      let counts: Record<string, number> = {};
      let total = 0;
      for (let round = 0; round < 9; round++) {
        const [writes, reads] = round % 2 === 0 ? [one, other] : [other, one];
        const order = await orderOf(customer, store, writes);
        const watching = await openWatch.WebSocket(
          reads,
          as,
          OrderCountsUpdatedDocument,
          { customerId: customerId ?? null },
          after === undefined ? undefined : { after },
        );
        let position = order.position;
        for (const to of plans[round % plans.length]!) position = await order.advance(to);
        while (after === undefined || after < position) {
          const frame = await frameOf(watching);
          expect(frame.kind).not.toBe('RESYNC');
          [after, counts, total] = [frame.position, frame.counts, frame.orderCount];
        }
        await watching.close();
        const expected = await countsOf(as, { atLeast: position }, reads);
        expect([counts, total]).toEqual([some(expected!), expected!.orderCount]);
        // What changes while it is away is in the first frame after it resumed.
        await orderOf(customer, store, reads);
      }
    }
  });

  test('frames come by hints, not by polling once a second', async () => {
    const socket = await connectSocket(nodes[1]!.url, store.staff);
    const watching = socket.subscribe(OrderCountsUpdatedDocument, {});
    await watching.next();
    const started = performance.now();
    for (let round = 0; round < 20; round++) {
      const { position } = await orderOf(store.customer, store, nodes[0]!.url);
      for (let reached = ''; reached < position; ) reached = (await watching.next()).data!.orderCountsUpdated.position;
    }
    expect(performance.now() - started).toBeLessThan(10_000);
    await socket.close();
  });
});

test('a change that changes no count is not sent', async () => {
  const customer = await registered(app.url);
  const input = { customerId: customer.id };
  const { orderId, position: after } = accepted(
    await post(app.url, CreateOrderDocument, { input }, { token: shop.staff }),
  );
  await countsOf(customer.token, { atLeast: after });
  const watching = await openWatch.WebSocket(app.url, customer.token, OrderCountsUpdatedDocument, { after });
  const item = { input: { orderId, productId: shop.productId } };
  accepted(await post(app.url, AddOrderItemDocument, item, { token: shop.staff }));
  const position = accepted(
    await post(app.url, SubmitOrderDocument, { input: { orderId } }, { token: shop.staff }),
  ).position;
  // The item may have been read before the submission, and nothing was sent for it.
  let frame = await frameOf(watching);
  // On a busy machine the subscription starts after the item was added, and then begins with what is there.
  if (frame.kind === 'SNAPSHOT' && frame.position !== position) frame = await frameOf(watching);
  expect(frame).toMatchObject({ position, counts: { SUBMITTED: 1 } });
  await watching.close();
  expect(codesOf(await post(app.url, OrderCountsDocument, {}, { token: customer.token }))).toBeUndefined();
});
