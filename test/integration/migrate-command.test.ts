// npm run db:migrate, for an owner and a serving role, on a server that requires a password from every role except
// its superuser.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { roleSettings } from '../../src/database/session-settings.ts';
import type { Environment } from '../support/app.ts';
import { runCli } from '../support/cli.ts';
import { databaseUrl, onDatabase } from '../support/on-database.ts';
import { type PostgresServer, startPostgres } from '../support/private-postgres.ts';

let server: PostgresServer;
let number = 0;
let name: string;

beforeAll(async () => {
  server = await startPostgres();
  const rules = ['host all postgres 127.0.0.1/32 trust', 'host all all 127.0.0.1/32 scram-sha-256'];
  const [hba] = await ask('postgres', `SELECT current_setting('hba_file') AS file`);
  for (const [index, rule] of rules.entries()) {
    const target = index === 0 ? `'cat > ${String(hba?.['file'])}'` : `'cat >> ${String(hba?.['file'])}'`;
    await ask('postgres', `COPY (SELECT '${rule}') TO PROGRAM ${target}`);
  }
  await ask('postgres', 'SELECT pg_reload_conf()');
});
afterAll(() => server.remove());

/** Each test has its own database, owner and serving role. */
beforeEach(async () => {
  name = `shop_${++number}`;
  await ask('postgres', `CREATE ROLE ${name}_owner LOGIN CREATEROLE PASSWORD 'owns'`);
  await ask('postgres', `CREATE DATABASE ${name} OWNER ${name}_owner`);
});

function ask(database: string, sql: string): Promise<Record<string, unknown>[]> {
  const url = databaseUrl(server.url, database);
  return onDatabase(url, async client => (await client.query<Record<string, unknown>>(sql)).rows);
}

function urlOf(role: string, password: string, database = name): string {
  const url = new URL(databaseUrl(server.url, database));
  [url.username, url.password] = [role, password];
  return url.href;
}

function migrateWith(password: string, database = name, more: Environment = {}) {
  return runCli('migrate', [], {
    DATABASE_MIGRATE_URL: urlOf(`${name}_owner`, 'owns'),
    DATABASE_URL: urlOf(`${name}_serving`, password, database),
    ...more,
  });
}

async function canServe(password: string): Promise<boolean> {
  try {
    await onDatabase(urlOf(`${name}_serving`, password), client => client.query('SELECT FROM events'));
    return true;
  } catch {
    return false;
  }
}

const tables = `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`;

test('creates the serving role with the password of its URL', async () => {
  expect(await migrateWith('first')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/\n\w+_serving may read the log and append to it, but not change it\n$/),
  });
  expect(await canServe('first')).toBe(true);
});

test('gives the serving role the new password if DATABASE_URL has another one', async () => {
  await migrateWith('first');
  expect(await migrateWith("sec'ond")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`\n${name}_serving has the password of DATABASE_URL now\n`),
  });
  expect(await canServe("sec'ond")).toBe(true);
  expect((await migrateWith("sec'ond")).stdout).not.toContain('password');
});

test('if the owner may not change the password, it prints the SQL to run, and the exit code is 1', async () => {
  await migrateWith('first');
  await ask('postgres', `ALTER ROLE ${name}_owner NOCREATEROLE`);
  const { code, stderr } = await migrateWith('second');
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `DATABASE_URL: ${name}_serving has another password, and the owner may not change it: have a superuser run ALTER ROLE "${name}_serving" PASSWORD '…', or set the right password in DATABASE_URL\n`,
  });
  expect(await canServe('first')).toBe(true);
});

test('the password of an administrator is not changed', async () => {
  await migrateWith('first');
  await ask('postgres', `ALTER ROLE ${name}_serving SUPERUSER`);
  await ask('postgres', `ALTER ROLE ${name}_owner SUPERUSER`);
  const { code, stderr } = await migrateWith('second');
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /_serving has another password, and this command does not change the password of an administrator: [^\n]*\n$/,
  );
  expect(await canServe('first')).toBe(true);
});

test('if the owner may not create the serving role, it reports that before anything is applied', async () => {
  await ask('postgres', `ALTER ROLE ${name}_owner NOCREATEROLE`);
  expect(await migrateWith('first')).toEqual({
    code: 1,
    stdout: '',
    stderr: `DATABASE_URL: there is no role ${name}_serving, and ${name}_owner may not create one: have a superuser run CREATE ROLE "${name}_serving" LOGIN PASSWORD '…' with the password of DATABASE_URL, then run this again\n`,
  });
  expect(await ask(name, tables)).toEqual([]);

  await ask('postgres', `CREATE ROLE "${name}_serving" LOGIN PASSWORD 'first'`);
  expect(await migrateWith('first')).toMatchObject({ code: 0 });
  expect(await canServe('first')).toBe(true);
});

