import { afterEach, expect, test } from 'vitest';
import { createStreamClient } from '../../../../src/client/sse.ts';
import { createScriptedServer, type ScriptedServer } from '../../../../src/client/testing/index.ts';
import { parsePosition } from '../../../../src/event-store/position.ts';
import { askScripted, fieldOf, postTo, soon, watchScripted } from '../../../support/scripted.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function watch(server: ScriptedServer, query: string, variables = {}, subject?: string) {
  const watched = watchScripted(server, query, variables, subject);
  ends.push(watched.end);
  return watched;
}

const page = `query ($filter: OrderFilter, $first: Int, $after: String) {
  orders(filter: $filter, first: $first, after: $after) {
    nodes { id status } pageInfo { hasNextPage hasPreviousPage endCursor } totalCount position
  }
}`;
const list = `subscription Board($filter: OrderFilter, $after: Position) {
  ordersUpdated(filter: $filter, after: $after) { kind matches order { id status version position } }
}`;
const one = `subscription ($id: ID!, $after: Position) {
  orderUpdated(id: $id, after: $after) { order { status version } }
}`;
const confirm = `mutation ($input: ConfirmOrderInput!) {
  confirmOrder(input: $input) {
    __typename
    ... on OrderCommandPayload { version position order { status version } }
    ... on CommandError { message }
    ... on RejectedError { reason path current { ... on Order { status } } }
    ... on VersionConflictError { actualVersion current { id } }
    ... on InvalidInputError { issues { path message } }
  }
}`;
const status = 'query ($id: ID!, $atLeast: Position) { order(id: $id, atLeast: $atLeast) { status version } }';

