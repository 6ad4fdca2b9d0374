// The erasure list: every acknowledged erasure is on it, before the key is erased.
import { appendFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { spawnApp, startApp, type TestApp } from '../support/app.ts';
import { runCli } from '../support/cli.ts';
import { codesOf } from '../support/codes-of.ts';
import { onDatabase } from '../support/on-database.ts';
import { startMigratedPostgres } from '../support/migrated-postgres.ts';
import { post } from '../support/post.ts';
import { servingRole } from '../support/serving-role.ts';
import { registered } from '../support/shop.ts';
import { operatorToken } from '../support/tokens.ts';
import { useDatabase } from '../support/use-database.ts';
import { useFolder } from '../support/use-folder.ts';

const database = useDatabase();
const folder = useFolder('test');
let app: TestApp;
let list: string;

beforeEach(() => {
  list = join(folder.path, 'erasures.jsonl');
});

const started: TestApp[] = [];
afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
});

/** The app with the list of this test, until the end of the test. */
async function serve(): Promise<void> {
  app = await startApp({ DATABASE_URL: database.url, ERASURE_LIST: list });
  started.push(app);
}

async function eraseByApi(customerId: string) {
  const mutation = `mutation { eraseCustomer(input: { customerId: "${customerId}" }) { __typename } }`;
  return post(app.url, mutation, {}, { token: await operatorToken() });
}

async function lengthOfKey(customerId: string): Promise<number> {
  return onDatabase(database.url, async client => {
    const { rows } = await client.query<{ length: number }>(
      'SELECT length(key) AS length FROM customer_keys WHERE customer_id = $1',
      [customerId],
    );
    return rows[0]!.length;
  });
}

async function listed(): Promise<{ customerId: string; by: string }[]> {
  const lines = (await readFile(list, 'utf8')).split('\n').filter(line => line !== '');
  return lines.map(line => JSON.parse(line) as { customerId: string; by: string });
}

const cli = (...args: string[]) => runCli('orderstream', args, { DATABASE_URL: database.url, ERASURE_LIST: list });

test('an erasure by the API and one by the terminal are on the list, with the name of the operator', async () => {
  await serve();
  const [one, other] = [await registered(app.url), await registered(app.url)];
  expect((await eraseByApi(one.id)).data).toEqual({ eraseCustomer: { __typename: 'CustomerCommandPayload' } });
  expect(await cli('erase-customer', other.id, '--by', 'ann')).toMatchObject({ code: 0 });
  expect(await listed()).toMatchObject([
    { customerId: one.id, by: 'olga' },
    { customerId: other.id, by: 'ann' },
  ]);
});

test('if the list cannot be written, the key is not erased; the repeated command completes the erasure', async () => {
  list = join(folder.path, 'disk', 'erasures.jsonl');
  await expect(serve()).rejects.toThrow(/^ERASURE_LIST: \S+ can't be written \(ENOENT\): set it to a file in a folder/);
  await mkdir(join(folder.path, 'disk'));
  await serve();
  await rm(join(folder.path, 'disk'), { recursive: true });
  const { id } = await registered(app.url);
  expect(codesOf(await eraseByApi(id))).toEqual(['OUTCOME_UNKNOWN']);
  const other = await registered(app.url);
  expect(await cli('erase-customer', other.id)).toMatchObject({ code: 1, stdout: '' });
  expect([await lengthOfKey(id), await lengthOfKey(other.id)]).toEqual([32, 32]);

  await mkdir(join(folder.path, 'disk'));
  expect((await cli('erase-customer', id)).stdout).toContain(`${id} is erased at position`);
  expect(await listed()).toMatchObject([{ customerId: id }]);
  expect(await lengthOfKey(id)).toBe(0);
});

test('a line that was cut in half does not damage the next one', async () => {
  await serve();
  const { id } = await registered(app.url);
  await writeFile(list, '{"customerId": "cus_0');
  await cli('erase-customer', id);
  const lines = (await readFile(list, 'utf8')).split('\n');
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ customerId: id });
  const refused = await cli('erase-customer', '--from', list);
  expect(refused).toMatchObject({
    code: 1,
    stderr: `${list} line 1: it names no customer: correct it, or remove it\n`,
  });
});

test('a line that was cut in half does not stop the start of a server, which warns of it', async () => {
  await serve();
  const { id } = await registered(app.url);
  await eraseByApi(id);
  await writeFile(list, `{"customerId": "cus_0\n${await readFile(list, 'utf8')}`);
  const env = { DATABASE_URL: database.url, ERASURE_LIST: list };
  const restarted = await spawnApp(env);
  expect(await restarted.stop()).toBe(0);
  expect(restarted.stdout() + restarted.stderr()).toContain(`ERASURE_LIST: ${list} line 1: it names no customer`);
  // The lines after it count.
  await appendFile(list, `${(await registered(app.url)).id}\n`);
  await expect(startApp(env)).rejects.toThrow(/^ERASURE_LIST: the database has the keys of 1 of its customers again/);
});

