import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { byKey, type Database } from '../../src/database/database.ts';
import { readOrders } from '../../src/order/views/read-orders.ts';
import { loadRows } from '../../src/projections/load-rows.ts';
import { types, views } from '../../src/slices.ts';
import { planOf, statementsSent } from '../support/plans.ts';
import { useNode } from '../support/use-node.ts';

const { database, node } = useNode();
let client: pg.Client;
beforeAll(async () => {
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  for (const setting of byKey) await client.query(`SET ${setting}`);
});
afterAll(async () => {
  await client.end();
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