test('an order of a status alone is complete: each field that is not nullable has a value', async () => {
  const server = createScriptedServer({ orders: [{ status: 'SHIPPED' }] });
  const reply = await askScripted(
    server,
    `query ($id: ID!) { order(id: $id) {
      id number reference status itemCount version position createdAt submittedAt shippedAt deliveredAt
      customer { id name email orderTotals { orderCount totalSpent { amount currency } } }
      lines { id productName quantity unitPrice { amount minorUnits currency } product { id name available } }
      total { amount currency } shipment { carrier trackingNumber } availableActions } }`,
    { id: server.orders[0]!.id },
  );
  expect(reply.errors).toBeUndefined();
  expect(fieldOf(reply)).toMatchObject({
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

test('what a test gives is shown: lines with their prices, another customer, a product', async () => {
  const server = createScriptedServer({
    customers: [{ id: 'cus_grace', name: 'Grace Hopper' }],
    products: [{ id: 'prd_tea', name: 'Oolong', price: 300 }],
    orders: [{ customerId: 'cus_grace', lines: [{ productId: 'prd_tea', quantity: 2 }, { unitPrice: 50 }] }],
  });
  expect(server.customers.map(({ name }) => name)).toEqual(['Grace Hopper']);
  const query = '{ orders { nodes { customer { name } lines { productName quantity } total { amount } } } }';
  expect(fieldOf(await askScripted(server, query))).toEqual({
    nodes: [
      {
        customer: { name: 'Grace Hopper' },
        lines: [
          { productName: 'Oolong', quantity: 2 },
          { productName: 'Oolong', quantity: 1 },
        ],
        total: { amount: '6.50' },
      },
    ],
  });
});

test("positions have the server's format, and rise as text", () => {
  const server = createScriptedServer({ orders: [{ id: 'ord', status: 'DRAFT' }] });
  const positions = [server.position];
  for (let change = 0; change < 20; change++) {
    server.change('ord', { reference: `${change}` });
    positions.push(server.position);
  }
  expect(positions.map(parsePosition)).not.toContain(undefined);
  expect([...positions].sort()).toEqual(positions);
  expect(new Set(positions).size).toBe(21);
});

test('a page of a list is filtered by status and continues after its cursor, the newest first', async () => {
  const server = createScriptedServer({ orders: ['a', 'b', 'c', 'd'].map(id => ({ id, status: 'SUBMITTED' })) });
  server.change('b', { status: 'CONFIRMED' });
  const filter = { statusIn: ['SUBMITTED'] };
  const first = fieldOf(await askScripted(server, page, { filter, first: 2 }));
  expect(first).toMatchObject({ nodes: [{ id: 'd' }, { id: 'c' }], totalCount: 3, pageInfo: { hasNextPage: true } });
  const after = (first!['pageInfo'] as { endCursor: string }).endCursor;
  expect(fieldOf(await askScripted(server, page, { filter, first: 2, after }))).toMatchObject({
    nodes: [{ id: 'a' }],
    pageInfo: { hasNextPage: false, hasPreviousPage: true },
  });
});

test('a command changes the order; a wrong status and a wrong version are refused with the current state', async () => {
  const server = createScriptedServer({ orders: [{ id: 'ord', status: 'SUBMITTED', version: 3 }] });
  const before = server.position;
  const accepted = fieldOf(await askScripted(server, confirm, { input: { orderId: 'ord', expectedVersion: 3 } }));
  expect(accepted).toMatchObject({ version: 4, order: { status: 'CONFIRMED', version: 4 } });
  expect(accepted!['position']).toBe(server.position);
  expect(server.position > before).toBe(true);
  expect(fieldOf(await askScripted(server, confirm, { input: { orderId: 'ord' } }))).toMatchObject({
    __typename: 'RejectedError',
    reason: 'ORDER_NOT_SUBMITTED',
    path: ['input', 'orderId'],
    current: { status: 'CONFIRMED' },
  });
  expect(fieldOf(await askScripted(server, confirm, { input: { orderId: 'ord', expectedVersion: 3 } }))).toEqual({
    __typename: 'VersionConflictError',
    message: 'The order is at version 4, not 3: read it again.',
    actualVersion: 4,
    current: { id: 'ord' },
  });
});

test('a repeat with an idempotency key gets the first result, and another command with it is refused', async () => {
  const server = createScriptedServer({ orders: ['a', 'b'].map(id => ({ id, status: 'SUBMITTED' })) });
  const input = { orderId: 'a', idempotencyKey: 'once' };
  const first = fieldOf(await askScripted(server, confirm, { input }));
  server.change('a', { status: 'SHIPPED' });
  const repeat = fieldOf(await askScripted(server, confirm, { input }));
  expect(repeat).toMatchObject({
    version: first!['version'],
    position: first!['position'],
    order: { status: 'SHIPPED' },
  });
  expect(fieldOf(await askScripted(server, confirm, { input: { ...input, orderId: 'b' } }))).toMatchObject({
    __typename: 'IdempotencyKeyReusedError',
  });
});

test('customers see and command only what is theirs', async () => {
  const server = createScriptedServer({ orders: [{ id: 'ord', customerId: 'cus_ada' }, { customerId: 'cus_eve' }] });
  const token = server.token('cus_eve');
  expect(await askScripted(server, status, { id: 'ord' }, token)).toMatchObject({ data: { order: null } });
  const orders = await askScripted(server, page, {}, token);
  expect(orders).toMatchObject({ data: { orders: null }, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  const cancel = 'mutation { cancelOrder(input: { orderId: "ord", reason: "no" }) { __typename } }';
  expect(fieldOf(await askScripted(server, cancel, {}, token))).toEqual({ __typename: 'NotFoundError' });
  const mine = '{ viewer { role customer { id orders { totalCount } } } }';
  expect(fieldOf(await askScripted(server, mine, {}, token))).toEqual({
    role: 'CUSTOMER',
    customer: { id: 'cus_eve', orders: { totalCount: 1 } },
  });
});

test('frames follow a change, and a subscription that was cut continues after its last frame', async () => {
  const server = createScriptedServer({ orders: [{ id: 'ord', status: 'SUBMITTED' }] });
  const { frames, closes } = watch(server, list);
  await soon(() => expect(frames).toHaveLength(1));
  expect(frames[0]).toMatchObject({ extensions: { kind: 'PROGRESS', position: server.position } });
  server.change('ord', { status: 'CONFIRMED' });
  await soon(() => expect(frames).toHaveLength(2));
  server.cut();
  server.change('ord', { status: 'SHIPPED' });
  await soon(() => expect(frames.at(-1)).toMatchObject({ data: { ordersUpdated: { order: { status: 'SHIPPED' } } } }));
  expect(closes).toEqual([1006]);
  expect(server.requests.map(({ name, extensions }) => [name, extensions['after']])).toEqual([
    ['Board', undefined],
    ['Board', frames[1]!.extensions!.position],
  ]);
});

test('a list says whether a changed order still matches; an order that never can match is not sent', async () => {
  const server = createScriptedServer({
    orders: [
      { id: 'a', status: 'SUBMITTED', customerId: 'cus_ada' },
      { id: 'b', customerId: 'cus_eve' },
    ],
  });
  const { frames } = watch(server, list, { filter: { statusIn: ['SUBMITTED'], customerId: 'cus_ada' } });
  await soon(() => expect(frames).toHaveLength(1));
  server.change('b', { status: 'SUBMITTED' });
  server.change('a', { reference: 'mine' });
  server.change('a', { status: 'CONFIRMED' });
  const { id } = server.addOrder({ status: 'SUBMITTED', customerId: 'cus_ada' });
  await soon(() => expect(frames).toHaveLength(4));
  expect(frames.slice(1).map(fieldOf)).toMatchObject([
    { matches: true, order: { id: 'a' } },
    { matches: false, order: { id: 'a' } },
    { matches: true, order: { id } },
  ]);
});

test('an order is sent at once and after each change; counts only if they have changed', async () => {
  const server = createScriptedServer({ orders: [{ id: 'ord', status: 'SUBMITTED' }] });
  const order = watch(server, one, { id: 'ord' });
  const counts = watch(server, 'subscription { orderCountsUpdated { kind counts { openOrderCount } } }');
  await soon(() => expect([order.frames.length, counts.frames.length]).toEqual([1, 1]));
  server.change('ord', { reference: 'other' });
  server.change('ord', { status: 'DELIVERED' });
  await soon(() => expect([order.frames.length, counts.frames.length]).toEqual([3, 2]));
  expect(order.frames.map(({ extensions }) => extensions?.kind)).toEqual(['SNAPSHOT', 'UPDATE', 'UPDATE']);
  expect(counts.frames.map(fieldOf)).toEqual([
    { kind: 'SNAPSHOT', counts: { openOrderCount: 1 } },
    { kind: 'UPDATE', counts: { openOrderCount: 0 } },
  ]);
});

test('customers and products are live, too', async () => {
  const server = createScriptedServer({ customers: [{ id: 'cus_ada' }], products: [{ id: 'prd_tea' }] });
  const customer = watch(
    server,
    'subscription { customerUpdated(id: "cus_ada") { customer { name } } }',
    {},
    'cus_ada',
  );
  const products = watch(server, 'subscription { productsUpdated(search: "tea") { matches product { name } } }');
  await soon(() => expect([customer.frames.length, products.frames.length]).toEqual([1, 1]));
  server.change('cus_ada', { name: 'Ada King' });
  server.change('prd_tea', { name: 'Coffee' });
  await soon(() => expect([customer.frames.length, products.frames.length]).toEqual([2, 2]));
  expect(fieldOf(customer.frames[1]!)).toEqual({ customer: { name: 'Ada King' } });
  expect(fieldOf(products.frames[1]!)).toEqual({ matches: false, product: { name: 'Coffee' } });
});

test('a stream of events sends the same frames and resumes after a cut', async () => {
  const server = createScriptedServer({ orders: [{ id: 'ord' }] });
  const client = createStreamClient({ url: server.url, fetch: server.fetch, token: () => server.token() });
  const frames: unknown[] = [];
  const sink = { next: (frame: unknown) => frames.push(frame), error: () => undefined, complete: () => undefined };
  ends.push(client.subscribe({ query: list }, sink));
  await soon(() => expect(frames).toHaveLength(1));
  server.change('ord', { status: 'SUBMITTED' });
  await soon(() => expect(frames).toHaveLength(2));
  server.cut();
  server.change('ord', { status: 'CONFIRMED' });
  await soon(() =>
    expect(frames.at(-1)).toMatchObject({ data: { ordersUpdated: { order: { status: 'CONFIRMED' } } } }),
  );
  expect(server.requests.map(({ transport }) => transport)).toEqual(['stream', 'stream']);
});

test('what a client cannot ask is answered with the code of the error', async () => {
  const server = createScriptedServer({ orders: [{ id: 'ord' }] });
  const codeOf = async (query: string, variables = {}) => {
    const response = await postTo(server, query, variables);
    const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
    return [response.status, errors[0]!.extensions.code];
  };
  expect(await codeOf('{ nothing')).toEqual([400, 'GRAPHQL_PARSE_FAILED']);
  expect(await codeOf('{ nothing }')).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
  expect(await codeOf(status)).toEqual([400, 'BAD_USER_INPUT']);
  expect(await codeOf(status, { id: 'ord', atLeast: 'soon' })).toEqual([400, 'BAD_USER_INPUT']);
  expect(await codeOf('{ orders(first: 101) { totalCount } }')).toEqual([200, 'LIMIT_EXCEEDED']);
  expect(await codeOf('{ salesByDay(from: "2026-01-01", to: "2026-01-02", currency: "EUR") { date } }')).toEqual([
    200,
    'INTERNAL',
  ]);
});
