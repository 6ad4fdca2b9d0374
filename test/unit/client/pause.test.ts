import { parse } from 'graphql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLiveList } from '../../../src/client/live-list.ts';
import { createSession, type Session } from '../../../src/client/session.ts';
import { sessionOperations } from '../../../src/client/session-operations.ts';
import { eventStreamTransport } from '../../../src/client/sse.ts';
import { createScriptedServer, type ScriptedServer } from '../../../src/client/testing/index.ts';
import { soon } from '../../support/scripted.ts';

const fragment = parse('fragment Row on Order { number status }');
let server: ScriptedServer;
let session: Session;
let frames: { readonly id: string; readonly version: number }[];

beforeEach(() => {
  server = createScriptedServer({ orders: [{ status: 'SUBMITTED' }] });
  frames = [];
});
afterEach(() => {
  session.close();
});

function open(transport?: typeof eventStreamTransport) {
  session = createSession({
    url: server.url,
    token: () => server.token(),
    fetch: server.fetch,
    webSocket: server.WebSocket,
    transport,
  });
  const operations = sessionOperations(session);
  return createLiveList<{ number: string; status: string }>(
    {
      ...operations,
      subscribe: (document, variables, sink) =>
        operations.subscribe(document, variables, {
          ...sink,
          next(answer) {
            const { order } = (answer.data as { value: { order: { id: string; version: number } | null } }).value;
            if (order) frames.push({ id: order.id, version: order.version });
            sink.next(answer);
          },
        }),
    },
    { fragment },
  );
}

/** Long enough for a client that would not wait to have connected again. */
const aWhile = () => new Promise(resolve => setTimeout(resolve, 600));

test.each([
  ['a WebSocket', undefined],
  ['event streams', eventStreamTransport],
])('while a session over %s is paused it gets no frame, and afterwards each missed one once', async (_, transport) => {
  const list = open(transport);
  await soon(() => expect(session.connection.current.status).toBe('live'));
  server.addOrder();
  await soon(() => expect(list.current.rows).toHaveLength(2));
  const before = frames.length;

  session.pause();
  expect(session.connection.current.status).toBe('paused');
  const missed = [server.addOrder(), server.addOrder()];
  await aWhile();
  expect(session.connection.current.status).toBe('paused');
  expect(frames).toHaveLength(before);
  expect(list.current.rows).toHaveLength(2);

  session.resume();
  await soon(() => expect(list.current.rows).toHaveLength(4));
  expect(frames.slice(before)).toEqual(missed.map(({ id, version }) => ({ id, version })));
  expect(session.connection.current.status).toBe('live');
  list.end();
});

test('a subscription that begins while the session is paused starts with resume()', async () => {
  const list = open();
  session.pause();
  await aWhile();
  expect(list.current.rows).toHaveLength(1); // over HTTP
  expect(server.requests.filter(({ kind }) => kind === 'subscription')).toEqual([]);
  session.resume();
  await soon(() => expect(session.connection.current.status).toBe('live'));
  list.end();
});

test('signing out while the connection is being made leaves no rejected promise behind', async () => {
  for (let ticks = 0; ticks < 12; ticks++) {
    const list = open();
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
    session.logout();
    session.close();
    list.end();
  }
  await aWhile(); // a rejection that nobody handles fails the test
});
