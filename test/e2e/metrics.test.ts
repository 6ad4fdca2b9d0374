import { once } from 'node:events';
import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { CreateOrderDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { openEventStream } from '../support/event-stream.ts';
import { eventually } from '../support/eventually.ts';
import { post } from '../support/post.ts';
import { connectSocket, openSocket } from '../support/socket.ts';
import { customerToken, staffToken, testSecret, token } from '../support/tokens.ts';
import { useShop } from '../support/use-shop.ts';

const { app, shop } = useShop();

/** The series of a live /metrics, by name and labels as they are printed. */
async function scrape(): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${app.probes}/metrics`)).text();
  return new Map(
    text
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
      .map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

/** What an action changes, by series. Gauges that come from the database are left out. */
async function changes(action: () => Promise<unknown>, names: RegExp): Promise<Record<string, number>> {
  const before = await scrape();
  await action();
  const after = await scrape();
  const changed = [...after].filter(([name, value]) => names.test(name) && value !== (before.get(name) ?? 0));
  return Object.fromEntries(changed.map(([name, value]) => [name, value - (before.get(name) ?? 0)]));
}

const operations = /^orderstream_(?:operations_total|limit_rejections_total)/;
const operation = (type: string, code: string) => `orderstream_operations_total{type="${type}",code="${code}"}`;
const limit = (name: string) => `orderstream_limit_rejections_total{limit="${name}"}`;

test('an operation is counted once, by type and code, over HTTP and over a socket', async () => {
  const { token: customer } = shop.customer;
  const input = { items: [{ productId: shop.productId, quantity: 1 }] };
  const overHttp = async () => {
    await post(app.url, '{ products { totalCount } }', {}, { token: shop.staff });
    await post(app.url, '{ products(first: -1) { totalCount } }', {}, { token: shop.staff });
    accepted(await post(app.url, CreateOrderDocument, { input }, { token: customer }));
    await post(app.url, '{ customers { totalCount } }', {}, { token: customer });
  };
  expect(await changes(overHttp, operations)).toEqual({
    [operation('query', 'OK')]: 1,
    [operation('query', 'BAD_USER_INPUT')]: 1,
    [operation('query', 'FORBIDDEN')]: 1,
    [operation('mutation', 'OK')]: 1,
  });

  const socket = await connectSocket(app.url, shop.staff);
  const overSocket = async () => {
    await socket.subscribe('{ products { totalCount } }').next();
    await socket.subscribe('subscription { ordersUpdated { kind } }').next();
    await socket.subscribe('subscription { ordersUpdated { kind } }').next();
  };
  expect(await changes(overSocket, operations)).toEqual({
    [operation('query', 'OK')]: 1,
    [operation('subscription', 'OK')]: 2,
  });
  await socket.close();
});

test('a request that is rejected before its operation is known is counted as unknown, once', async () => {
  const by = { token: shop.staff };
  const rejected = async () => {
    await post(app.url, '{ products {', {}, by);
    await post(app.url, '{ nothing }', {}, by);
    await post(app.url, '{ products { totalCount } }', {}, { token: 'no.token.here' });
    await fetch(`${app.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' });
  };
  expect(await changes(rejected, operations)).toEqual({
    [operation('unknown', 'GRAPHQL_PARSE_FAILED')]: 1,
    [operation('unknown', 'GRAPHQL_VALIDATION_FAILED')]: 1,
    [operation('unknown', 'UNAUTHENTICATED')]: 1,
    [operation('unknown', 'BAD_USER_INPUT')]: 1,
  });
  const socket = await connectSocket(app.url, shop.staff);
  const overSocket = async () => {
    expect((await socket.subscribe('{ nothing }').frame()).type).toBe('error');
    expect((await socket.subscribe('{ products {').frame()).type).toBe('error');
  };
  expect(await changes(overSocket, operations)).toEqual({
    [operation('unknown', 'GRAPHQL_PARSE_FAILED')]: 1,
    [operation('unknown', 'GRAPHQL_VALIDATION_FAILED')]: 1,
  });
  await socket.close();
});

