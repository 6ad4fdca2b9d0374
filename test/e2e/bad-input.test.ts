import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CreateOrderDocument,
  CustomerOrdersDocument,
  type CustomerOrdersQuery,
  CustomersDocument,
  type CustomersQuery,
  NodesDocument,
  OrdersDocument,
  type OrdersQuery,
  ProductsDocument,
  type ProductsQuery,
} from '../generated/graphql.ts';
import { type Asker, openAsker, type Transport } from '../support/ask.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { connectSocket, openSocket } from '../support/socket.ts';
import { useApp } from '../support/use-shop.ts';
import type { Case } from './bad-input/case.ts';
import { commandCases } from './bad-input/command-cases.ts';
import { readCases } from './bad-input/read-cases.ts';
import { openWorld, unknown, type World } from './bad-input/world.ts';

const { database, app } = useApp();
let world: World;

beforeAll(async () => {
  world = await openWorld(app.url);
});

/** Everything that a command could have stored: events, and keys of personal data. */
async function stored(): Promise<object> {
  return onDatabase(database.url, async client => {
    const { rows } = await client.query<object>(
      'SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM customer_keys) AS keys',
    );
    return rows[0]!;
  });
}

// One test for all cases that differ only in their input: hundreds of titles would hide the others.
describe.each<[Transport, string, (world: World) => Iterable<Case>, number]>([
  ['HTTP', 'command', commandCases, 250],
  ['WebSocket', 'command', commandCases, 250],
  ['HTTP', 'query', readCases, 130],
  ['SSE', 'subscription', readCases, 40],
  ['WebSocket', 'query or subscription', readCases, 170],
])('over %s', (transport, what, cases, atLeast) => {
  const askers = new Map<string, Asker>();

  beforeAll(async () => {
    const callers = { customer: world.customer.token, staff: world.staff, unregistered: world.unregistered.token };
    for (const [name, token] of Object.entries(callers)) askers.set(name, await openAsker[transport](app.url, token));
  });
  afterAll(async () => {
    for (const asker of askers.values()) await asker.close();
  });

  test(`each bad ${what} gets its typed answer or coded error, and nothing is stored`, async () => {
    const before = await stored();
    const asked = [...cases(world)].filter(({ operation: [document] }) => suits(transport, document));
    expect(asked.length).toBeGreaterThan(atLeast);
    const wrong: object[] = [];
    for (const { name, operation, as, answer } of asked) {
      const [document, variables] = operation;
      const { data, errors } = await askers.get(as)!.ask(document.toString(), variables as Record<string, unknown>);
      const got = errors === undefined ? Object.values(data!)[0] : errors.map(({ extensions }) => extensions);
      const expected = 'code' in answer ? [answer] : { message: expect.stringMatching(/^\S.*\.$/), ...answer };
      try {
        expect(got).toMatchObject(expected);
        if (errors) expect(isAllNull(data)).toBe(true);
      } catch {
        wrong.push({ name, expected, got, data });
      }
    }
    expect(wrong).toEqual([]);
    expect(await stored()).toEqual(before);
  });
});

/** Whether the data of a response is empty. */
function isAllNull(data: unknown): boolean {
  return typeof data === 'object' && data !== null ? Object.values(data).every(isAllNull) : data == null;
}

function suits(transport: Transport, document: { toString(): string }): boolean {
  const watches = document.toString().trimStart().startsWith('subscription');
  return transport === 'WebSocket' || watches === (transport === 'SSE');
}

describe('unusual input that is valid', () => {
  test.each([
    ['orders', OrdersDocument, (data: OrdersQuery) => data.orders],
    ['customers', CustomersDocument, (data: CustomersQuery) => data.customers],
    ['products', ProductsDocument, (data: ProductsQuery) => data.products],
    ['customer.orders', CustomerOrdersDocument, (data: CustomerOrdersQuery) => data.customer?.orders],
  ] as const)('an empty page of %s reports whether there are any, from either end', async (_, document, pageOf) => {
    const nothing = { edges: [], totalCount: expect.any(Number) as number };
    const [first, last] = await Promise.all(
      [{ first: 0 }, { last: 0 }].map(async page => {
        const variables = { id: world.customer.id, ...page };
        const { data } = await post(app.url, document as never, variables as never, { token: world.staff });
        return pageOf(data as never);
      }),
    );
    const cursors = { startCursor: null, endCursor: null };
    expect(first).toMatchObject({ ...nothing, pageInfo: { hasNextPage: true, hasPreviousPage: false, ...cursors } });
    expect(last).toMatchObject({ ...nothing, pageInfo: { hasNextPage: false, hasPreviousPage: true, ...cursors } });
  });

  test('a filter that excludes everything finds nothing', async () => {
    const moment = '2026-11-21T00:00:00.000Z';
    for (const filter of [{ idIn: [] }, { statusIn: [] }, { createdFrom: moment, createdTo: moment }]) {
      const { data } = await post(app.url, OrdersDocument, { filter }, { token: world.staff });
      expect(data!.orders).toMatchObject({ edges: [], totalCount: 0 });
    }
  });

  test('a filter by a reference that no order can have finds nothing', async () => {
    for (const reference of ['a\0b', 'a\ud800b', '']) {
      const { data } = await post(app.url, OrdersDocument, { filter: { reference } }, { token: world.staff });
      expect(data!.orders).toMatchObject({ edges: [], totalCount: 0 });
    }
  });

  test('ids of kinds that are no nodes find nothing', async () => {
    const ids = [unknown('lin'), unknown('evt'), unknown('zzz')];
    const { data } = await post(app.url, NodesDocument, { ids }, { token: world.staff });
    expect(data!.nodes).toEqual([null, null, null]);
  });
});

