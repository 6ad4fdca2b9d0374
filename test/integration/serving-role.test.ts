import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { grantServing } from '../../src/event-store/serving-role.ts';
import { sqlState } from '../../src/database/database-error.ts';
import { viewNames } from '../../src/projections/view.ts';
import { views } from '../../src/slices.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { staffToken } from '../support/tokens.ts';
import { useDatabase } from '../support/use-database.ts';

const role = `serving-${randomBytes(4).toString('hex')}`;
const real = useDatabase();
let servingUrl: string;
let app: TestApp;

beforeAll(async () => {
  await onDatabase(real.url, client => client.query(`CREATE ROLE "${role}" LOGIN PASSWORD 'serves'`));
  const url = new URL(real.url);
  [url.username, url.password] = [role, 'serves'];
  servingUrl = url.href;
  expect(await grantServing(real.url, servingUrl, viewNames(views))).toBe(role);
  app = await startApp({ DATABASE_URL: servingUrl });
});
afterAll(async () => {
  await app.stop();
  await onDatabase(real.url, client => client.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`));
});

async function refusedWith(sql: string): Promise<string | undefined> {
  try {
    await onDatabase(servingUrl, client => client.query(sql));
    return 'allowed';
  } catch (error) {
    return sqlState(error);
  }
}

test('a missing serving role is created, with the password of its URL', async () => {
  const name = `it's "new" ${randomBytes(4).toString('hex')}`;
  const url = new URL(real.url);
  [url.username, url.password] = [encodeURIComponent(name), encodeURIComponent("pass'word")];
  expect(await grantServing(real.url, url.href, viewNames(views))).toBe(name);
  await onDatabase(url.href, client => client.query('SELECT FROM events'));
  const quoted = `"${name.replaceAll('"', '""')}"`;
  await onDatabase(real.url, client => client.query(`DROP OWNED BY ${quoted}; DROP ROLE ${quoted}`));
});

test('the serving role is sufficient: commands are stored, sealed, projected and read', async () => {
  const token = await staffToken();
  const register = `mutation { registerCustomer(input: {name: "Alice", email: "alice@example.com"}) {
    ... on CustomerCommandPayload { customerId position } } }`;
  const stored = await post<{ registerCustomer: { position: string } }>(app.url, register, {}, { token });
  const position = stored.data?.registerCustomer.position;
  const list = await post(app.url, `{ customers(atLeast: "${position}") { nodes { name } } }`, {}, { token });
  expect(list.data).toEqual({ customers: { nodes: [{ name: 'Alice' }] } });
});

test.each([
  ['added to but through append_events', `INSERT INTO events SELECT * FROM events LIMIT 1`],
  ['changed', `UPDATE events SET type = 'Nothing'`],
  ['cut', `DELETE FROM events`],
  ['emptied', `TRUNCATE events`],
  [
    'disabled by a trigger',
    `CREATE TRIGGER t BEFORE INSERT ON events EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
  ],
  ['dropped', `DROP TABLE events`],
])('the log cannot be %s by the serving role', async (_what, sql) => {
  expect(await refusedWith(sql)).toBe('42501');
});

test('the serving role can neither change nor delete a customer’s key', async () => {
  expect(await refusedWith(`UPDATE customer_keys SET key = ''`)).toBe('42501');
  expect(await refusedWith(`DELETE FROM customer_keys`)).toBe('42501');
});

test('the serving role cannot replace append_events by another function', async () => {
  expect(
    await refusedWith(
      `CREATE OR REPLACE FUNCTION append_events(requests jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT requests'`,
    ),
  ).toBe('42501');
});

test('no other role may append', async () => {
  const other = `other-${randomBytes(4).toString('hex')}`;
  await onDatabase(real.url, client => client.query(`CREATE ROLE "${other}" LOGIN PASSWORD 'none'`));
  try {
    const url = new URL(real.url);
    [url.username, url.password] = [other, 'none'];
    await expect(onDatabase(url.href, client => client.query(`SELECT append_events('[]')`))).rejects.toMatchObject({
      code: '42501',
    });
  } finally {
    await onDatabase(real.url, client => client.query(`DROP ROLE "${other}"`));
  }
});

test('a serving owner is granted nothing, because an owner has all rights', async () => {
  expect(await grantServing(real.url, real.url, viewNames(views))).toBeUndefined();
});
