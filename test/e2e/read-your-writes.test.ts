import { beforeAll, describe, expect, test } from 'vitest';
import {
  AddOrderItemDocument,
  CreateOrderDocument,
  CustomerDocument,
  CustomerOrdersDocument,
  CustomerOrdersUpdatedDocument,
  CustomerTotalsDocument,
  CustomersDocument,
  NodeDocument,
  OrderByNumberDocument,
  OrderCountsDocument,
  OrderDocument,
  OrdersDocument,
  OrderUpdatedDocument,
  ProductDocument,
  ProductsDocument,
  RenameCustomerDocument,
  SalesByDayDocument,
  TopProductsDocument,
  ViewerDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { startApp } from '../support/app.ts';
import { codesOf } from '../support/codes-of.ts';
import { post } from '../support/post.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { added, registered } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { stallViews } from '../support/stalled-views.ts';
import { stoodStill, stopwatch } from '../support/standstill.ts';
import type { Answer } from '../support/typed-document.ts';
import { useShop } from '../support/use-shop.ts';

const { database, app, shop } = useShop();

/** An order in draft with one item. */
async function order(url = app.url) {
  const { productId, customer } = shop;
  const input = { items: [{ productId, quantity: 1 }] };
  return accepted(await post(url, CreateOrderDocument, { input }, { token: customer.token }));
}

/** Stops the projection while `use` runs. */
async function whileViewsStandStill(use: (release: () => Promise<void>) => Promise<void>): Promise<void> {
  const release = await stallViews(database.url);
  let still = true;
  const once = async (): Promise<void> => {
    if (still) await release();
    still = false;
  };
  await use(once).finally(once);
}

function at(position: string) {
  return { headers: { 'orderstream-position': position } };
}

describe('entities show own writes at once, however far the views lag', () => {
  test.each(['has never seen', 'has seen at an earlier state'])(
    'an order that the view %s shows all its commands, by its id, by its number and as a node',
    async what => {
      const { token } = shop.customer;
      const early = what === 'has never seen' ? undefined : await order();
      if (early) await staffList(early.position);
      await whileViewsStandStill(async () => {
        const { orderId } = early ?? (await order());
        const input = { orderId, productId: shop.productId, quantity: 4 };
        const changed = accepted(await post(app.url, AddOrderItemDocument, { input }, { token }));
        expect(changed.order).toMatchObject({ version: 3, itemCount: 5, total: { amount: '62.50' } });
        const atLeast = changed.position;

        const byId = await post(app.url, OrderDocument, { id: orderId, atLeast }, { token });
        expect(byId.data?.order).toEqual(changed.order);
        const plain = await post(app.url, OrderDocument, { id: orderId }, { token });
        expect(plain.data?.order).toEqual(changed.order);
        const { number } = changed.order!;
        const byNumber = await post(app.url, OrderByNumberDocument, { number, atLeast }, { token });
        expect(byNumber.data?.orderByNumber).toEqual(changed.order);
        const node = await post(app.url, NodeDocument, { id: orderId }, { token, ...at(atLeast) });
        expect(node.data?.node).toEqual({ __typename: 'Order', id: orderId });
        for (const answer of [byId, plain, byNumber, node]) {
          expect((answer.extensions!['position'] as string) >= atLeast).toBe(true);
        }
      });
    },
  );

  test('a customer and a product, also inside an order', async () => {
    await whileViewsStandStill(async () => {
      const customer = await registered(app.url, 'Before', 'b@example.com');
      const { token } = customer;
      const productId = await added(app.url, '3.00 EUR');
      const input = { items: [{ productId, quantity: 1 }] };
      const { orderId } = accepted(await post(app.url, CreateOrderDocument, { input }, { token }));
      const rename = { input: { customerId: customer.id, name: 'After' } };
      const { position: atLeast } = accepted(await post(app.url, RenameCustomerDocument, rename, { token }));

      const found = await post(app.url, CustomerDocument, { id: customer.id, atLeast }, { token });
      expect(found.data?.customer).toMatchObject({ name: 'After', version: 2, position: atLeast });
      const viewer = await post(app.url, ViewerDocument, {}, { token, ...at(atLeast) });
      expect(viewer.data?.viewer.customer).toEqual(found.data?.customer);
      const product = await post(app.url, ProductDocument, { id: productId, atLeast }, { token });
      expect(product.data?.product).toMatchObject({ id: productId, version: 1, price: { amount: '3.00' } });
      const inside = await post(app.url, OrderDocument, { id: orderId, atLeast }, { token });
      expect(inside.data?.order?.customer).toEqual({ id: customer.id, name: 'After' });
    });
  });
});

describe('lists wait for own writes', () => {
  // Each writes what becomes the newest row of a list, and reads the list at that position.
  const staffLists = {
    orders: {
      write: async () => {
        const { orderId, position } = await order();
        return { id: orderId, atLeast: position };
      },
      read: async (variables: { atLeast?: string }, options: object) =>
        pageOf(await post(app.url, OrdersDocument, variables, { token: shop.staff, ...options }), data => data.orders),
    },
    customers: {
      write: async () => {
        const customer = await registered(app.url);
        const found = await post(app.url, CustomerDocument, { id: customer.id }, { token: shop.staff });
        return { id: customer.id, atLeast: found.data!.customer!.position };
      },
      read: async (variables: { atLeast?: string }, options: object) =>
        pageOf(
          await post(app.url, CustomersDocument, variables, { token: shop.staff, ...options }),
          data => data.customers,
        ),
    },
    products: {
      write: async () => {
        const id = await added(app.url);
        const found = await post(app.url, ProductDocument, { id }, { token: shop.staff });
        return { id, atLeast: found.data!.product!.position };
      },
      read: async (variables: { atLeast?: string }, options: object) =>
        pageOf(
          await post(app.url, ProductsDocument, variables, { token: shop.staff, ...options }),
          data => data.products,
        ),
    },
    'customer.orders': {
      write: async () => {
        const { orderId, position } = await order();
        return { id: orderId, atLeast: position };
      },
      read: async (variables: { atLeast?: string }, options: object) =>
        pageOf(
          await post(
            app.url,
            CustomerOrdersDocument,
            { id: shop.customer.id, ...variables },
            { token: shop.customer.token, ...options },
          ),
          data => data.customer?.orders,
        ),
    },
  };

  interface Listed {
    readonly edges: readonly { readonly node: { readonly id: string } }[];
    readonly position: string;
  }

  function pageOf<Data>(answer: Answer<Data>, list: (data: Data) => Listed | null | undefined) {
    const page = answer.data ? list(answer.data) : undefined;
    if (!page) throw new Error(`no page: ${JSON.stringify(answer.errors)}`);
    expect(answer.extensions).toMatchObject({ position: page.position });
    return { first: page.edges[0]?.node.id, position: page.position };
  }

  /** Repeats a read that may have timed out only because the machine had stalled. */
  async function inTime<Result>(read: () => Promise<Result>): Promise<Result> {
    for (;;) {
      const from = performance.now();
      try {
        return await read();
      } catch (error) {
        if (stoodStill(from, performance.now()) < 500) throw error;
      }
    }
  }

  for (const [name, { write, read }] of Object.entries(staffLists)) {
    test(`${name}: by \`atLeast\` and by the header Orderstream-Position, as soon as the views have reached it`, async () => {
      await whileViewsStandStill(async release => {
        const { id, atLeast } = await write();
        expect((await read({}, {})).first).not.toBe(id);

        let released = false;
        const byArgument = inTime(() => read({ atLeast }, {})).then(page => ({ ...page, waited: released }));
        const byHeader = inTime(() => read({}, at(atLeast))).then(page => ({ ...page, waited: released }));
        await new Promise(resolve => setTimeout(resolve, 300));
        released = true;
        await release();
        for (const page of [await byArgument, await byHeader]) {
          expect(page).toMatchObject({ first: id, waited: true });
          expect(page.position >= atLeast).toBe(true);
        }
      });
    });
  }

  test('on a socket by `extensions.atLeast`, which works as the header does', async () => {
    const socket = await connectSocket(app.url, shop.staff);
    await whileViewsStandStill(async release => {
      const { position } = await order();
      const query = '{ orders(first: 1) { position } }';
      const old = await socket.subscribe<{ orders: { position: string } }>(query).next();
      expect(old.data!.orders.position < position).toBe(true);
      const waiting = socket.subscribe<{ orders: { position: string } }>(query, {}, { atLeast: position }).next();
      await release();
      expect((await waiting).data!.orders.position >= position).toBe(true);
    });
    const wrong = socket.subscribe('{ orders { position } }', {}, { atLeast: 'yesterday' });
    await expect(wrong.next()).rejects.toThrow('BAD_USER_INPUT');
    await socket.close();
  });

  test("a field's own `atLeast` takes precedence over the header", async () => {
    const { position: past } = await order();
    await staffLists.orders.read({ atLeast: past }, {});
    await whileViewsStandStill(async () => {
      const { position } = await order();
      await staffLists.orders.read({ atLeast: past }, at(position));
    });
  });

  test('if the views do not reach it within 2 s: VIEW_LAGGING with the position reached', async () => {
    const { position: reached } = await order();
    await staffLists.orders.read({ atLeast: reached }, {});
    await whileViewsStandStill(async () => {
      const { position: atLeast } = await order();
      const [begin, passed] = [performance.now(), stopwatch()];
      const late = await post(app.url, OrdersDocument, { atLeast }, { token: shop.staff });
      expect(late.data).toEqual({ orders: null });
      expect(late.errors).toMatchObject([
        { path: ['orders'], extensions: { code: 'VIEW_LAGGING', position: reached } },
      ]);
      expect(performance.now() - begin).toBeGreaterThan(1_500);
      expect(passed()).toBeLessThan(4_000);
    });
  });
});

test('`extensions.position` of a mutation is that of its last command, of a query the oldest one that its data reflects', async () => {
  const { token } = shop.customer;
  const first = await order();
  await staffList(first.position);
  await whileViewsStandStill(async () => {
    const two = await post(
      app.url,
      'mutation { one: createOrder(input: {}) { ...P } two: createOrder(input: {}) { ...P } } fragment P on OrderCommandPayload { position }',
      {},
      { token },
    );
    const data = two.data as { one: { position: string }; two: { position: string } };
    expect(data.two.position > data.one.position).toBe(true);
    expect(two.extensions).toMatchObject({ position: data.two.position });

    // The customer is read at the end of the log, the list from the views: the position of both is that of the list.
    const mixed = await post(app.url, CustomerOrdersDocument, { id: shop.customer.id }, { token });
    expect(mixed.extensions).toMatchObject({ position: mixed.data!.customer!.orders!.position });
    expect(mixed.data!.customer!.orders!.position).toBe(first.position);
  });
});

async function staffList(atLeast: string) {
  return post(app.url, OrdersDocument, { atLeast }, { token: shop.staff });
}

describe('a position of another log is recognised', () => {
  let foreign: readonly (readonly [what: string, position: string])[];

  beforeAll(async () => {
    const { position } = await order();
    await staffList(position);
    foreign = [
      ['another log at the same point', `${position.slice(0, -1)}${position.endsWith('0') ? '1' : '0'}`],
      [
        'a point that the log has not come to',
        `${(Number.parseInt(position, 16) + 99).toString(16).padStart(13, '0')}-00112233aabb`,
      ],
      ['the greatest possible point', 'fffffffffffff-00112233aabb'],
      ['a later event of this log, an earlier hash', `${position.slice(0, 13)}-000000000000`],
    ];
  });

  test('queries answer STALE_POSITION, by argument and by header, whatever field they select', async () => {
    const { orderId, order: made } = await order();
    const token = shop.staff;
    const id = shop.customer.id;
    const sales = { from: '2026-01-01', to: '2026-12-31', currency: 'EUR' };
    for (const [what, position] of foreign) {
      const byArgument = { token };
      const byHeader = { token, ...at(position) };
      const answers = {
        order: await post(app.url, OrderDocument, { id: orderId, atLeast: position }, byArgument),
        orderByNumber: await post(
          app.url,
          OrderByNumberDocument,
          { number: made!.number, atLeast: position },
          byArgument,
        ),
        orders: await post(app.url, OrdersDocument, { atLeast: position }, byArgument),
        orderCounts: await post(app.url, OrderCountsDocument, { atLeast: position }, byArgument),
        customer: await post(app.url, CustomerDocument, { id, atLeast: position }, byArgument),
        customers: await post(app.url, CustomersDocument, { atLeast: position }, byArgument),
        product: await post(app.url, ProductDocument, { id: shop.productId, atLeast: position }, byArgument),
        products: await post(app.url, ProductsDocument, { atLeast: position }, byArgument),
        'order by header': await post(app.url, OrderDocument, { id: orderId }, byHeader),
        'orders by header': await post(app.url, OrdersDocument, {}, byHeader),
        'customer.orders by header': await post(app.url, CustomerOrdersDocument, { id }, byHeader),
        'orderTotals by header': await post(app.url, CustomerTotalsDocument, { id }, byHeader),
        'salesByDay by header': await post(app.url, SalesByDayDocument, sales, byHeader),
        'topProducts by header': await post(app.url, TopProductsDocument, sales, byHeader),
        'node by header': await post(app.url, NodeDocument, { id: orderId }, byHeader),
      };
      for (const [field, answer] of Object.entries(answers)) {
        expect([what, field, codesOf(answer)]).toEqual([what, field, ['STALE_POSITION']]);
      }
    }
  });

  test('subscriptions answer RESYNC first: an order with its state, a list with the position to query again', async () => {
    const { orderId, order: made, position } = await order();
    const socket = await connectSocket(app.url, shop.customer.token);
    for (const [, after] of foreign) {
      const one = socket.subscribe(OrderUpdatedDocument, { id: orderId, after });
      expect((await one.next()).data!.orderUpdated).toEqual({ kind: 'RESYNC', position, order: made });
      one.complete();

      const list = socket.subscribe(CustomerOrdersUpdatedDocument, { customerId: shop.customer.id, after });
      const { kind, position: now } = (await list.next()).data!.customerOrdersUpdated;
      expect(kind).toBe('RESYNC');
      expect(codesOf(await staffList(now))).toBeUndefined();
      list.complete();
    }
    await socket.close();
  });

  test('the start of the log is a position of every log', async () => {
    expect(codesOf(await staffList('0000000000000-000000000000'))).toBeUndefined();
  });
});

describeWithRedis('on another node', () => {
  test('own writes are visible after the restore as before; without any projector lists answer VIEW_LAGGING', async () => {
    const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl() };
    const [writes, reads] = [await startApp({ ...env, ROLES: 'api' }), await startApp({ ...env, ROLES: 'api' })];
    const { orderId, position: atLeast, order: made } = await order(writes.url);
    const { token } = shop.customer;
    const there = await post(reads.url, OrderDocument, { id: orderId, atLeast }, { token });
    expect(there.data?.order).toEqual(made);
    const listed = await post(reads.url, OrdersDocument, { atLeast }, { token: shop.staff });
    expect(listed.data!.orders!.edges[0]!.node.id).toBe(orderId);

    await app.stop();
    const { position: behind } = await order(writes.url);
    const passed = stopwatch();
    const late = await post(reads.url, OrdersDocument, { atLeast: behind }, { token: shop.staff });
    expect(late.errors).toMatchObject([
      { extensions: { code: 'VIEW_LAGGING', position: listed.data!.orders!.position } },
    ]);
    expect(passed()).toBeLessThan(4_000);
    const entity = await post(reads.url, OrderDocument, { id: orderId, atLeast: behind }, { token });
    expect(entity.data?.order).toEqual(made);
    await writes.stop();
    await reads.stop();
  });
});
