import { expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { openAsker } from '../support/ask.ts';
import { eventually } from '../support/eventually.ts';
import { freshDatabase } from '../support/postgres.ts';
import { openShop } from '../support/shop.ts';
import { stopwatch } from '../support/standstill.ts';
import { staffToken } from '../support/tokens.ts';
import { proxyBefore } from '../support/tcp-proxy.ts';

/** Between the 10 s of a read and the 40 s after which the connection itself would give up. */
const boundMs = 30_000;

test('while the database hangs, each kind of read is answered UNAVAILABLE, and served again when it continues', async () => {
  const database = await freshDatabase();
  const { proxy, url } = await proxyBefore(database.url);
  const app = await startApp({ DATABASE_URL: url });
  const shop = await openShop(app.url);
  const http = await openAsker.HTTP(app.url, await staffToken());
  const socket = await openAsker.WebSocket(app.url, await staffToken());
  const { id } = shop.customer;

  const queries = [
    `{ customer(id: "${id}") { id } }`,
    `{ customer(id: "${id}") { orderTotals { orderCount } } }`,
    '{ orderCounts { orderCount } }',
    `{ product(id: "${shop.productId}") { id } }`,
    '{ orders(first: 5) { nodes { id } } }',
    '{ products(first: 5) { nodes { id } } }',
    '{ projections { name } }',
  ];
  const subscriptions = [`subscription { customerOrdersUpdated(customerId: "${id}") { kind } }`];
  for (const query of queries) expect((await http.ask(query)).errors).toBeUndefined();

  proxy.hold(true);
  const passed = stopwatch();
  const answers = await Promise.all([
    ...queries.map(query => http.ask(query)),
    ...subscriptions.map(query => socket.ask(query)),
  ]);
  expect(passed()).toBeLessThan(boundMs);
  for (const { errors } of answers) expect(errors?.[0]?.extensions.code).toBe('UNAVAILABLE');

  proxy.hold(false);
  await eventually(async () => {
    expect((await Promise.all(queries.map(query => http.ask(query)))).flatMap(({ errors = [] }) => errors)).toEqual([]);
  });
  await socket.close();
  await app.stop();
  await proxy.close();
  await database.drop();
});
