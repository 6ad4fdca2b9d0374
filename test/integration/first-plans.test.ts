import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { byKey, type Database } from '../../src/database/database.ts';
import { openPlainCustomerPages } from '../../src/customer/views/customer-view.ts';
import type { Statement } from '../../src/database/database.ts';
import { openPlainOrderPages, readOrders } from '../../src/order/views/read-orders.ts';
import { loadRows } from '../../src/projections/load-rows.ts';
import type { PageRequest } from '../../src/projections/read-page.ts';
import type { ReadSource } from '../../src/projections/read-entities.ts';
import { ReaderRowCache } from '../../src/projections/reader-row-cache.ts';
import { types, views } from '../../src/slices.ts';
import { fillOrdersOf } from '../support/many-orders.ts';
import { planOf, statementsSent } from '../support/plans.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { openNode, type TestNode } from '../support/random-history.ts';

let database: TestDatabase;
let node: TestNode;
let client: pg.Client;
beforeAll(async () => {
  database = await freshDatabase();
  node = await openNode(database.url);
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  for (const setting of byKey) await client.query(`SET ${setting}`);
});
afterAll(async () => {
  await client.end();
  await node.close();
  await database.drop();
});

// A process that starts on a new database prepares its statements there, and caches their plans while the tables
// grow.
test.each<[string, (own: Database) => Promise<unknown>]>([
  ['the projector', own => loadRows(own, views.folded, 1, [{ streamType: 'order', streamId: 'ord_1' }])],
  ['a query for an order', own => readOrders({ database: own, types }, ['ord_1'])],
])('even on empty tables %s finds rows by key, not by scanning another index', async (_who, read) => {
  const sent = await statementsSent(node.database, read);
  const plans = await Promise.all(sent.map(statement => planOf(client, statement)));
  const used = plans.flatMap(({ indexes }) => indexes).filter(name => name.includes('_view_'));
  expect(used).toContain('order_view_pkey');
  expect(used.filter(name => !name.endsWith('_pkey'))).toEqual([]);
});

type ReadPage = (source: ReadSource, request: PageRequest) => Promise<unknown>;

const plainPages: [string, string, ReadPage][] = [
  ['all orders', 'order_view_created', (source, one) => orderPage(source, {}, one)],
  ['orders in a status', 'order_view_status', (source, one) => orderPage(source, { statusIn: ['CONFIRMED'] }, one)],
  ['the orders of a customer', 'order_view_customer', (source, one) => orderPage(source, { customerId: 'cus_1' }, one)],
  ['customers', 'customer_view_created', async (source, one) => openPlainCustomerPages(source)(one)],
];

async function orderPage(source: ReadSource, filter: object, request: PageRequest): Promise<unknown> {
  return openPlainOrderPages(source)({ filter, sort: 'createdAt' }, request);
}

async function expectOneIndex(index: string, readPage: ReadPage): Promise<void> {
  const cursor = { value: new Date(0).toISOString(), id: 'ord_1' };
  for (const request of [{}, { cursor }, { direction: 'ASC', cursor, joined: false }] as const) {
    const sent: Statement[] = [];
    const lookUp: ReadSource['lookUp'] = statement => {
      sent.push(statement);
      return node.source.lookUp!(statement);
    };
    const plain = { limit: 20, backwards: false, cursor: undefined, direction: 'DESC', count: false } as const;
    const source = { ...node.source, lookUp, seen: new ReaderRowCache() };
    await readPage(source, { ...plain, atLeast: undefined, ...request });
    expect(sent).toHaveLength(1);
    const { text, values } = sent[0]!;
    const { indexes } = await planOf(client, { text, values: [...values] } as never);
    // The customer of each row is found by key.
    expect(indexes.filter(name => name.includes('_view_') && name !== 'customer_view_pkey')).toEqual([index]);
  }
}

test.each(plainPages)('even on empty tables a plain page of %s uses only its own index', async (_, index, readPage) => {
  await expectOneIndex(index, readPage);
});

// Then the statistics say that the index of the status, or of the customer, finds as many orders as the index of all.
test('the same is true if all orders have one status and one customer', async () => {
  await fillOrdersOf(client, 'cus_1', 5_000);
  for (const [, index, readPage] of plainPages) await expectOneIndex(index, readPage);
});
