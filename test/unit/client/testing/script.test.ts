import { afterEach, expect, test, vi } from 'vitest';
import { createScriptedServer, type ScriptedServer } from '../../../../src/client/testing/index.ts';
import { askScripted, fieldOf, postTo, soon, watchScripted } from '../../../support/scripted.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  vi.useRealTimers();
});

function watch(server: ScriptedServer, query = list, variables = {}) {
  const watched = watchScripted(server, query, variables);
  ends.push(watched.end);
  return watched;
}

const list = `subscription Board($after: Position) {
  ordersUpdated(after: $after) { order { id status version } }
}`;
const confirm = `mutation Confirm($input: ConfirmOrderInput!) {
  confirmOrder(input: $input) {
    __typename
    ... on OrderCommandPayload { version }
    ... on CommandError { message }
    ... on RejectedError { reason current { id } }
    ... on InvalidInputError { issues { path } }
  }
}`;
const status = 'query Status($id: ID!, $atLeast: Position) { order(id: $id, atLeast: $atLeast) { status version } }';
const submitted = () => createScriptedServer({ orders: [{ id: 'ord', status: 'SUBMITTED', version: 3 }] });
const input = { orderId: 'ord' };

test('refuse() rejects the next call of a command and stores nothing', async () => {
  const server = submitted();
  server.refuse('confirmOrder', { reason: 'ORDER_NOT_SUBMITTED' });
  server.refuse('confirmOrder', { issues: [{ path: ['input', 'orderId'], message: 'No.' }] });
  expect(fieldOf(await askScripted(server, confirm, { input }))).toEqual({
    __typename: 'RejectedError',
    message: 'Only a submitted order can be confirmed.',
    reason: 'ORDER_NOT_SUBMITTED',
    current: { id: 'ord' },
  });
  expect(fieldOf(await askScripted(server, confirm, { input }))).toEqual({
    __typename: 'InvalidInputError',
    message: 'No.',
    issues: [{ path: ['input', 'orderId'] }],
  });
  expect(server.orders[0]!.status).toBe('SUBMITTED');
  expect(fieldOf(await askScripted(server, confirm, { input }))).toMatchObject({ version: 4 });
});

test('fail() lets the next call fail: after OUTCOME_UNKNOWN the command is stored, after UNAVAILABLE it is not', async () => {
  const server = submitted();
  server.fail('confirmOrder', 'UNAVAILABLE');
  const failed = await postTo(server, confirm, { input });
  expect(failed.status).toBe(200);
  expect(await failed.json()).toMatchObject({
    data: { confirmOrder: null },
    errors: [{ path: ['confirmOrder'], extensions: { code: 'UNAVAILABLE' } }],
  });
  expect(server.orders[0]!.status).toBe('SUBMITTED');
  server.fail('confirmOrder', 'OUTCOME_UNKNOWN');
  const keyed = { input: { ...input, idempotencyKey: 'key' } };
  expect(await askScripted(server, confirm, keyed)).toMatchObject({
    errors: [{ extensions: { code: 'OUTCOME_UNKNOWN' } }],
  });
  expect(server.orders[0]!.status).toBe('CONFIRMED');
  expect(fieldOf(await askScripted(server, confirm, keyed))).toMatchObject({ version: 4 });
});

