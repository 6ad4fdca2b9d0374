import { expect, onTestFinished, test } from 'vitest';
import { type Environment, spawnApp, startApp } from '../support/app.ts';
import { runCli } from '../support/cli.ts';
import { startMigratedPostgres } from '../support/migrated-postgres.ts';
import { onDatabase } from '../support/on-database.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { servingRole } from '../support/serving-role.ts';
import { added } from '../support/shop.ts';

async function emptyDatabase(): Promise<TestDatabase> {
  const database = await freshDatabase();
  onTestFinished(() => database.drop());
  return database;
}

/** The types of all events, in the log's order. */
async function log({ url }: { readonly url: string }): Promise<string[]> {
  const { rows } = await onDatabase(url, client =>
    client.query<{ type: string }>('select type from events order by position'),
  );
  return rows.map(({ type }) => type);
}

const samples = [
  ...Array.from({ length: 3 }, () => 'CustomerRegistered'),
  ...Array.from({ length: 8 }, () => 'ProductAdded'),
];

async function startAndStop(env: Environment): Promise<void> {
  const app = await startApp(env);
  await app.stop();
}

test('an empty PostgreSQL gets the sample data once, from two nodes that start at once with the development key', async () => {
  const database = await emptyDatabase();
  const env = { DATABASE_URL: database.url, AUTH_JWT_SECRET: undefined };
  const nodes = await Promise.all([spawnApp(env), spawnApp(env)]);
  expect(await log(database)).toEqual(samples);

  // As the README describes it: the ordered product exists, and so does the customer.
  const ordered = await runCli('order', ['--url', nodes[1].url]);
  expect(ordered).toMatchObject({ code: 0, stderr: '' });
  expect(ordered.stdout).toMatch(/^submitted /m);
  expect(await Promise.all(nodes.map(node => node.stop()))).toEqual([0, 0]);

  const before = await log(database);
  await startAndStop(env);
  expect(await log(database)).toEqual(before);
});

test('a log that has events gets no sample data', async () => {
  const database = await emptyDatabase();
  const app = await startApp({ DATABASE_URL: database.url });
  await added(app.url);
  await app.stop();
  await startAndStop({ DATABASE_URL: database.url, AUTH_JWT_SECRET: undefined });
  expect(await log(database)).toEqual(['ProductAdded']);
});

test('with a configured key an empty log stays empty, in production and elsewhere', async () => {
  const database = await emptyDatabase();
  await startAndStop({ DATABASE_URL: database.url });
  expect(await log(database)).toEqual([]);

  const server = await startMigratedPostgres();
  onTestFinished(() => server.remove());
  const serving = await servingRole(server.url);
  const issued = { AUTH_ISSUER: 'https://login.example.com', AUTH_AUDIENCE: 'orderstream' };
  await startAndStop({ NODE_ENV: 'production', DATABASE_URL: serving.url, ...issued });
  expect(await log(server)).toEqual([]);
});
