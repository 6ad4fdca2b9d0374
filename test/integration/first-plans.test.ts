import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { readCustomerPage } from '../../src/customer/views/customer-view.ts';
import { readCustomersOrderPages, readOrderPage, readOrders } from '../../src/order/views/read-orders.ts';
import { readProductPage } from '../../src/product/views/product-view.ts';
import { readRowsToFold } from '../../src/projections/read-rows-to-fold.ts';
import type { PageRequest } from '../../src/projections/page.ts';
import type { ReadSource } from '../../src/projections/read-entities.ts';
import { types, views } from '../../src/slices.ts';
import { fillOrdersOf } from '../support/many-orders.ts';
import { planOf, statementsSent } from '../support/plans.ts';
import { useNode } from '../support/use-node.ts';

const { database, node } = useNode();
let client: pg.Client;
beforeAll(async () => {
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
});

// A process that starts on a new database prepares its statements there, and caches their plans while the tables
// grow.
test.each<[string, (own: Database) => Promise<unknown>]>([
  ['the projector', own => readRowsToFold(own, views.folded, 1, [{ streamType: 'order', streamId: 'ord_1' }])],
  ['a query for an order', own => readOrders({ database: own, types }, ['ord_1'])],
])('even on empty tables %s finds rows by key, not by scanning another index', async (_who, read) => {
  const sent = await statementsSent(node.database, read);
  const plans = await Promise.all(sent.map(statement => planOf(client, statement)));
  const used = plans.flatMap(({ indexes }) => indexes).filter(name => name.includes('_view_'));
  expect(used).toContain('order_view_pkey');
  expect(used.filter(name => !name.endsWith('_pkey'))).toEqual([]);
});

type ReadPage = (source: ReadSource, request: PageRequest) => Promise<unknown>;

const sort = 'createdAt';
const indexedPages: [string, string, ReadPage][] = [
  ['all orders', 'order_view_created', (source, one) => readOrderPage(source, { filter: {}, sort }, one)],
  [
    'orders in a status',
    'order_view_status',
    (source, one) => readOrderPage(source, { filter: { statusIn: ['CONFIRMED'] }, sort }, one),
  ],
  [
    'the orders of a customer',
    'order_view_customer',
    (source, one) => readOrderPage(source, { filter: { customerId: 'cus_1' }, sort }, one),
  ],
  [
    'the orders of several customers',
    'order_view_customer',
    (source, one) => readCustomersOrderPages(source, ['cus_1', 'cus_2'], { filter: {}, sort }, one),
  ],
  ['customers', 'customer_view_created', (source, one) => readCustomerPage(source, undefined, one)],
  ['products', 'product_view_created', (source, one) => readProductPage(source, undefined, one)],
];

async function expectOneIndex(index: string, readPage: ReadPage): Promise<void> {
  const cursor = { value: new Date(0).toISOString(), id: 'ord_1' };
  const plain = { limit: 20, backwards: false, cursor: undefined, direction: 'DESC', count: false } as const;
  for (const request of [{}, { cursor }, { direction: 'ASC', cursor, joined: false }, { backwards: true }] as const) {
    const page = { ...plain, atLeast: undefined, ...request };
    const [sent, ...others] = await statementsSent(node.database, own => readPage({ database: own, types }, page));
    expect(others).toEqual([]);
    const { indexes } = await planOf(client, sent!);
    // The customer of each order is found by key.
    expect(indexes.filter(name => name.includes('_view_') && name !== 'customer_view_pkey')).toEqual([index]);
  }
}

test.each(indexedPages)('even on empty tables a page of %s uses only the index of its list', async (_, index, read) => {
  await expectOneIndex(index, read);
});

// Then the statistics say that the index of the status, or of the customer, finds as many orders as the index of all.
test('the same is true if all orders have one status and one customer', async () => {
  await fillOrdersOf(client, 'cus_1', 5_000);
  for (const [, index, read] of indexedPages) await expectOneIndex(index, read);
});
