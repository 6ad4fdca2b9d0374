import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createClient, type ResumingSocketOptions } from '../../../src/client/graphql-ws.ts';
import { eventually } from '../../support/eventually.ts';
import { stopwatch } from '../../support/standstill.ts';

interface Message {
  readonly type: string;
  readonly id: string;
  readonly payload?: { readonly query: string; readonly extensions?: { readonly after?: string } };
}

/** A server that sends what each test prescribes. */
let server: WebSocketServer;
let onMessage: (socket: WebSocket, message: Message) => void;
let received: Message[];

beforeEach(async () => {
  received = [];
  onMessage = () => undefined;
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'graphql-transport-ws' });
  server.on('connection', socket => {
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Message;
      received.push(message);
      onMessage(socket, message);
    });
  });
  await once(server, 'listening');
});
afterEach(() => {
  vi.useRealTimers();
  for (const socket of server.clients) socket.terminate();
  server.close();
});

function open(options: Partial<ResumingSocketOptions> = {}) {
  const { port } = server.address() as AddressInfo;
  return createClient({ url: `ws://127.0.0.1:${port}`, webSocketImpl: WebSocket, ...options });
}

/** In one chunk, as from a server that sends everything at once. */
function say(socket: WebSocket, ...messages: object[]): void {
  const { _socket: stream } = socket as unknown as { readonly _socket: Socket };
  stream.cork();
  for (const message of messages) socket.send(JSON.stringify(message));
  stream.uncork();
}

const at = (point: number) => `${point}`.padStart(13, '0') + '-aaaaaaaaaaaa';
const next = (id: string, point: number, kind?: string) => ({
  type: 'next',
  id,
  payload: { data: { at: point }, extensions: { position: at(point), ...(kind && { kind }) } },
});

/** Consumes results until the test ends. */
function taking(client: ReturnType<typeof open>, query: string) {
  const taken: unknown[] = [];
  const ends: unknown[] = [];
  const leave = client.subscribe(
    { query },
    {
      next: ({ data }) => taken.push(data?.['at']),
      error: error => ends.push(error),
      complete: () => ends.push('complete'),
    },
  );
  return { taken, ends, leave };
}

test('an operation that is repeated or ended takes nothing from the others on its socket', async () => {
  let asked = 0;
  onMessage = (socket, { type, id, payload }) => {
    if (type === 'connection_init') say(socket, { type: 'connection_ack' });
    if (type !== 'subscribe') return;
    if (payload!.query.startsWith('subscription')) return say(socket, next(id, 5, 'UPDATE'));
    // Older than the frame, twice; the response and its end in one chunk.
    say(socket, next(id, asked++ < 2 ? 3 : 6), { type: 'complete', id });
  };
  const client = open();
  const live = taking(client, 'subscription { live }');
  await eventually(() => expect(live.taken).toEqual([5]));
  const query = taking(client, '{ query }');
  await eventually(() => expect(query).toMatchObject({ taken: [6], ends: ['complete'] }));
  expect(asked).toBe(3);
  // Ended in the middle of a chunk.
  const left = await new Promise(resolve => {
    const leave = client.subscribe(
      { query: '{ query }' },
      { next: () => leave(), error: resolve, complete: () => resolve('complete') },
    );
  });
  expect(left).toBe('complete');
  const [socket] = server.clients;
  const { id } = received.find(({ payload }) => payload?.query.startsWith('subscription'))!;
  say(socket!, next(id, 7, 'UPDATE'));
  await eventually(() => expect(live.taken).toEqual([5, 7]));
  expect(live.ends).toEqual([]);
  expect(server.clients.size).toBe(1);
  await client.dispose();
});

test('a subscription with one failed frame is ended, and resumed from the frame before', async () => {
  const errors = [{ message: 'away', extensions: { code: 'UNAVAILABLE' } }];
  let asked = 0;
  onMessage = (socket, { type, id }) => {
    if (type === 'connection_init') say(socket, { type: 'connection_ack' });
    if (type !== 'subscribe') return;
    if (asked++ > 0) return say(socket, next(id, 5, 'UPDATE'));
    const { payload } = next(id, 5, 'UPDATE');
    say(socket, next(id, 4, 'UPDATE'), { type: 'next', id, payload: { ...payload, data: null, errors } });
  };
  const client = open();
  const { taken, ends } = taking(client, 'subscription { live }');
  await eventually(() => expect(taken).toEqual([4, 5]));
  const [first, left, again] = received.filter(({ type }) => ['subscribe', 'complete'].includes(type));
  expect(left).toEqual({ type: 'complete', id: first!.id });
  expect(again!.payload!.extensions).toEqual({ after: at(4) });
  expect(ends).toEqual([]);
  expect(server.clients.size).toBe(1);
  await client.dispose();
});

