import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { fillViews } from '../support/many-orders.ts';
import { openNode } from '../support/test-node.ts';
import { useDatabase } from '../support/use-database.ts';

const database = useDatabase();
let client: pg.Client;
beforeAll(async () => {
  await (await openNode(database.url)).close();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await fillViews(client, 5_000);
  await client.query(`
    INSERT INTO processes
    SELECT 'process ' || n, '1.0.0', 'host', '{api}', now(), now(), 0, 0, 0 FROM generate_series(1, 200) n`);
});
afterAll(async () => {
  await client.end();
});

/** Waits for an automatic ANALYZE: as long as it holds its snapshot, no page loses dead rows and has room for new ones. */
async function noOtherSnapshot(): Promise<void> {
  await eventually(async () => {
    const { rows } = await client.query<{ snapshots: number }>(
      `SELECT count(*)::int AS snapshots FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL`,
    );
    expect(rows[0]?.snapshots).toBe(0);
  });
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
  // What another session of the server keeps alive can fill the pages of one round; an index would be written in each.
  await eventually(async () => {
    const before = await updatesOf(view);
    for (let batch = 0; batch < 20; batch++) {
      await noOtherSnapshot();
      await client.query(`UPDATE ${view} SET ${changes} WHERE abs(hashtext(${view}::text)) % 20 = $1`, [batch]);
    }
    const after = await updatesOf(view);
    const updated = after.updated - before.updated;
    expect(updated).toBeGreaterThan(100);
    expect((after.hot - before.hot) / updated).toBeGreaterThan(0.98);
  });
});

/** The number of updates of a table so far, and of those that wrote no index. */
async function updatesOf(view: string): Promise<{ updated: number; hot: number }> {
  await client.query('SELECT pg_stat_force_next_flush()');
  const { rows } = await client.query<{ updated: number; hot: number }>(
    'SELECT n_tup_upd::float8 AS updated, n_tup_hot_upd::float8 AS hot FROM pg_stat_user_tables WHERE relname = $1',
    [view],
  );
  return rows[0]!;
}

test.each(['order_view', 'customer_order_view'])('%s is vacuumed when a fiftieth of it has changed', async view => {
  const { rows } = await client.query<{ reloptions: string[] }>(
    'SELECT reloptions FROM pg_class WHERE oid = $1::regclass',
    [view],
  );
  expect(rows[0]?.reloptions).toContain('autovacuum_vacuum_scale_factor=0.02');
});
