import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fillViews } from '../support/many-orders.ts';
import { openNode } from '../support/test-node.ts';
import { useDatabase } from '../support/use-database.ts';

const database = useDatabase();
let client: pg.Client;
beforeAll(async () => {
  await (await openNode(database.url)).close();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await turnAutovacuumOff();
  await fillViews(client, 5_000);
  await client.query(`
    INSERT INTO processes
    SELECT 'process ' || n, '1.0.0', 'host', '{api}', now(), now(), 0, 0, 0 FROM generate_series(1, 200) n`);
});
afterAll(async () => {
  await client.end();
});

/** An automatic ANALYZE holds a snapshot: as long as it runs, no page loses its dead rows and has room for new ones. */
async function turnAutovacuumOff(): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT oid::regclass AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
  );
  for (const { name } of rows) await client.query(`ALTER TABLE ${name} SET (autovacuum_enabled = false)`);
}

/** For each view, and for the list of processes, the columns that an update changes. No index of the view contains them. */
test.each([
  ['customer_totals', 'orders = orders + 1, spent = spent + 1'],
  ['sales_by_day', 'orders = orders + 1, revenue = revenue + 1'],
  ['product_sales_by_day', 'units = units + 1, revenue = revenue + 1'],
  ['product_sales_by_month', 'units = units + 1, revenue = revenue + 1'],
  ['processes', 'seen_at = now(), sockets = sockets + 1, lag_events = lag_events + 1'],
  ['product_view', 'price = price + 1, position = position + 1, version = version + 1, updated_at = now()'],
])('of a hundred updates of %s at most two write an index', async (view, changes) => {
  for (let batch = 0; batch < 20; batch++) {
    await client.query(`UPDATE ${view} SET ${changes} WHERE abs(hashtext(${view}::text)) % 20 = $1`, [batch]);
  }
  await client.query('SELECT pg_stat_force_next_flush()');
  const { rows } = await client.query<{ updated: number; hot: number }>(
    'SELECT n_tup_upd::float8 AS updated, n_tup_hot_upd::float8 AS hot FROM pg_stat_user_tables WHERE relname = $1',
    [view],
  );
  const { updated, hot } = rows[0]!;
  expect(updated).toBeGreaterThan(100);
  expect(hot / updated).toBeGreaterThan(0.98);
});

test.each(['order_view', 'customer_order_view'])('%s is vacuumed when a fiftieth of it has changed', async view => {
  const { rows } = await client.query<{ reloptions: string[] }>(
    'SELECT reloptions FROM pg_class WHERE oid = $1::regclass',
    [view],
  );
  expect(rows[0]?.reloptions).toContain('autovacuum_vacuum_scale_factor=0.02');
});