test('fail() of a whole request has its HTTP status; of a subscription it comes as its first frame', async () => {
  const server = submitted();
  server.fail('order', 'RATE_LIMITED');
  const limited = await postTo(server, status, { id: 'ord' });
  expect(limited.status).toBe(429);
  expect(await limited.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED', retryAfter: 1 } }] });
  server.fail('ordersUpdated', 'FORBIDDEN');
  const { frames } = watch(server);
  await soon(() => expect(frames).toMatchObject([{ errors: [{ extensions: { code: 'FORBIDDEN' } }] }]));
});

test('frame() sends an earlier version again, or a state that is not stored', async () => {
  const server = submitted();
  const { frames } = watch(server, 'subscription { orderUpdated(id: "ord") { order { status version reference } } }');
  await soon(() => expect(frames).toHaveLength(1));
  // Past the client, which drops what it has seen: as the socket receives it.
  const received: { payload?: { extensions?: { position: string } } }[] = [];
  const socket = new server.WebSocket(server.url);
  ends.push(() => socket.close());
  socket.onmessage = ({ data }) => received.push(JSON.parse(data as string) as object);
  socket.onopen = () => {
    socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${server.token()}` } }));
    const query = 'subscription { orderUpdated(id: "ord") { kind order { status version reference } } }';
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  };
  await soon(() => expect(received).toHaveLength(2));
  const { position } = server;
  server.change('ord', { status: 'CONFIRMED' });
  server.frame('ord', { version: 3 });
  server.frame('ord', { reference: 'made up' });
  server.frame('ord', { version: 9, status: 'DELIVERED' }, 'SNAPSHOT');
  await soon(() => expect(received).toHaveLength(6));
  const sent = received.slice(2).map(({ payload }) => payload as { data: { orderUpdated: object } });
  expect(sent.map(({ data }) => data.orderUpdated)).toMatchObject([
    { kind: 'UPDATE', order: { status: 'CONFIRMED', version: 4 } },
    { kind: 'UPDATE', order: { status: 'SUBMITTED', version: 3 } },
    { kind: 'UPDATE', order: { status: 'CONFIRMED', version: 4, reference: 'made up' } },
    { kind: 'SNAPSHOT', order: { status: 'DELIVERED', version: 9 } },
  ]);
  expect(received[3]!.payload!.extensions!.position).toBe(position);
  expect(server.orders[0]).toMatchObject({ status: 'CONFIRMED', version: 4, reference: null });
  // The client shows no older state after a newer one.
  expect(frames.map(fieldOf).map(frame => (frame!['order'] as { version: number }).version)).toEqual([3, 4, 9]);
});

test('progress() sends a later position without a change', async () => {
  const server = submitted();
  const { frames } = watch(server);
  await soon(() => expect(frames).toHaveLength(1));
  server.progress();
  await soon(() => expect(frames).toHaveLength(2));
  expect(frames[1]).toMatchObject({ extensions: { kind: 'PROGRESS', position: server.position } });
  expect(frames[1]!.extensions!.position! > frames[0]!.extensions!.position!).toBe(true);
});

test('resync() is another log: frames say RESYNC, and old positions are stale', async () => {
  const server = submitted();
  const { frames } = watch(server);
  await soon(() => expect(frames).toHaveLength(1));
  const old = server.position;
  server.resync({ orders: [{ id: 'restored' }] });
  await soon(() => expect(frames).toHaveLength(2));
  expect(frames[1]!.extensions).toEqual({ kind: 'RESYNC', position: server.position });
  const stale = await askScripted(server, status, { id: 'restored', atLeast: old });
  expect(stale.errors).toMatchObject([{ extensions: { code: 'STALE_POSITION' } }]);
  expect(server.orders.map(({ id }) => id)).toEqual(['restored']);
  const late = watch(server, list, { after: old });
  await soon(() => expect(late.frames).toMatchObject([{ extensions: { kind: 'RESYNC' } }]));
});

test('resync() without objects keeps them at the same versions', () => {
  const server = submitted();
  const [before] = server.orders;
  server.resync();
  expect(server.orders).toEqual([{ ...before, position: server.position }]);
  expect(server.position).not.toBe(before!.position);
});

test('delay() executes at once and answers later, so an older answer can arrive after a newer frame', async () => {
  vi.useFakeTimers();
  const server = submitted();
  const { frames } = watch(server);
  await vi.advanceTimersByTimeAsync(0);
  server.delay({ http: 500 });
  let answer: unknown;
  void askScripted(server, status, { id: 'ord' }).then(reply => (answer = fieldOf(reply)));
  await vi.advanceTimersByTimeAsync(0);
  server.change('ord', { status: 'CONFIRMED' });
  await vi.advanceTimersByTimeAsync(499);
  expect(frames.at(-1)).toMatchObject({ data: { ordersUpdated: { order: { version: 4 } } } });
  expect(answer).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(answer).toEqual({ status: 'SUBMITTED', version: 3 });
});

test('delay() of sockets keeps the order of frames', async () => {
  vi.useFakeTimers();
  const server = submitted();
  const { frames } = watch(server);
  await vi.advanceTimersByTimeAsync(0);
  server.delay({ socket: 300 });
  server.change('ord', { reference: 'first' });
  await vi.advanceTimersByTimeAsync(0);
  server.delay({ socket: 0 });
  server.change('ord', { reference: 'second' });
  await vi.advanceTimersByTimeAsync(299);
  expect(frames).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  const versions = frames.slice(1).map(frame => fieldOf(frame)!['order'] as { version: number });
  expect(versions.map(({ version }) => version)).toEqual([4, 5]);
});

test('without a delay everything happens while the clock is stopped', async () => {
  vi.useFakeTimers();
  const server = submitted();
  expect(fieldOf(await askScripted(server, confirm, { input }))).toMatchObject({ version: 4 });
  expect(vi.getTimerCount()).toBe(0);
});

test('cut() fails a request in flight: its command is stored all the same', async () => {
  const server = submitted();
  server.delay({ http: 60_000 });
  const lost = askScripted(server, confirm, { input });
  await soon(() => expect(server.orders[0]!.status).toBe('CONFIRMED'));
  server.cut();
  await expect(lost).rejects.toThrow('Failed to fetch');
});

test('silence() loses connections without a sign: the client notices it by itself, and a new connection works', async () => {
  vi.useFakeTimers();
  const server = submitted();
  const { frames, closes } = watch(server);
  await vi.advanceTimersByTimeAsync(0);
  server.silence();
  server.change('ord', { status: 'CONFIRMED' });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(frames).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(frames.at(-1)).toMatchObject({ data: { ordersUpdated: { order: { status: 'CONFIRMED' } } } });
  expect(closes).not.toContain(1006);
});

test('silence() leaves a request in flight open until its client gives up', async () => {
  const server = submitted();
  server.delay({ http: 20 });
  const leave = new AbortController();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${server.token()}` };
  const body = JSON.stringify({ query: status, variables: { id: 'ord' } });
  const answer = server.fetch(server.url, { method: 'POST', headers, body, signal: leave.signal });
  await soon(() => expect(server.requests).toHaveLength(1));
  server.silence();
  const first = await Promise.race([answer, new Promise(resolve => setTimeout(resolve, 60, 'nothing'))]);
  expect(first).toBe('nothing');
  leave.abort(new Error('given up'));
  await expect(answer).rejects.toThrow('given up');
});

test('offline() fails requests and sockets until the network is back, and tells the page', async () => {
  const events = new EventTarget();
  const told: string[] = [];
  for (const type of ['offline', 'online']) events.addEventListener(type, () => told.push(type));
  vi.stubGlobal('dispatchEvent', (event: Event) => events.dispatchEvent(event));
  vi.stubGlobal('navigator', {});
  ends.push(() => vi.unstubAllGlobals());
  const server = submitted();
  const { frames, closes } = watch(server);
  await soon(() => expect(frames).toHaveLength(1));
  server.offline(true);
  expect((globalThis.navigator as { onLine?: boolean }).onLine).toBe(false);
  await expect(askScripted(server, status, { id: 'ord' })).rejects.toThrow('Failed to fetch');
  server.change('ord', { status: 'CONFIRMED' });
  await soon(() => expect(closes.length).toBeGreaterThan(1));
  server.offline(false);
  await soon(() => expect(frames).toHaveLength(3));
  expect(told).toEqual(['offline', 'online']);
  expect((globalThis.navigator as { onLine?: boolean }).onLine).toBeUndefined();
});

test('expireTokens() closes sockets with 4403 and rejects requests with 401, until a client has a new token', async () => {
  const server = submitted();
  const token = server.token();
  const { frames, closes } = watch(server);
  await soon(() => expect(frames).toHaveLength(1));
  server.expireTokens();
  const rejected = await postTo(server, status, { id: 'ord' }, token);
  expect(rejected.status).toBe(401);
  expect(await rejected.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  server.change('ord', { status: 'CONFIRMED' });
  await soon(() => expect(frames).toHaveLength(3));
  expect(closes).toEqual([4403]);
  expect((await postTo(server, status, { id: 'ord' })).status).toBe(200);
});

test('requests are recorded by the name of their operation, with variables, transport and subject', async () => {
  const server = submitted();
  await askScripted(server, status, { id: 'ord' });
  await askScripted(server, '{ viewer { subject } }', {}, server.token('cus_ada'));
  const { frames } = watch(server);
  await soon(() => expect(frames).toHaveLength(1));
  expect(server.requests).toMatchObject([
    { name: 'Status', kind: 'query', variables: { id: 'ord' }, transport: 'http', subject: 'anna' },
    { name: 'viewer', kind: 'query', transport: 'http', subject: 'cus_ada' },
    { name: 'Board', kind: 'subscription', transport: 'socket', subject: 'anna' },
  ]);
});

test('an object that does not exist, or exists already, is an error in the script', () => {
  const server = submitted();
  expect(() => server.change('no', {})).toThrow('has no object no');
  expect(() => server.addOrder({ id: 'ord' })).toThrow('has an object ord already');
});
