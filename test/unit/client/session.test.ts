import { parse } from 'graphql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLiveCounts, type LiveCounts, type LiveCountsState } from '../../../src/client/live-counts.ts';
import type { Session } from '../../../src/client/session.ts';
import { sessionOperations } from '../../../src/client/session-operations.ts';
import { watchedLive } from '../../../src/client/watched-live.ts';
import {
  at,
  type ControlledSession,
  controlledSession,
  frameOf,
  type OpenedTransport,
  orderAt,
  tokenOf,
} from '../../support/controlled-session.ts';

const query = parse('query ($id: ID!) { order(id: $id) { status } }');
const confirm = parse(
  'mutation ($input: ConfirmOrderInput!) { confirmOrder(input: $input) { ... on OrderCommandPayload { order { status } } } }',
);
const watch = parse('subscription ($id: ID!) { orderUpdated(id: $id) { kind order { status } } }');

let controlled: ControlledSession;
let session: Session;
let requests: ControlledSession['requests'];
let transports: ControlledSession['transports'];

beforeEach(() => {
  vi.useFakeTimers();
  controlled = controlledSession();
  ({ session, requests, transports } = controlled);
});
afterEach(() => {
  session.close();
  vi.useRealTimers();
});

const settled = () => vi.advanceTimersByTimeAsync(0);
const ask = (id = 'ord_1') => session.ask({ document: query, variables: { id } });

async function frames(received: unknown[]): Promise<OpenedTransport> {
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
  streams[0]!.next(frameOf(5, 'SHIPPED'));
  requests[0]!.answer({ data: { order: orderAt(4, 'CONFIRMED') }, extensions: { position: at(4) } });
  expect((await answer).data).toEqual({ order: orderAt(5, 'SHIPPED') });
  expect(requests.length).toBe(1);
});

test('a frame that holds an older state of another object is asked for again: no frame follows for that object', async () => {
  const received: unknown[] = [];
  const customer = { __typename: 'Customer', id: 'cus_1', version: 5, position: at(8) };
  const read = parse('{ customer(id: "cus_1") { id version position } order(id: "ord_1") { id version position } }');
  session.entities.admit(read, {}, { customer });
  session.subscribe(
    { document: parse('subscription { ordersUpdated { kind order { status customer { name } } } }') },
    { next: ({ data }) => received.push(data), error: () => undefined, complete: () => undefined },
  );
  await settled();
  const [stream] = transports[0]!.streams;
  const frame = (version: number, name: string) => {
    const order = { ...orderAt(7, 'SHIPPED'), customer: { ...customer, version, name } };
    return { data: { ordersUpdated: { kind: 'UPDATE', order } }, extensions: { position: at(7), kind: 'UPDATE' } };
  };
  expect(stream!.next(frame(4, 'Before'))).toBe(undefined);
  expect(stream!.next(frame(5, 'After'))).toEqual(frame(5, 'After').data);
  expect(received.length).toBe(1);
  // The order itself is newer: its frame is still to come.
  const { status: _, ...newer } = orderAt(9, 'DELIVERED');
  session.entities.admit(read, {}, { order: newer, customer: { ...customer, version: 6 } });
  expect(stream!.next(frame(5, 'After'))).toBe(null);
});

test('a command’s answer that is older than a frame shows the newer state', async () => {
  const { streams } = await frames([]);
  const answer = session.ask({ document: confirm, variables: { input: { orderId: 'ord_1' } } });
  await settled();
  streams[0]!.next(frameOf(5, 'SHIPPED'));
  const payload = { __typename: 'OrderCommandPayload', version: 4, position: at(4) };
  requests[0]!.answer({ data: { confirmOrder: { ...payload, order: orderAt(4, 'CONFIRMED') } } });
  expect((await answer).data).toEqual({ confirmOrder: { ...payload, order: orderAt(5, 'SHIPPED') } });
});