test('an invalid id after one whose row cannot be read is rejected, and the process continues', async () => {
  const answer = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${world.staff}` },
    body: JSON.stringify({
      query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
      variables: { ids: [unknown('ord'), 'none'] },
      extensions: { atLeast: '0000000000001-000000000000' }, // of another log
    }),
  });
  expect(await answer.json()).toMatchObject({ data: null, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  // A pending promise without a handler would fail now, and end the process.
  const { data } = await post(app.url, NodesDocument, { ids: [unknown('ord')] }, { token: world.staff });
  expect(data!.nodes).toEqual([null]);
});

describe('requests that are no operation', () => {
  const json = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
  const body = (length: number) =>
    JSON.stringify({ query: '{ viewer { role } }', variables: { x: 'x'.repeat(length) } });

  test.each([
    ['malformed JSON', json, '{"query": ', 400, 'BAD_USER_INPUT'],
    ['an incomplete document', json, '{"query": "{ viewer {"}', 400, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', json, '{"query": "{ secrets }"}', 400, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'an unknown input field',
      json,
      '{"query": "mutation { createOrder(input: {price: 1}) { __typename } }"}',
      400,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['text', { ...json, 'content-type': 'text/plain' }, '{"query": "{ viewer { role } }"}', 415, 'BAD_USER_INPUT'],
    [
      'a form',
      { ...json, 'content-type': 'application/x-www-form-urlencoded' },
      'query={viewer{role}}',
      415,
      'BAD_USER_INPUT',
    ],
  ])('%s is answered as GraphQL with a 4xx and its code', async (_what, headers, text, status, code) => {
    const before = await stored();
    const authorization = `Bearer ${world.customer.token}`;
    const answer = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { ...headers, authorization },
      body: new TextEncoder().encode(text),
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/graphql-response\+json/);
    expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code } }] });
    expect(await stored()).toEqual(before);
  });

  test('an unknown input field in variables is bad input, and nothing else of the request is executed', async () => {
    const before = await stored();
    const input = { customerId: world.customer.id, number: 'AAAA-AAAA' } as never;
    const answer = await post(app.url, CreateOrderDocument, { input }, { token: world.staff });
    expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect(await stored()).toEqual(before);
  });

  test.each(['Content-Length', 'chunks'])(
    'a body of 11 MB by %s is refused, and its connection serves on',
    async how => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const send = (text: string, chunked: boolean) =>
        new Promise<{ status: number | undefined; answer: unknown }>((resolve, reject) => {
          const sent = request(`${app.url}/graphql`, { agent, method: 'POST', headers: json }, response => {
            let received = '';
            response.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
            response.on('end', () => resolve({ status: response.statusCode, answer: JSON.parse(received) }));
          });
          sent.on('error', reject);
          if (!chunked) sent.setHeader('Content-Length', Buffer.byteLength(text));
          else for (let at = 0; at < text.length; at += 65_536) sent.write(text.slice(at, at + 65_536));
          sent.end(chunked ? '' : text);
        });
      const refused = await send(body(11_000_000), how === 'chunks');
      expect(refused).toMatchObject({
        status: 413,
        answer: { errors: [{ extensions: { code: 'LIMIT_EXCEEDED', limit: 1_000_000 } }] },
      });
      const next = await send('{"query": "{ __typename }"}', false);
      expect(next).toEqual({ status: 200, answer: { data: { __typename: 'Query' } } });
      agent.destroy();
    },
  );

  test('over a WebSocket, a bad document ends only its own operation', async () => {
    const socket = await connectSocket(app.url, world.customer.token);
    const codes = async (document: string) =>
      ((await socket.subscribe(document).frame()).payload as { extensions: object }[]).map(
        ({ extensions }) => extensions,
      );
    expect(await codes('{ viewer {')).toEqual([{ code: 'GRAPHQL_PARSE_FAILED' }]);
    expect(await codes('{ secrets }')).toEqual([{ code: 'GRAPHQL_VALIDATION_FAILED' }]);
    expect(await codes('subscription { viewer { role } }')).toEqual([{ code: 'GRAPHQL_VALIDATION_FAILED' }]);
    expect((await socket.subscribe('{ viewer { role } }').next()).data).toEqual({ viewer: { role: 'CUSTOMER' } });
    await socket.close();
  });

  test.each([
    ['malformed JSON', '{"type": ', 4400],
    ['an unknown message type', '{"type": "shout"}', 4400],
    ['an invalid operation', '{"id": "1", "type": "subscribe", "payload": {"query": 7}}', 4400],
    ['11 MB', JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'x'.repeat(11_000_000) } }), 1009],
  ])(
    'a WebSocket that sends %s is closed with the code for it, and no other socket is',
    async (_what, message, code) => {
      const bystander = await connectSocket(app.url, world.customer.token);
      const socket = await connectSocket(app.url, world.customer.token);
      socket.send(message);
      expect((await socket.closed).code).toBe(code);
      expect((await bystander.subscribe('{ viewer { role } }').next()).data).toEqual({ viewer: { role: 'CUSTOMER' } });
      await bystander.close();
    },
  );

  test('a protocol other than graphql-transport-ws is rejected', async () => {
    await expect(openSocket(app.url, { protocol: 'graphql-ws' })).rejects.toThrow();
  });
});
