import { parse } from 'graphql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Answer } from '../../../src/client/operation-session.ts';
import { createSession, type Session } from '../../../src/client/session.ts';
import type { OpenTransport, TransportOptions } from '../../../src/client/transport.ts';

const at = (point: number) => point.toString(16).padStart(13, '0') + '-aaaaaaaaaaaa';
const query = parse('query ($id: ID!) { order(id: $id) { status } }');
const confirm = parse(
  'mutation ($input: ConfirmOrderInput!) { confirmOrder(input: $input) { ... on OrderCommandPayload { order { status } } } }',
);
const watch = parse('subscription ($id: ID!) { orderUpdated(id: $id) { kind order { status } } }');
const order = (version: number, status: string) => ({
  __typename: 'Order',
  id: 'ord_1',
  version,
  position: at(version),
  status,
});

function tokenOf(sub: string, claims: object = {}): string {
  return `e30.${Buffer.from(JSON.stringify({ sub, role: 'customer', ...claims })).toString('base64url')}.x`;
}

interface Sent {
  readonly authorization: string | undefined;
  readonly body: { readonly query: string; readonly variables: Record<string, unknown> };
  answer(answer: Answer, status?: number): void;
  fail(): void;
}
interface Opened {
  readonly options: TransportOptions;
  readonly streams: { next: (answer: Answer) => void; left: boolean }[];
  renewed: number;
  closed: boolean;
}

/** Requests and transports, as the test answers them. */
let requests: Sent[];
let transports: Opened[];
let token: (refused: boolean) => string | Promise<string>;
let session: Session;

const transport: OpenTransport = options => {
  const opened: Opened = { options, streams: [], renewed: 0, closed: false };
  transports.push(opened);
  return {
    open(_request, sink, admit) {
      const stream = {
        left: false,
        next: (answer: Answer) => {
          sink.next({ ...answer, data: admit?.(answer.data as never) });
        },
      };
      opened.streams.push(stream);
      return { leave: () => (stream.left = true), pause: () => undefined, resume: () => undefined };
    },
    renew: () => opened.renewed++,
    wake: () => undefined,
    close: () => (opened.closed = true),
  };
};

const fetched = (_url: unknown, init?: RequestInit) =>
  new Promise<Response>((resolve, reject) => {
    const headers = new Headers(init?.headers);
    init?.signal?.addEventListener('abort', () => {
      reject(new DOMException('aborted', 'AbortError'));
    });
    requests.push({
      authorization: headers.get('authorization') ?? undefined,
      body: JSON.parse(init?.body as string) as Sent['body'],
      answer: (answer, status = 200) => {
        resolve(new Response(JSON.stringify(answer), { status }));
      },
      fail: () => {
        reject(new TypeError('fetch failed'));
      },
    });
  });

beforeEach(() => {
  vi.useFakeTimers();
  requests = [];
  transports = [];
  token = () => tokenOf('cus_1');
  session = createSession({
    url: 'http://shop.example/graphql',
    token: refused => token(refused),
    fetch: fetched as typeof fetch,
    transport,
  });
});
afterEach(() => {
  session.close();
  vi.useRealTimers();
});

const settled = () => vi.advanceTimersByTimeAsync(0);
const ask = (id = 'ord_1') => session.ask({ document: query, variables: { id } });

async function frames(received: unknown[]): Promise<Opened> {
  session.subscribe(
    { document: watch, variables: { id: 'ord_1' } },
    {
      next: answer => received.push(answer.data),
      error: error => received.push(error),
      complete: () => received.push('complete'),
    },
  );
  await settled();
  return transports.at(-1)!;
}

test('an answer that is older than a frame is delivered in the version of the frame, and asked for once', async () => {
  const received: unknown[] = [];
  const { streams } = await frames(received);
  const answer = ask();
  await settled();
  streams[0]!.next({
    data: { orderUpdated: { kind: 'UPDATE', order: order(5, 'SHIPPED') } },
    extensions: { position: at(5), kind: 'UPDATE' },
  });
  requests[0]!.answer({ data: { order: order(4, 'CONFIRMED') }, extensions: { position: at(4) } });
  expect((await answer).data).toEqual({ order: order(5, 'SHIPPED') });
  expect(requests.length).toBe(1);
});

test('a command’s answer that is older than a frame shows the newer state', async () => {
  const { streams } = await frames([]);
  const answer = session.ask({ document: confirm, variables: { input: { orderId: 'ord_1' } } });
  await settled();
  streams[0]!.next({
    data: { orderUpdated: { kind: 'UPDATE', order: order(5, 'SHIPPED') } },
    extensions: { position: at(5), kind: 'UPDATE' },
  });
  const payload = { __typename: 'OrderCommandPayload', version: 4, position: at(4) };
  requests[0]!.answer({ data: { confirmOrder: { ...payload, order: order(4, 'CONFIRMED') } } });
  expect((await answer).data).toEqual({ confirmOrder: { ...payload, order: order(5, 'SHIPPED') } });
});