test('a rejected token is replaced by a fresh one, once for all requests that were rejected together', async () => {
  let held = 'old';
  const calls: boolean[] = [];
  controlled.token = refused => {
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

test('a login that gives the refused token again is asked once more by the next request', async () => {
  const failure = { errors: [{ message: 'The token has expired.', extensions: { code: 'UNAUTHENTICATED' } }] };
  let held = 'old';
  let isReady = false;
  controlled.token = refused => {
    if (refused && isReady) held = 'new';
    return tokenOf('cus_1', { held });
  };
  const first = ask();
  await settled();
  requests[0]!.answer(failure, 401);
  expect(await first).toEqual(failure);
  isReady = true;
  const second = ask();
  await settled();
  requests[1]!.answer(failure, 401);
  await settled();
  expect(requests[2]?.authorization).toBe(`Bearer ${tokenOf('cus_1', { held: 'new' })}`);
  requests[2]!.answer({ data: { order: null } });
  await second;
});

test('a command of any client is not sent with the token of another viewer than the one who gave it', async () => {
  await session.identify();
  controlled.token = () => tokenOf('cus_2');
  const sent = session.ask({ document: confirm, variables: { input: { orderId: 'ord_1' } } });
  await expect(sent).rejects.toMatchObject({ code: 'SIGNED_OUT' });
  expect(requests).toEqual([]);
});

test('what was left before its token came is not sent', async () => {
  const left = new AbortController();
  const sent = session.ask({ document: query, variables: { id: 'ord_1' } }, left.signal);
  left.abort();
  await expect(sent).rejects.toMatchObject({ code: 'SIGNED_OUT' });
  expect(requests).toEqual([]);
});

test('after close nothing is sent or opened, also after a logout', async () => {
  await frames([]);
  session.close();
  session.logout();
  const received: unknown[] = [];
  session.subscribe(
    { document: watch, variables: { id: 'ord_1' } },
    { next: () => undefined, error: error => received.push(error), complete: () => undefined },
  );
  await expect(ask()).rejects.toMatchObject({ code: 'SIGNED_OUT' });
  await expect(session.identify()).rejects.toMatchObject({ code: 'SIGNED_OUT' });
  expect(received).toMatchObject([{ code: 'SIGNED_OUT' }]);
  expect([requests.length, transports.length]).toEqual([0, 1]);
});

test('what hooks watch begins again after logout, and not after close', async () => {
  let begun = 0;
  const watched = watchedLive<LiveCountsState, LiveCounts>(
    session,
    () => {
      begun++;
      return createLiveCounts(sessionOperations(session));
    },
    { status: 'loading', error: undefined, byStatus: undefined, orderCount: undefined, openOrderCount: undefined },
  );
  watched.subscribe(() => undefined);
  await settled();
  session.logout();
  await settled();
  expect([begun, transports.length]).toEqual([2, 2]);
  session.close();
  await settled();
  expect([begun, transports.length]).toEqual([2, 2]);
  expect(watched.current.status).toBe('signedOut');
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
  opened.streams[0]!.next(frameOf(9, 'SHIPPED'));
  requests[0]!.answer({ data: { order: orderAt(4, 'CONFIRMED') }, extensions: { position: at(4) } });
  await expect(answer).rejects.toMatchObject({ code: 'SIGNED_OUT' });
  expect(received).toEqual(['complete']);
  expect(session.seen.position).toBe(undefined);
  expect(session.entities.known('Order:ord_1')).toBe(undefined);
});

test('another viewer’s token ends the connection of the first one, also if both subscribe in one tick', async () => {
  const [first, second, third]: unknown[][] = [[], [], []];
  const one = await frames(first!);
  controlled.token = () => tokenOf('cus_2');
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
  controlled.token = () => new Promise(resolve => (deliver = resolve));
  const late = ask();
  late.catch(() => undefined);
  session.logout();
  const fetchedLate = deliver;
  controlled.token = () => tokenOf('cus_2');
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
  controlled.token = refused => {
    if (refused) expiry += 12;
    return tokenOf('cus_1', { exp: expiry });
  };
  const opened = await frames([]);
  await opened.options.token!(false, new AbortController().signal);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(opened.renewed).toBe(0);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(opened.renewed).toBe(1);
  expect(opened.closed).toBe(false);
});

test('a token that does not come within 4 s is given up and asked for again', async () => {
  const signals: AbortSignal[] = [];
  controlled.token = (_refused, signal) => {
    signals.push(signal);
    return signals.length === 1 ? new Promise(() => undefined) : tokenOf('cus_1');
  };
  const answer = ask();
  await vi.advanceTimersByTimeAsync(3_999);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  requests[0]!.answer({ data: { order: orderAt(3, 'DRAFT') } });
  expect((await answer).data).toEqual({ order: orderAt(3, 'DRAFT') });
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
  session.entities.admit(query, { id: 'ord_1' }, { order: orderAt(9, 'SHIPPED') });
  session.seen.reset(at(3));
  options.onResync(at(3));
  options.onResync(at(3)); // by another subscription
  expect(session.entities.known('Order:ord_1')).toBe(undefined);
  expect(resynced).toHaveBeenCalledTimes(1);
});
