// Settings that a database, or a role in it, makes for its sessions change nothing that the program does.
import { afterAll, expect, test } from 'vitest';
import { verify } from '../../src/cli/verify.ts';
import { migrate } from '../../src/database/migrations.ts';
import { views } from '../../src/slices.ts';
import { SalesByDayDocument } from '../generated/graphql.ts';
import { startApp } from '../support/app.ts';
import { runCli } from '../support/cli.ts';
import { journey } from '../support/journey.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { bareDatabase, type TestDatabase } from '../support/postgres.ts';
import { openShop } from '../support/shop.ts';
import { openNode } from '../support/test-node.ts';

/** Each is a value that some real database has, or the one that differs most from what the program relies on. */
const hostile = [
  `DateStyle = 'German, DMY'`,
  `IntervalStyle = 'sql_standard'`,
  `TimeZone = 'Asia/Kathmandu'`,
  `search_path = elsewhere, pg_catalog`,
  `standard_conforming_strings = off`,
  `backslash_quote = off`,
  `quote_all_identifiers = on`,
  `array_nulls = off`,
  `transform_null_equals = on`,
  `extra_float_digits = -15`,
  `bytea_output = 'escape'`,
  `client_encoding = 'LATIN1'`,
  `default_transaction_isolation = 'serializable'`,
  `default_text_search_config = 'pg_catalog.german'`,
  `gin_fuzzy_search_limit = 1`,
  `exit_on_error = on`,
  `statement_timeout = '1ms'`,
  `lock_timeout = '1ms'`,
  `idle_in_transaction_session_timeout = '1ms'`,
  `idle_session_timeout = '1ms'`,
  `synchronous_commit = off`,
  `row_security = off`,
  `session_replication_role = 'replica'`,
  `check_function_bodies = off`,
  `client_min_messages = 'debug1'`,
  `plan_cache_mode = 'force_custom_plan'`,
  `jit_above_cost = 0`,
  `enable_indexscan = off`,
  `plpgsql.extra_errors = 'all'`,
];

const databases: TestDatabase[] = [];
afterAll(async () => {
  for (const database of databases) await database.drop();
});

/** A new database in which every session starts with these settings. @param of `DATABASE`, or `ROLE` in it */
async function databaseWith(settings: readonly string[], of: 'DATABASE' | 'ROLE' = 'DATABASE'): Promise<TestDatabase> {
  const database = await bareDatabase();
  databases.push(database);
  const { pathname, username } = new URL(database.url);
  const name = `DATABASE ${pathname.slice(1)}`;
  await onDatabase(database.url, async client => {
    await client.query('CREATE SCHEMA elsewhere');
    const target = of === 'ROLE' ? `ROLE ${username} IN ${name}` : name;
    for (const setting of settings) await client.query(`ALTER ${target} SET ${setting}`);
  });
  return database;
}

/** As the command does, without the start of a process for each setting. */
async function isVerified(url: string): Promise<boolean> {
  const node = await openNode(url);
  try {
    return (await verify(node.source, views)).ok;
  } finally {
    await node.close();
  }
}

/** Migrates, serves a customer's journey, reads the sales, and verifies the log. */
async function expectAllIsWell({ url }: TestDatabase): Promise<void> {
  await migrate(url);
  const app = await startApp({ DATABASE_URL: url });
  try {
    const shop = await openShop(app.url);
    await journey(shop, { writes: app.url, reads: app.url });
    const days = { from: '2000-01-01', to: '2999-12-31', currency: 'EUR' };
    const { data, errors } = await post(app.url, SalesByDayDocument, days, { token: shop.staff });
    expect(errors).toBeUndefined();
    expect(data?.salesByDay).toMatchObject([{ date: expect.stringMatching(/^20\d\d-\d\d-\d\d$/), orderCount: 1 }]);
    const found = `{ orders(filter: {search: "first"}) { totalCount } }`;
    expect(await post(app.url, found, {}, { token: shop.staff })).toMatchObject({
      data: { orders: { totalCount: 1 } },
    });
  } finally {
    await app.stop();
  }
  expect(await isVerified(url)).toBe(true);
}

/** Verifies by the command. */
async function expectCommandVerifies({ url }: TestDatabase): Promise<void> {
  const verified = await runCli('orderstream', ['verify'], { DATABASE_URL: url });
  expect(verified, verified.stdout + verified.stderr).toMatchObject({ code: 0 });
}

test.each(hostile)('with %s for the database, everything works as without it', async setting => {
  await expectAllIsWell(await databaseWith([setting]));
});

test('with all of them for the database, everything works as without them', async () => {
  const database = await databaseWith(hostile);
  await expectAllIsWell(database);
  await expectCommandVerifies(database);
});

test('with all of them for the role, everything works as without them', async () => {
  const database = await databaseWith(hostile, 'ROLE');
  await expectAllIsWell(database);
  await expectCommandVerifies(database);
});