test('if the owner cannot close the schema to other roles, it reports that before anything is applied', async () => {
  await ask(name, 'ALTER SCHEMA public OWNER TO postgres; GRANT CREATE ON SCHEMA public TO PUBLIC');
  const { code, stdout, stderr } = await migrateWith('first');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /^DATABASE_MIGRATE_URL: [^\n]+ run REVOKE CREATE ON SCHEMA public FROM PUBLIC, then [^\n]+\n$/,
  );
  expect(await ask(name, tables)).toEqual([]);
});

test('a serving role without a password in its URL, and one on another database, are reported', async () => {
  await migrateWith('first');
  const unnamed = await migrateWith('');
  expect(unnamed.code).toBe(1);
  expect(unnamed.stderr).toMatch(/^DATABASE_URL: \S+ requires a password for \w+_serving: add it to the URL\n$/);
  const elsewhere = await migrateWith('first', 'postgres');
  expect(elsewhere.code).toBe(1);
  expect(elsewhere.stderr).toMatch(/^DATABASE_URL: it names another database than DATABASE_MIGRATE_URL: [^\n]+\n$/);
});

test('if the serving URL cannot be reached, a line says that the login is not checked', async () => {
  await migrateWith('first');
  const url = new URL(urlOf(`${name}_serving`, 'first'));
  url.port = '1';
  const { code, stderr } = await runCli('migrate', [], {
    DATABASE_MIGRATE_URL: urlOf(`${name}_owner`, 'owns'),
    DATABASE_URL: url.href,
  });
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: `DATABASE_URL: not reached from here, so whether ${name}_serving can log in is not checked\n`,
  });
});

const pooler = { DATABASE_POOLER: 'transaction' };

test('for a pooler, the serving role gets the settings of its sessions, on this database only', async () => {
  const more = { ...pooler, DATABASE_SYNCHRONOUS_COMMIT: 'remote_apply' };
  expect(await migrateWith('first', name, more)).toMatchObject({ code: 0, stderr: '' });
  const given = await ask(
    'postgres',
    `SELECT d.datname AS database, s.setconfig AS settings FROM pg_db_role_setting s
     JOIN pg_database d ON d.oid = s.setdatabase WHERE s.setrole = '${name}_serving'::regrole`,
  );
  const expected = roleSettings('remote_apply').map(([setting, value]) => `${setting}=${value}`);
  expect(given).toEqual([{ database: name, settings: expect.arrayContaining(expected) }]);
  expect(given[0]!['settings']).toHaveLength(expected.length);
});

test('if the owner may not change the settings of the role, a superuser does it with the statements of the docs', async () => {
  await migrateWith('first');
  await ask('postgres', `ALTER ROLE ${name}_owner NOCREATEROLE`);
  const { code, stderr } = await migrateWith('first', name, pooler);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `DATABASE_POOLER: ${name}_owner may not change the session settings of ${name}_serving: have a superuser run the ALTER ROLE statements of docs/operating/database.md, then run this again\n`,
  });
  const [statements = ''] = /^ALTER ROLE serving [^`]*/m.exec(readFileSync('docs/operating/database.md', 'utf8')) ?? [];
  await ask('postgres', statements.replaceAll('ROLE serving', `ROLE ${name}_serving`));
  expect(await migrateWith('first', name, pooler)).toMatchObject({ code: 0, stderr: '' });
});

test('by the steps of the docs an owner creates the serving role, and later puts another one in its place', async () => {
  const docs = (page: string) => readFileSync(`docs/operating/${page}.md`, 'utf8');
  const renamed = (sql: string) => sql.replaceAll(/\b(?:orderstream|owner|serving)\b/g, word => `${name}_docs_${word}`);
  const [, creation = ''] = /```sql\n(CREATE ROLE [^`]*)```/.exec(docs('database')) ?? [];
  for (const statement of renamed(creation).trim().split('\n')) await ask('postgres', statement);
  const database = `${name}_docs_orderstream`;
  const owner = urlOf(`${name}_docs_owner`, 'OWNER', database);
  const [old, next] = [`${name}_docs_serving`, `${name}_docs_serving_2`];
  for (const role of [old, next]) {
    const urls = { DATABASE_MIGRATE_URL: owner, DATABASE_URL: urlOf(role, 'NEW', database) };
    expect(await runCli('migrate', [], urls)).toMatchObject({ code: 0 });
  }
  const [, drops = ''] = /psql "\$DATABASE_MIGRATE_URL" (-c 'GRANT .*)$/m.exec(docs('identity')) ?? [];
  await onDatabase(owner, async client => {
    for (const [, statement = ''] of renamed(drops).matchAll(/-c '([^']+)'/g)) await client.query(statement);
  });
  expect(await ask('postgres', `SELECT rolname FROM pg_roles WHERE rolname IN ('${old}', '${next}')`)).toEqual([
    { rolname: next },
  ]);
});