test('a rejected token is replaced by a fresh one, once for all requests that were rejected together', async () => {
  let held = 'old';
  const calls: boolean[] = [];
  token = refused => {
    calls.push(refused);
    if (refused) held = 'new';
    return tokenOf('cus_1', { held });
  };
  const answers = [ask(), ask()];
  await settled();
  for (const request of [...requests]) request.answer({ errors: [{ message: 'no' }] }, 401);
  await settled();
  expect(requests.length).toBe(4);
  for (const { authorization } of requests.slice(2))
    expect(authorization).toBe(`Bearer ${tokenOf('cus_1', { held: 'new' })}`);
  for (const request of requests.slice(2)) request.answer({ data: { order: null } });
  expect(await Promise.all(answers)).toEqual([{ data: { order: null } }, { data: { order: null } }]);
  expect(calls.filter(Boolean).length).toBe(1);
});

test('a token that is rejected again is reported to the caller', async () => {
  const answer = ask();
  const failure = { errors: [{ message: 'no', extensions: { code: 'UNAUTHENTICATED' } }] };
  await settled();
  requests[0]!.answer(failure, 401);
  await settled();
  expect(requests.length).toBe(1); // `token(true)` returned the same one
  expect(await answer).toEqual(failure);
});

test('logout ends the connections before anything else is sent, and nothing of the viewer arrives after it', async () => {
  const received: unknown[] = [];
  const opened = await frames(received);
  const answer = ask();
  answer.catch(() => undefined);
  await settled();
  session.logout();
  expect(opened.closed).toBe(true);
  expect(received).toEqual(['complete']);
  opened.streams[0]!.next({ data: { orderUpdated: null }, extensions: { position: at(9), kind: 'UPDATE' } });
  requests[0]!.answer({ data: { order: order(4, 'CONFIRMED') }, extensions: { position: at(4) } });
  await expect(answer).rejects.toMatchObject({ code: 'SIGNED_OUT' });
  expect(received).toEqual(['complete']);
  expect(session.seen.position).toBe(undefined);
  expect(session.entities.known('Order:ord_1')).toBe(undefined);
});

test('another viewer’s token ends the connection of the first one, also if both subscribe in one tick', async () => {
  const [first, second, third]: unknown[][] = [[], [], []];
  const one = await frames(first!);
  token = () => tokenOf('cus_2');
  void frames(second!);
  const two = await frames(third!);
  expect(one.closed).toBe(true);
  expect(first).toEqual(['complete']);
  expect(transports.length).toBe(2);
  expect(two.streams.length).toBe(2);
  expect(two.closed).toBe(false);
});

test('what was begun before logout is not sent with the token of the next viewer', async () => {
  let deliver: (token: string) => void = () => undefined;
  token = () => new Promise(resolve => (deliver = resolve));
  const late = ask();
  late.catch(() => undefined);
  session.logout();
  const fetchedLate = deliver;
  token = () => tokenOf('cus_2');
  const next = ask();
  await settled();
  fetchedLate(tokenOf('cus_1'));
  await expect(late).rejects.toMatchObject({ code: 'SIGNED_OUT' });
  expect(requests.map(({ authorization }) => authorization)).toEqual([`Bearer ${tokenOf('cus_2')}`]);
  requests[0]!.answer({ data: { order: null } });
  expect(await next).toEqual({ data: { order: null } });
});

test('before a token expires, the connection is replaced by one with a fresh token', async () => {
  const now = Math.ceil(Date.now() / 1000);
  let expiry = now + 12;
  token = refused => {
    if (refused) expiry += 12;
    return tokenOf('cus_1', { exp: expiry });
  };
  const opened = await frames([]);
  await opened.options.token!(false);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(opened.renewed).toBe(0);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(opened.renewed).toBe(1);
  expect(opened.closed).toBe(false);
});

test('a request on a dead connection ends after 12 s, and is sent again', async () => {
  const answer = ask();
  await settled();
  await vi.advanceTimersByTimeAsync(13_000);
  expect(requests.length).toBe(2);
  requests[1]!.answer({ data: { order: null } });
  expect(await answer).toEqual({ data: { order: null } });
});

test('a request that no server answers ends within a minute', async () => {
  const answer = ask();
  answer.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(60_000);
  await expect(answer).rejects.toMatchObject({ code: 'NETWORK' });
});

test('after RESYNC the positions and versions of the old log are forgotten, and caches ask again', async () => {
  const resynced = vi.fn();
  session.onResync(resynced);
  const { options } = await frames([]);
  session.entities.admit(query, { id: 'ord_1' }, { order: order(9, 'SHIPPED') });
  session.seen.reset(at(3));
  options.onResync(at(3));
  options.onResync(at(3)); // by another subscription
  expect(session.entities.known('Order:ord_1')).toBe(undefined);
  expect(resynced).toHaveBeenCalledTimes(1);
});
