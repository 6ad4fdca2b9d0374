import { afterAll, beforeAll, expect, test } from 'vitest';
import { CreateOrderDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { connected } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { openShop } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { stopwatch } from '../support/standstill.ts';
import { stallViews } from '../support/stalled-views.ts';
import { openTcpProxy, proxyBefore, type TcpProxy } from '../support/tcp-proxy.ts';
import { useDatabase } from '../support/use-database.ts';

const database = useDatabase();
let proxy: TcpProxy;
let proxied: string;

beforeAll(async () => {
  ({ proxy, url: proxied } = await proxyBefore(database.url));
});
afterAll(async () => {
  await proxy.close();
});

async function readiness({ probes: url }: TestApp): Promise<{ code: number; report: Record<string, unknown> }> {
  const answer = await fetch(`${url}/readyz`);
  return { code: answer.status, report: (await answer.json()) as Record<string, unknown> };
}

async function metrics({ probes: url }: TestApp): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

test('/metrics counts commands by outcome, appends, subscribers, deliveries and lag, and no label contains text of a caller', async () => {
  const app = await startApp({ DATABASE_URL: database.url });
  const shop = await openShop(app.url);
  const socket = await connectSocket(app.url, shop.customer.token);
  const orders = socket.subscribe(`subscription { customerOrdersUpdated(customerId: "${shop.customer.id}") { kind } }`);
  await orders.next();
  const input = { items: [{ productId: shop.productId, quantity: 1 }], idempotencyKey: 'once' };
  const by = { token: shop.customer.token };
  accepted(await post(app.url, CreateOrderDocument, { input }, by));
  accepted(await post(app.url, CreateOrderDocument, { input }, by));
  await post(app.url, CreateOrderDocument, { input: { ...input, reference: 'another' } }, by);
  await orders.next();

  const text = await metrics(app);
  const order = 'orderstream_commands_total{aggregate="order",command="CreateOrder"';
  expect(text).toContain(`${order},outcome="accepted"} 1`);
  expect(text).toContain(`${order},outcome="replayed"} 1`);
  expect(text).toContain(`${order},outcome="key-reused"} 1`);
  expect(text).toContain('orderstream_subscribers 1');
  expect(text).toContain('orderstream_subscription_groups 1');
  expect(text).toContain('orderstream_deliveries_total{kind="UPDATE"} 1');
  expect(text).toMatch(/^orderstream_append_batch_commands_count [1-9]/m);
  expect(text).toMatch(/^orderstream_log_position [1-9]/m);
  expect(text).toContain('orderstream_database_up 1');
  expect(text).not.toContain('orderstream_redis_connected 0');
  for (const word of [shop.customer.id, shop.productId, 'once', 'another']) expect(text).not.toContain(word);
  await socket.close();
  await eventually(async () => expect(await metrics(app)).toContain('orderstream_subscribers 0'));
  expect(await metrics(app)).toContain('orderstream_subscription_groups 0');
  await app.stop();
});

test('/readyz is 200 with log and views in normal operation, reports the lag of the views, and is 503 without the database', async () => {
  const app = await startApp({ DATABASE_URL: proxied });
  const shop = await openShop(app.url);
  await eventually(async () => {
    const { code, report } = await readiness(app);
    expect({ code, report }).toMatchObject({
      code: 200,
      report: { status: 'ready', database: 'ok', redis: 'not used' },
    });
    expect(report['views']).toMatchObject({ lagEvents: 0, lagSeconds: 0 });
  });

  const goOn = await stallViews(database.url);
  const input = { items: [{ productId: shop.productId, quantity: 1 }] };
  accepted(await post(app.url, CreateOrderDocument, { input }, { token: shop.customer.token }));
  expect((await readiness(app)).report['views']).toMatchObject({ lagEvents: 2, lagSeconds: expect.any(Number) });
  await goOn();

  proxy.meet(() => 'lose-request');
  await eventually(async () => {
    expect(await readiness(app)).toMatchObject({
      code: 503,
      report: { status: 'unavailable', database: 'unreachable' },
    });
  });
  const scraped = await metrics(app);
  expect(scraped).toContain('orderstream_database_up 0');
  expect(scraped).not.toMatch(/^orderstream_(?:view_lag|log_position)/m); // no outdated value is reported
  proxy.meet(() => 'pass');
  await eventually(async () => expect((await readiness(app)).code).toBe(200));
  await app.stop();
});

test('while requests hold every connection, /readyz is 200: a balancer would move their load to the next process', async () => {
  const app = await startApp({ DATABASE_URL: database.url, DATABASE_POOL_QUERY: '1' });
  const shop = await openShop(app.url);
  const locked = await connected(database.url);
  await locked.query('BEGIN; LOCK TABLE order_view IN ACCESS EXCLUSIVE MODE');
  const reads = ['a', 'b', 'c'].map(name =>
    post(app.url, `{ ${name}: orders { totalCount } }`, {}, { token: shop.staff }),
  );
  await eventually(async () => {
    const text = await metrics(app);
    expect(text).toMatch(/^orderstream_database_pool_waiting_statements\{pool="query"\} [1-9]/m);
    expect(text).toContain('orderstream_database_up 1');
  });
  expect(await readiness(app)).toMatchObject({ code: 200, report: { database: 'ok' } });
  await locked.end();
  await Promise.all(reads);
  await app.stop();
});

test('a probe that met a dead connection says so, and one of the next gets an answer from another connection', async () => {
  const app = await startApp({ DATABASE_URL: proxied });
  await eventually(async () => expect((await readiness(app)).code).toBe(200));
  proxy.meet(() => 'swallow');
  await eventually(async () => expect((await readiness(app)).code).toBe(503));
  proxy.meet(() => 'pass');
  const codes: number[] = [];
  // Each takes at most 2 s: a dead connection that is kept until its statement has timed out fails all of them.
  while (codes.length < 5) codes.push((await readiness(app)).code);
  expect(codes).toContain(200);
  proxy.cut('reset');
  await app.stop();
});

test('/metrics answers while the database is silent, without the lag of the views', async () => {
  const app = await startApp({ DATABASE_URL: proxied });
  expect(await metrics(app)).toMatch(/^orderstream_view_lag_events \d/m);
  proxy.meet(() => 'swallow');
  const passed = stopwatch();
  const text = await metrics(app);
  expect(passed()).toBeLessThan(8_000); // Prometheus waits ten seconds
  expect(text).toContain('orderstream_database_up 0');
  expect(text).not.toMatch(/^orderstream_(?:view_lag|log_position)/m);
  expect(text).toMatch(/^nodejs_heap_size_used_bytes /m);
  proxy.meet(() => 'pass');
  proxy.cut('reset');
  await eventually(async () => expect(await metrics(app)).toMatch(/^orderstream_view_lag_events \d/m));
  await app.stop();
});

describeWithRedis('with Redis', () => {
  test('while Redis is down, /readyz reports degraded and the server continues', async () => {
    const url = new URL(redisUrl());
    const between = await openTcpProxy({ host: url.hostname, port: Number(url.port || 6379) });
    const app = await startApp({ DATABASE_URL: database.url, REDIS_URL: `redis://127.0.0.1:${between.port}` });
    await eventually(async () => {
      expect(await readiness(app)).toMatchObject({ code: 200, report: { status: 'ready', redis: 'connected' } });
    });
    await between.refuse();
    await eventually(async () => {
      expect(await readiness(app)).toMatchObject({ code: 200, report: { status: 'degraded', redis: 'disconnected' } });
      expect(await metrics(app)).toContain('orderstream_redis_connected 0');
    });
    await app.stop();
    await between.close();
  });

  test('a process that only projects reports its state on its port, and serves nothing else there', async () => {
    const app = await startApp({ DATABASE_URL: proxied, REDIS_URL: redisUrl(), ROLES: 'projector' });
    expect(app.url).toBe('');
    expect((await fetch(`${app.probes}/healthz`)).status).toBe(200);
    await eventually(async () => {
      expect(await readiness(app)).toMatchObject({ code: 200, report: { status: 'ready', redis: 'connected' } });
      expect(await metrics(app)).toMatch(/^orderstream_view_lag_events 0$/m);
    });
    for (const path of ['/', '/graphql', '//readyz', '/readyz/', '/healthz%20']) {
      expect((await fetch(`${app.probes}${path}`, { method: 'POST', body: '{}' })).status).toBe(404);
    }
    proxy.meet(() => 'lose-request');
    await eventually(async () => expect((await readiness(app)).code).toBe(503));
    expect(await metrics(app)).toContain('orderstream_database_up 0');
    proxy.meet(() => 'pass');
    await eventually(async () => expect((await readiness(app)).code).toBe(200));
    await app.stop();
    await expect(fetch(`${app.probes}/healthz`)).rejects.toThrow();
  });
});