test('a rejection because of a limit is counted by the name of the limit', async () => {
  const long = `{ products { nodes { ${'id '.repeat(3_000)}} } }`;
  const aliases = `{ ${Array.from({ length: 60 }, (_, index) => `a${index}: __typename`).join(' ')} }`;
  const rejected = async () => {
    for (const document of [long, aliases]) await post(app.url, document, {}, { token: shop.staff });
  };
  expect(await changes(rejected, /^orderstream_limit_rejections_total/)).toEqual({
    [limit('tokens')]: 1,
    [limit('aliases')]: 1,
  });
});

test('a rejected token is counted by the kind of its fault', async () => {
  const staff = { role: 'staff', sub: 'anna' };
  const key = new TextEncoder().encode(testSecret);
  const tokens = {
    malformed: 'no.token.here',
    expired: await staffToken({ expires: 1 }),
    signature: await staffToken({ secret: 'another secret, also of 32 bytes or more' }),
    algorithm: await new SignJWT(staff).setProtectedHeader({ alg: 'HS512' }).setExpirationTime('1h').sign(key),
    claims: await token({ role: 'pirate', sub: 'anna' }),
  };
  for (const [kind, rejected] of Object.entries(tokens)) {
    const send = () => post(app.url, '{ products { totalCount } }', {}, { token: rejected });
    expect(await changes(send, /^orderstream_authentication_failures_total/)).toEqual({
      [`orderstream_authentication_failures_total{kind="${kind}"}`]: 1,
    });
  }
  const withoutToken = async () => {
    const socket = await openSocket(app.url);
    socket.send({ type: 'connection_init' });
    expect((await socket.closed).code).toBe(4403);
  };
  expect(await changes(withoutToken, /^orderstream_authentication_failures_total/)).toEqual({
    'orderstream_authentication_failures_total{kind="missing"}': 1,
  });
});

test('sockets and event streams are counted while they are open, and closed sockets by their code', async () => {
  const socket = await connectSocket(app.url, shop.staff);
  const stream = await openEventStream(app.url, 'subscription { ordersUpdated { kind } }', {}, { token: shop.staff });
  await stream.next();
  const open = await scrape();
  expect(open.get('orderstream_websockets')).toBe(1);
  expect(open.get('orderstream_event_streams')).toBe(1);
  const close = async () => {
    socket.ws.close(4321);
    await once(socket.ws, 'close');
    await socket.close();
    stream.close();
    await stream.ended;
    await eventually(async () => {
      const closed = await scrape();
      expect(closed.get('orderstream_websockets')).toBe(0);
      expect(closed.get('orderstream_event_streams')).toBe(0);
    });
  };
  // A caller chooses its code: only those that an operator may look for have a series of their own.
  expect(await changes(close, /^orderstream_websocket_closes_total/)).toEqual({
    'orderstream_websocket_closes_total{code="other"}': 1,
  });
});

test('the metrics of the deployment: processes by role, releases, the projector, the pools and the last verify', async () => {
  await eventually(async () => {
    const series = await scrape();
    expect(series.get('orderstream_processes{role="api"}')).toBe(1);
    expect(series.get('orderstream_processes{role="projector"}')).toBe(1);
    expect(series.get('orderstream_releases')).toBe(1);
    expect(series.get('orderstream_projector_state{state="active"}')).toBe(1);
    expect(series.get('orderstream_projector_state{state="failed"}')).toBe(0);
    expect(series.get('orderstream_database_pool_max_connections{pool="query"}')).toBe(10);
    expect(series.get('orderstream_last_verify_timestamp_seconds')).toBe(0);
    expect([...series.keys()].filter(name => name.startsWith('orderstream_build_info'))).toHaveLength(1);
  });
});

test('no label of any series comes from a caller', async () => {
  const sku = `sku-${crypto.randomUUID()}`;
  await post(app.url, `query ${sku.replaceAll('-', '_')} { products { totalCount } }`, {}, { token: shop.staff });
  await post(app.url, '{ products { totalCount } }', {}, { token: await customerToken(shop.customer.id) });
  const text = [...(await scrape()).keys()].join('\n');
  for (const word of [sku.replaceAll('-', '_'), shop.customer.id, 'anna']) expect(text).not.toContain(word);
});
