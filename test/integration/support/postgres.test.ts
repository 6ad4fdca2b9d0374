import { expect, test } from 'vitest';
import { onDatabase } from '../../support/on-database.ts';
import { freshDatabase, type TestDatabase } from '../../support/postgres.ts';

test('databases that are requested at the same time are migrated, empty and separate', async () => {
  const databases = await Promise.all([freshDatabase(), freshDatabase(), freshDatabase()]);
  try {
    await onDatabase(databases[0].url, client =>
      client.query(`insert into customer_keys (customer_id, key) values ('cus_1', '\\x00')`),
    );
    expect(await Promise.all(databases.map(countKeys))).toEqual([1, 0, 0]);
  } finally {
    await Promise.all(databases.map(database => database.drop()));
  }
});

test('a database is dropped although connections to it are open', async () => {
  const database = await freshDatabase();
  const cut = onDatabase(database.url, client => client.query('select pg_sleep(600)'));
  await Promise.all([expect(cut).rejects.toThrow(), database.drop()]);
  await expect(countKeys(database)).rejects.toThrow('does not exist');
});

async function countKeys({ url }: TestDatabase): Promise<number> {
  const { rows } = await onDatabase(url, client =>
    client.query<{ count: number }>('select count(*)::integer as count from customer_keys'),
  );
  return rows[0]!.count;
}
