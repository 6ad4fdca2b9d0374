import { afterEach, expect, test, vi } from 'vitest';
import { createClient } from '../../../../src/client/graphql-ws.ts';
import { createStreamClient } from '../../../../src/client/sse.ts';
import { createScriptedServer, type ScriptedServer } from '../../../../src/client/testing/index.ts';

interface Reply {
  readonly data?: Record<string, Record<string, unknown> | null> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
  readonly extensions?: { readonly position?: string; readonly kind?: string };
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  vi.useRealTimers();
});

async function ask(server: ScriptedServer, query: string, variables = {}, token = server.token()): Promise<Reply> {
  return (await (await post(server, query, variables, token)).json()) as Reply;
}

function post(server: ScriptedServer, query: string, variables = {}, token = server.token()): Promise<Response> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return server.fetch(server.url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
}

/** The frames of a subscription over our own socket client. */
function watch(server: ScriptedServer, query: string, variables = {}, subject?: string) {
  const client = createClient({ url: server.url, webSocketImpl: server.WebSocket, token: () => server.token(subject) });
  const frames: Reply[] = [];
  const errors: unknown[] = [];
  const end = client.subscribe(
    { query, variables },
    { next: frame => frames.push(frame as Reply), error: error => errors.push(error), complete: () => undefined },
  );
  ends.push(end, () => client.dispose());
  return { frames, errors, client };
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 5 });

const board = `query ($filter: OrderFilter, $first: Int, $after: String) {
  orders(filter: $filter, first: $first, after: $after) {
    nodes { id status version position } pageInfo { hasNextPage endCursor } totalCount position
  }
}`;
const list = `subscription ($filter: OrderFilter, $after: Position) {
  ordersUpdated(filter: $filter, after: $after) { kind position matches order { id status version position } }
}`;
const confirm = `mutation ($input: ConfirmOrderInput!) {
  confirmOrder(input: $input) {
    __typename
    ... on OrderCommandPayload { version position order { status version position } }
    ... on RejectedError { reason message path current { ... on Order { status } } }
    ... on CommandError { message }
    ... on VersionConflictError { actualVersion current { id } }
    ... on InvalidInputError { issues { path message } }
  }
}`;

test('an order of a status alone is complete: each field that is not nullable has a value', async () => {
  const server = createScriptedServer({ orders: [{ status: 'SHIPPED' }] });
  const { data, errors } = await ask(
    server,
    `query ($id: ID!) { order(id: $id) {
      id number reference status itemCount version position createdAt submittedAt shippedAt deliveredAt
      customer { id name email orderTotals { orderCount totalSpent { amount currency } } }
      lines { id productName quantity unitPrice { amount minorUnits currency } product { id name available } }
      total { amount currency } shipment { carrier trackingNumber } availableActions } }`,
    { id: server.orders[0]!.id },
  );
  expect(errors).toBeUndefined();
  expect(data?.['order']).toMatchObject({
    status: 'SHIPPED',
    version: 5,
    itemCount: 1,
    customer: { name: 'Ada Lovelace', orderTotals: { orderCount: 1, totalSpent: [{ amount: '12.50' }] } },
    total: { amount: '12.50', currency: 'EUR' },
    shipment: { carrier: 'DHL' },
    deliveredAt: null,
    availableActions: ['DELIVER'],
  });
});

test('a page of a list is filtered by status and continues after its cursor, the newest first', async () => {
  const server = createScriptedServer({ orders: ['a', 'b', 'c', 'd'].map(id => ({ id, status: 'SUBMITTED' })) });
  server.change('b', { status: 'CONFIRMED' });
  const filter = { statusIn: ['SUBMITTED'] };
  const first = (await ask(server, board, { filter, first: 2 })).data!['orders'] as never as {
    nodes: { id: string }[];
    pageInfo: { hasNextPage: boolean; endCursor: string };
    totalCount: number;
  };
  expect(first.nodes.map(({ id }) => id)).toEqual(['d', 'c']);
  expect(first).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } });
  const next = await ask(server, board, { filter, first: 2, after: first.pageInfo.endCursor });
  expect(next.data!['orders']).toMatchObject({ nodes: [{ id: 'a' }], pageInfo: { hasNextPage: false } });
});

test('a command changes the order as the server would, and a wrong status is refused with the current state', async () => {
  const server = createScriptedServer({ orders: [{ id: 'ord', status: 'SUBMITTED', version: 3 }] });
  const before = server.position;
  const accepted = (await ask(server, confirm, { input: { orderId: 'ord', expectedVersion: 3 } })).data![
    'confirmOrder'
  ];
  expect(accepted).toMatchObject({ version: 4, order: { status: 'CONFIRMED', version: 4 } });
  expect((accepted as { position: string }).position > before).toBe(true);
  expect((await ask(server, confirm, { input: { orderId: 'ord' } })).data!['confirmOrder']).toMatchObject({
    __typename: 'RejectedError',
    reason: 'ORDER_NOT_SUBMITTED',
    path: ['input', 'orderId'],
    current: { status: 'CONFIRMED' },
  });
  expect((await ask(server, confirm, { input: { orderId: 'ord', expectedVersion: 3 } })).data!['confirmOrder']).toEqual(
    {
      __typename: 'VersionConflictError',
      message: 'The order is at version 4, not 3: read it again.',
      actualVersion: 4,
      current: { id: 'ord' },
    },
  );
});

test('frames follow a change, and a subscription that was cut continues after its last frame', async () => {
  const server = createScriptedServer({ orders: [{ id: 'ord', status: 'SUBMITTED' }] });
  const { frames } = watch(server, list);
  await soon(() => expect(frames).toHaveLength(1));
  expect(frames[0]).toMatchObject({ extensions: { kind: 'PROGRESS', position: server.position } });
  server.change('ord', { status: 'CONFIRMED' });
  await soon(() => expect(frames).toHaveLength(2));
  server.cut();
  server.change('ord', { status: 'SHIPPED' });
  await soon(() => expect(frames.at(-1)).toMatchObject({ data: { ordersUpdated: { order: { status: 'SHIPPED' } } } }));
  expect(server.requests.map(({ name, extensions }) => [name, extensions['after']])).toEqual([
    ['ordersUpdated', undefined],
    ['ordersUpdated', frames[1]!.extensions!.position],
  ]);
});

test('a stream of events sends the same frames', async () => {
  const server = createScriptedServer({ orders: [{ id: 'ord' }] });
  const client = createStreamClient({ url: server.url, fetch: server.fetch, token: () => server.token() });
  const frames: unknown[] = [];
  ends.push(
    client.subscribe(
      { query: list },
      { next: frame => frames.push(frame), error: () => undefined, complete: () => undefined },
    ),
  );
  await soon(() => expect(frames).toHaveLength(1));
  server.change('ord', { status: 'SUBMITTED' });
  await soon(() => expect(frames).toHaveLength(2));
  server.cut();
  server.change('ord', { status: 'CONFIRMED' });
  await soon(() =>
    expect(frames.at(-1)).toMatchObject({ data: { ordersUpdated: { order: { status: 'CONFIRMED' } } } }),
  );
});