test('after close code 1012 it reconnects at once, and resumes after the last frame', async () => {
  let connections = 0;
  onMessage = (socket, { type, id }) => {
    if (type === 'connection_init') say(socket, { type: 'connection_ack' });
    if (type === 'subscribe') say(socket, next(id, ++connections, 'UPDATE'));
  };
  const client = open();
  const { taken } = taking(client, 'subscription { live }');
  await eventually(() => expect(taken).toEqual([1]));
  const passed = stopwatch();
  for (const socket of server.clients) socket.close(1012);
  await eventually(() => expect(taken).toEqual([1, 2]));
  expect(passed()).toBeLessThan(1_000);
  const resumed = received.filter(({ type }) => type === 'subscribe').map(({ payload }) => payload!.extensions!.after);
  expect(resumed).toEqual([undefined, at(1)]);
  await client.dispose();
});

test('4403 requests fresh tokens, three times in a row, and no more', async () => {
  onMessage = socket => socket.close(4403, 'Forbidden');
  const refused: boolean[] = [];
  const client = open({
    token: again => {
      refused.push(again);
      return 'a token';
    },
  });
  const { ends } = taking(client, 'subscription { live }');
  await eventually(() => expect(ends).toMatchObject([{ code: 4403 }]));
  expect(refused).toEqual([false, true, true]);
  await client.dispose();
});

test('a command without a key is not sent again on the next connection; one with a key is, under the same key', async () => {
  onMessage = (socket, { type }) => {
    if (type === 'connection_init') say(socket, { type: 'connection_ack' });
    if (type === 'subscribe' && received.filter(one => one.type === 'subscribe').length <= 2) {
      if (received.filter(one => one.type === 'subscribe').length === 2) socket.terminate();
    }
  };
  const client = open();
  const bare = taking(client, 'mutation { createOrder(input: {}) { __typename } }');
  client.subscribe(
    {
      query: 'mutation ($input: CreateOrderInput!) { createOrder(input: $input) { __typename } }',
      variables: { input: {} },
    },
    { next: () => undefined, error: () => undefined, complete: () => undefined },
  );
  await eventually(() => expect(received.filter(({ type }) => type === 'subscribe')).toHaveLength(3));
  const [, first, again] = received.filter(({ type }) => type === 'subscribe');
  expect(again!.payload).toEqual(first!.payload);
  expect(first!.payload).toMatchObject({ variables: { input: { idempotencyKey: expect.stringMatching(/^\w{32}$/) } } });
  expect(bare.ends).toMatchObject([{ code: 1006 }]);
  await client.dispose();
});

test('a connection that is cut silently is noticed within 4 s', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let connections = 0;
  onMessage = (socket, { type, id }) => {
    if (type === 'connection_init') say(socket, { type: 'connection_ack' });
    if (type === 'subscribe') say(socket, next(id, ++connections, 'UPDATE'));
  };
  const client = open();
  const { taken } = taking(client, 'subscription { live }');
  await eventually(() => expect(taken).toEqual([1]));
  vi.advanceTimersByTime(2_000);
  await eventually(() => expect(received.at(-1)).toEqual({ type: 'ping' }));
  vi.advanceTimersByTime(2_000);
  await eventually(() => expect(taken).toEqual([1, 2]));
  await client.dispose();
});

test('a connection that is ended before it is made ends nothing else', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const client = createClient({
    url: `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    webSocketImpl: WebSocket,
  });
  const leave = client.subscribe({ query: '{ x }' }, { next: vi.fn(), error: vi.fn(), complete: vi.fn() });
  const [connection] = (await once(silent, 'connection')) as [Socket];
  // With nothing that listens to its errors, the socket throws, and the run fails.
  client.terminate();
  await new Promise(resolve => setTimeout(resolve, 50));
  leave();
  // It waits for the connection that is being made, and fails if that ends.
  const disposed = Promise.resolve(client.dispose()).catch(() => undefined);
  client.terminate();
  await disposed;
  connection.destroy();
  silent.close();
});
