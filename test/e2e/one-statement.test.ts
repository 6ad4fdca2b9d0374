import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { CreateOrderDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { post } from '../support/post.ts';
import { connectSocket } from '../support/socket.ts';
import { added, registered } from '../support/shop.ts';
import { stopwatch } from '../support/standstill.ts';
import { statementsOf } from '../support/statements.ts';
import { useShop } from '../support/use-shop.ts';

/** Longer than hub and projector sleep between two polls, and a process between two reports of itself, ms. */
const quiet = 6_000;

const { app, shop } = useShop();
/** Statements without any request: the polling of the projector and of the hub, and the reports of the process. */
let background: ReadonlySet<string>;
const made = { id: '', number: '', before: '', newest: '' };

beforeAll(async () => {
  const input = { customerId: shop.customer.id, items: [{ productId: shop.productId, quantity: 1 }] };
  for (let n = 0; n < 3; n++) {
    const { orderId, order, position } = accepted(
      await post(app.url, CreateOrderDocument, { input }, { token: shop.staff }),
    );
    if (n === 0) made.before = position;
    Object.assign(made, { id: orderId, number: order!.number });
    await asked(`query ($at: Position) { orders(atLeast: $at) { position } }`, { at: position });
  }
  const idle = await statementsOf(async () => {
    const passed = stopwatch();
    while (passed() < quiet) await sleep(50);
  });
  background = new Set(idle.sql);
});

async function asked(document: string, variables: object = {}): Promise<void> {
  const { data, errors } = await post(app.url, document, variables as never, { token: shop.staff });
  expect(errors).toBeUndefined();
  expect(data).not.toBe(null);
}

/** Statements that the requests caused. */
async function statementsFor(...documents: readonly string[]): Promise<string[]> {
  const { customer, productId } = shop;
  const bound = documents.map(document =>
    document
      .replaceAll('$order', JSON.stringify(made.id))
      .replaceAll('$number', JSON.stringify(made.number))
      .replaceAll('$customer', JSON.stringify(customer.id))
      .replaceAll('$product', JSON.stringify(productId)),
  );
  const { sql } = await statementsOf(() => Promise.all(bound.map(document => asked(document))));
  return sql.filter(one => !background.has(one));
}

const order = 'id number status lines { productName quantity } total { amount } customer { id name }';
const page = `edges { cursor node { id } } pageInfo { hasNextPage endCursor } position`;

test.each([
  ['an order with its customer', `{ order(id: $order) { ${order} } }`],
  ['an order by its number', `{ orderByNumber(number: $number) { ${order} } }`],
  ['a customer', `{ customer(id: $customer) { id name email } }`],
  ['a product', `{ product(id: $product) { id name } }`],
  ['a node', `{ node(id: $order) { id ... on Order { ${order} } } }`],
  ['several nodes of a kind', `{ nodes(ids: [$order, $order]) { id } }`],
  ['a list of orders with their customers', `{ orders { ${page} nodes { ${order} } } }`],
  ['with its count', `{ orders { ${page} totalCount } }`],
  ['backwards', `{ orders(last: 2) { ${page} } }`],
  ['in another order', `{ orders(orderBy: { field: TOTAL, direction: ASC }) { ${page} } }`],
  ['filtered', `{ orders(filter: { statusIn: [DRAFT], currency: "EUR", productId: $product }) { ${page} } }`],
  ['of a customer', `{ orders(filter: { customerId: $customer }) { ${page} } }`],
  ['searched', `{ orders(filter: { search: "ada tea" }) { ${page} totalCount } }`],
  ['a list of customers', `{ customers(search: "ada") { ${page} totalCount } }`],
  ['a list of products', `{ products(search: "tea") { ${page} totalCount } }`],
  ['the counts of all orders', `{ orderCounts { orderCount byStatus { status count } position } }`],
  ['sales by day', `{ salesByDay(from: "2026-01-01", to: "2030-01-01", currency: "EUR") { date revenue { amount } } }`],
  ['the best products', `{ topProducts(currency: "EUR") { productId productName revenue { amount } } }`],
  ['the state of every read model', `{ projections { name state position } }`],
])('%s: one statement', async (_, document) => {
  expect(await statementsFor(document)).toHaveLength(1);
});

test.each([
  ['their orders', `{ customer(id: $customer) { id orders { ${page} totalCount nodes { ${order} } } } }`],
  ['their order totals', `{ customer(id: $customer) { id orderTotals { orderCount totalSpent { amount } } } }`],
  ['the counts of their orders', `{ orderCounts(customerId: $customer) { orderCount position } }`],
  // Two statements: the order's owner, and its events up to then.
  ['an order at an earlier version', `{ orderAt(id: $order, at: { version: 1 }) { orderId version status } }`],
  ['its history', `{ order(id: $order) { id history { nodes { type } } } }`],
])('an entity, and %s: one statement each', async (_, document) => {
  expect(await statementsFor(document)).toHaveLength(2);
});

/** Number of customers on the page below. */
const parents = 100;

test.each([
  [
    'the orders of each customer',
    `{ customers(first: 100) { nodes { id orders { ${page} totalCount nodes { ${order} } } } } }`,
    2,
  ],
  [
    'the orders of each order’s customer',
    `{ orders(first: 100) { nodes { id customer { id orders(first: 3, orderBy: { field: TOTAL, direction: ASC }) { ${page} totalCount } } } } }`,
    2,
  ],
  [
    'two lists of each customer, and their order totals',
    `{ customers(first: 100) { nodes { drafts: orders(filter: { statusIn: [DRAFT] }) { totalCount }
      found: orders(filter: { search: "tea" }) { ${page} } orderTotals { orderCount lastOrderAt } } } }`,
    4,
  ],
  [
    'the history of each order',
    `{ orders(first: 100) { nodes { id history(first: 5) { totalCount nodes { type } } } } }`,
    2,
  ],
  ['the products of each order’s lines', `{ orders(first: 100) { nodes { lines { product { id name } } } } }`, 2],
  [
    'the orders of customers found by a search',
    `{ customers(search: "name", first: 100) { nodes { orders { totalCount } } } }`,
    2,
  ],
])('below a hundred rows, %s: one statement for all of them', async (_, document, statements) => {
  await registerMany();
  expect(await statementsFor(document)).toHaveLength(statements);
});

test('reads that wait for a position are batched too', async () => {
  await registerMany();
  const document = `query ($at: Position) { orders(atLeast: $at, first: 100) { nodes { lines { product { name } } } }
    customers(first: 100, atLeast: $at) { nodes { orders { totalCount } orderTotals { orderCount } } } }`;
  const { sql } = await statementsOf(async () => {
    const { data, errors } = await post(app.url, document, { at: made.newest } as never, {
      token: shop.staff,
      extensions: { atLeast: made.newest },
    });
    expect(errors).toBeUndefined();
    expect(data).not.toBe(null);
  });
  expect(sql.filter(one => !background.has(one))).toHaveLength(5);
});

let registering: Promise<void> | undefined;

/** Stores a hundred customers with one order each; each order has its own product. */
function registerMany(): Promise<void> {
  return (registering ??= (async () => {
    const positions = await Promise.all(
      Array.from({ length: parents }, async (__, n) => {
        const { id: customerId } = await registered(app.url, `Name ${n}`, `n${n}@example.com`);
        const input = { customerId, items: [{ productId: await added(app.url), quantity: 1 }] };
        return accepted(await post(app.url, CreateOrderDocument, { input }, { token: shop.staff })).position;
      }),
    );
    for (const at of positions) {
      await asked(`query ($at: Position) { orders(atLeast: $at, first: 1) { position } }`, { at });
    }
    made.newest = positions.at(-1) ?? '';
  })());
}

test('entities of one kind that are requested in one turn of the event loop: one statement', async () => {
  const some = Array.from({ length: 20 }, (_, n) => `o${n}: order(id: $order) { id }`).join(' ');
  expect(
    await statementsFor(`{ ${some} one: product(id: $product) { id } other: product(id: $product) { name } }`),
  ).toHaveLength(2);
});

test('subscribers that resume different orders from different positions are read for in batches', async () => {
  const input = { customerId: shop.customer.id, items: [{ productId: shop.productId, quantity: 1 }] };
  const orders = await Promise.all(
    Array.from({ length: 60 }, () =>
      post(app.url, CreateOrderDocument, { input }, { token: shop.staff }).then(accepted),
    ),
  );
  const socket = await connectSocket(app.url, shop.staff);
  const document = 'subscription ($id: ID!, $after: Position) { orderUpdated(id: $id, after: $after) { kind } }';
  const { sql } = await statementsOf(async () => {
    for (const { orderId, position } of orders) socket.subscribe(document, { id: orderId, after: position });
    await sleep(quiet);
  });
  const looks = sql.filter(one => !background.has(one));
  expect(looks.length).toBeGreaterThan(0);
  expect(looks.length).toBeLessThan(20);
  await socket.close();
});

test.each([
  ['from its beginning', () => ({ id: made.id })],
  ['from a position', () => ({ id: made.id, after: made.before })],
])('a hundred subscribers that start at once to watch an order %s are read for in batches', async (_, variables) => {
  const socket = await connectSocket(app.url, shop.staff);
  const document =
    'subscription ($id: ID!, $after: Position) { orderUpdated(id: $id, after: $after) { kind order { id } } }';
  const { sql } = await statementsOf(async () => {
    const watching = Array.from({ length: 100 }, () => socket.subscribe(document, variables()));
    for (const one of watching) {
      expect((await one.next()).data).toMatchObject({ orderUpdated: { kind: 'SNAPSHOT', order: { id: made.id } } });
    }
  });
  const looks = sql.filter(one => !background.has(one));
  expect(looks.length).toBeGreaterThan(0);
  expect(looks.length).toBeLessThan(20);
  await socket.close();
});
