import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  AddOrderItemDocument,
  CreateOrderDocument,
  CustomerOrdersUpdatedDocument,
  OrderUpdatedDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { spawnApp, type SpawnedApp } from '../support/app.ts';
import { journey } from '../support/journey.ts';
import { post } from '../support/post.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { openShop, type Shop } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { stopwatch } from '../support/standstill.ts';
import { useDatabase } from '../support/use-database.ts';

describeWithRedis('two API processes and a projector on one PostgreSQL and Redis', () => {
  const database = useDatabase();
  let one: SpawnedApp;
  let other: SpawnedApp;
  let projector: SpawnedApp;
  let shop: Shop;

  beforeAll(async () => {
    const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl() };
    [one, other, projector] = await Promise.all([
      spawnApp({ ...env, ROLES: 'api' }),
      spawnApp({ ...env, ROLES: 'api' }),
      spawnApp({ ...env, ROLES: 'projector' }),
    ]);
    shop = await openShop(one.url);
  });
  afterAll(async () => {
    const codes = await Promise.all([one, other, projector].map(app => app.stop()));
    expect(codes).toEqual([0, 0, 0]);
  });

  test('an order changed on either node is pushed by the other, as the order and in the list', async () => {
    expect(projector.url).toBe('');
    await journey(shop, { writes: one.url, reads: other.url });
    await journey(shop, { writes: other.url, reads: one.url });
  });

  test('an order can be watched on a node that has never read it, as soon as its creation is answered', async () => {
    const { token } = shop.customer;
    const socket = await connectSocket(other.url, token);
    for (let round = 0; round < 10; round++) {
      const created = accepted(await post(one.url, CreateOrderDocument, { input: {} }, { token }));
      const watch = socket.subscribe(OrderUpdatedDocument, { id: created.orderId });
      expect((await watch.next()).data!.orderUpdated).toMatchObject({
        kind: 'SNAPSHOT',
        position: created.position,
        order: { version: 1 },
      });
      watch.complete();
    }
    await socket.close();
  });

  test('pushes come by hints, not by polling once a second', async () => {
    const { token } = shop.customer;
    const created = accepted(await post(one.url, CreateOrderDocument, { input: {} }, { token }));
    const { orderId, position: after } = created;
    const socket = await connectSocket(other.url, token);
    const order = socket.subscribe(OrderUpdatedDocument, { id: orderId });
    const list = socket.subscribe(CustomerOrdersUpdatedDocument, { customerId: shop.customer.id, after });
    await order.next();
    await list.next();

    const rounds = 20;
    const passed = stopwatch();
    for (let round = 0; round < rounds; round++) {
      const input = { orderId, productId: shop.productId };
      const { position } = accepted(await post(one.url, AddOrderItemDocument, { input }, { token }));
      expect((await order.next()).data!.orderUpdated.position).toBe(position);
      expect((await list.next()).data!.customerOrdersUpdated.position).toBe(position);
    }
    // By the timer alone each round would take about a second: it starts when the timer has just fired.
    expect(passed()).toBeLessThan((rounds * 1_000) / 2);
    await socket.close();
  });
});