test('an erasure that was interrupted after its event and its line does not stop the start, which erases the key', async () => {
  const role = await servingRole(database.url);
  onTestFinished(role.drop);
  await serve();
  const { id } = await registered(app.url);
  const key = await onDatabase(database.url, async client => {
    const { rows } = await client.query<{ key: Buffer }>('SELECT key FROM customer_keys WHERE customer_id = $1', [id]);
    return rows[0]!.key;
  });
  await eraseByApi(id);
  await onDatabase(database.url, client =>
    client.query('UPDATE customer_keys SET key = $2 WHERE customer_id = $1', [id, key]),
  );
  const serving = await startApp({ DATABASE_URL: role.url, ERASURE_LIST: list });
  await serving.stop();
  expect(await lengthOfKey(id)).toBe(0);
});

test('a command without the rights of the owner erases no one, and lists no one', async () => {
  const role = await servingRole(database.url);
  onTestFinished(role.drop);
  await serve();
  const { id } = await registered(app.url);
  const env = { DATABASE_URL: role.url, ERASURE_LIST: list };
  const refused = await runCli('orderstream', ['erase-customer', id], env);
  expect(refused).toMatchObject({
    code: 1,
    stderr: 'DATABASE_MIGRATE_URL: set it to the URL of the owner, because only the owner may erase a key\n',
  });
  expect(await listed()).toEqual([]);
  await (await startApp(env)).stop();
});

test('a server does not start if a customer on its list has a key; --from erases again, and leaves all others unchanged', async () => {
  await serve();
  const customers = [await registered(app.url), await registered(app.url), await registered(app.url)];
  const [erased, resurrected] = customers.map(({ id }) => id) as [string, string];
  await eraseByApi(erased);
  // As a restore of a backup does, that has this customer's key and not the erasure.
  await appendFile(list, `${resurrected}\n`);
  await expect(startApp({ DATABASE_URL: database.url, ERASURE_LIST: list })).rejects.toThrow(
    `ERASURE_LIST: the database has the keys of 1 of its customers again: erase them with orderstream erase-customer --from ${list}`,
  );
  const done = await cli('erase-customer', '--from', list);
  expect(done).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(`^${resurrected} is erased at .+\n2 customers listed: 1 erased now, 1 erased`),
  });
  const again = await cli('erase-customer', '--from', list);
  expect(again).toMatchObject({
    code: 0,
    stdout: '2 customers listed: 0 erased now, 2 erased before or not in this log\n',
  });
  await serve();
});

test('an erasure of which a restore kept only the empty key is completed', async () => {
  await serve();
  const { id } = await registered(app.url);
  await onDatabase(database.url, client =>
    client.query(`UPDATE customer_keys SET key = '' WHERE customer_id = $1`, [id]),
  );
  await appendFile(list, `${id}\n`);
  expect((await cli('erase-customer', '--from', list)).stdout).toMatch(/: 1 erased now, 0 erased before/);
  expect((await cli('erase-customer', '--from', list)).stdout).toMatch(/: 0 erased now, 1 erased before/);
});

test('in production no customer is erased without a list, by the terminal or by the API', async () => {
  const server = await startMigratedPostgres();
  onTestFinished(() => server.remove());
  const { url } = await servingRole(server.url);
  const issued = { AUTH_ISSUER: 'https://login.example.com', AUTH_AUDIENCE: 'orderstream' };
  const production = await startApp({ NODE_ENV: 'production', DATABASE_URL: url, ...issued });
  const claims = { issuer: issued.AUTH_ISSUER, audience: issued.AUTH_AUDIENCE };
  const id = `cus_${crypto.randomUUID()}`;
  try {
    const mutation = `mutation { eraseCustomer(input: { customerId: "${id}" }) { __typename } }`;
    const answer = await post(production.url, mutation, {}, { token: await operatorToken(claims) });
    expect(answer.errors).toMatchObject([
      {
        message: 'This server may not erase: its setting ERASURE_LIST is missing.',
        extensions: { code: 'FORBIDDEN' },
      },
    ]);
  } finally {
    await production.stop();
  }
  const env = { DATABASE_URL: server.url, NODE_ENV: 'production' };
  expect(await runCli('orderstream', ['erase-customer', id], env)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^ERASURE_LIST: set it to a file outside the database: [^\n]+\n$/),
  });
});

test('the list can be read by its owner only', async () => {
  await serve();
  await eraseByApi((await registered(app.url)).id);
  expect((await stat(list)).mode & 0o077).toBe(0);
});
