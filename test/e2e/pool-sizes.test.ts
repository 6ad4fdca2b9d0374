import { expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { journey } from '../support/journey.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { openShop } from '../support/shop.ts';
import { useDatabase } from '../support/use-database.ts';

const database = useDatabase();

/** Connections of processes that serve this database. */
function connections(): Promise<number> {
  return onDatabase(database.url, async client => {
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'orderstream node'`,
    );
    return rows[0]!.count;
  });
}

test('a process has no more connections than its two pools allow and the one of its probes, and works with one in each', async () => {
  const app = await startApp({ DATABASE_URL: database.url, DATABASE_POOL_QUERY: '1', DATABASE_POOL_LOOK_UP: '1' });
  const shop = await openShop(app.url);
  let most = 0;
  const ending = new AbortController();
  const counting = (async () => {
    while (!ending.signal.aborted) most = Math.max(most, await connections());
  })();
  const reads = Array.from({ length: 40 }, () =>
    post(app.url, '{ orders { totalCount } products { totalCount } }', {}, { token: shop.staff }),
  );
  await journey(shop, { writes: app.url, reads: app.url });
  for (const { errors } of await Promise.all(reads)) expect(errors).toBeUndefined();
  ending.abort();
  await counting;
  expect(most).toBe(3);
  await app.stop();
  await eventually(async () => expect(await connections()).toBe(0));
});
