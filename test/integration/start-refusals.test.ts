import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { developmentSecret } from '../../src/config.ts';
import { lockDataDirectory } from '../../src/database/data-directory.ts';
import { spawnRefusedApp, startApp } from '../support/app.ts';
import { answeringPostgres, refusingPostgres } from '../support/fake-postgres.ts';
import { startIssuer } from '../support/issuer.ts';
import { databaseUrl, onDatabase } from '../support/on-database.ts';
import { startMigratedPostgres } from '../support/migrated-postgres.ts';
import type { PostgresServer } from '../support/private-postgres.ts';
import { servingRole } from '../support/serving-role.ts';
import { bareDatabase, freshDatabase } from '../support/postgres.ts';

const scratch = await mkdtemp(join(tmpdir(), 'orderstream-refusals-'));
afterAll(() => rm(scratch, { recursive: true }));

/** Its output on standard error, after checking that it started nothing. */
async function refusal(env: Record<string, string | undefined>): Promise<string> {
  const { code, stdout, stderr } = await spawnRefusedApp({ DATA_DIR: join(scratch, 'unused'), ...env });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  return stderr;
}

const inProduction = {
  NODE_ENV: 'production',
  AUTH_ISSUER: 'https://login.example.com',
  AUTH_AUDIENCE: 'orders',
};

/** It syncs to disk until a test stops that. */
let syncing: PostgresServer;
beforeAll(async () => {
  syncing = await startMigratedPostgres();
});
afterAll(() => syncing.remove());

describe('a start that cannot succeed gives the reason in one line, and an exit code', () => {
  test('in production without any configuration: a line for each setting', async () => {
    expect(await refusal({ NODE_ENV: 'production', AUTH_JWT_SECRET: undefined })).toBe(
      [
        'AUTH_JWT_SECRET: set it, 32 bytes or more, or AUTH_JWKS_URL, or AUTH_ISSUER to a URL: NODE_ENV=production rejects the development key',
        'AUTH_ISSUER: set it to the issuer of your tokens (iss)',
        'AUTH_AUDIENCE: set it to the audience of your tokens (aud)',
        'DATABASE_URL: set it: the embedded database is for development: a power failure can lose its data',
        '',
      ].join('\n'),
    );
  });

  test('in production with forbidden settings: a line for each', async () => {
    const host = 'db.example.com';
    expect(
      await refusal({
        NODE_ENV: 'production',
        AUTH_JWT_SECRET: 'short',
        AUTH_ISSUER: 'https://login.example.com',
        AUTH_AUDIENCE: 'orders',
        AUTH_SECRET: 'a misspelt key',
        DATABASE_URL: `postgresql://serving@${host}/orders`,
        DATABASE_MIGRATE_URL: `postgresql://owner@${host}/orders?sslmode=prefer`,
        REDIS_URL: 'redis://cache.example.com',
        CORS_ORIGINS: '*',
        GRAPHIQL: 'on',
        LIMIT_COST: '0',
        PORT: 'http',
      }),
    ).toBe(
      [
        'PORT: must be a port, 0 to 65535',
        'AUTH_JWT_SECRET: must have 32 bytes or more',
        'CORS_ORIGINS: must be origins like https://shop.example.com, separated by commas',
        'LIMIT_COST: must be a whole number above 0',
        'GRAPHIQL: set INTROSPECTION=on too, or GRAPHIQL=off: GraphiQL needs the schema',
        'DATABASE_URL: add ?sslmode=verify-full: the connection is not encrypted; or name the host in PLAINTEXT_HOSTS',
        'REDIS_URL: make it rediss://: the connection is not encrypted; or name the host in PLAINTEXT_HOSTS',
        'AUTH_SECRET: is no key of this program: docs/configuration.md lists all keys',
        'DATABASE_MIGRATE_URL: set it for npm run db:migrate only: with this connection a process that serves could change the log',
        '',
      ].join('\n'),
    );
  });

  test('in production with keys that others could use, and with one role of several and no connection between them', async () => {
    expect(
      await refusal({
        ...inProduction,
        AUTH_JWT_SECRET: undefined,
        AUTH_JWKS_URL: 'http://login.example.com/keys',
        ROLES: 'api',
      }),
    ).toBe(
      [
        'DATABASE_URL: set it: the embedded database is for development: a power failure can lose its data',
        'REDIS_URL: set it: separate api and projector processes communicate through Redis only',
        'AUTH_JWKS_URL: make it https://: over http an attacker could replace the keys',
        '',
      ].join('\n'),
    );
  });

  test('with one role of several on an embedded database', async () => {
    expect(await refusal({ ROLES: 'projector' })).toBe(
      [
        'DATABASE_URL: set it: separate api and projector processes cannot share an embedded database',
        'REDIS_URL: set it: separate api and projector processes communicate through Redis only',
        '',
      ].join('\n'),
    );
  });

  test('in production with the public development key', async () => {
    const known = {
      ...inProduction,
      AUTH_JWT_SECRET: developmentSecret,
      DATABASE_URL: 'postgresql://s@localhost/orders',
    };
    expect(await refusal(known)).toBe('AUTH_JWT_SECRET: is the published development key: set a secret of your own\n');
  });

  test('in production with a role that may change events, beside another process and without Redis', async () => {
    const other = await startApp({ DATABASE_URL: syncing.url });
    expect(await refusal({ ...inProduction, DATABASE_URL: syncing.url })).toBe(
      [
        'DATABASE_URL: postgres may change events: set DATABASE_URL to another role, and run npm run db:migrate with this one as DATABASE_MIGRATE_URL',
        'REDIS_URL: set it: another Orderstream process uses this database, and the processes notify each other only through Redis',
        '',
      ].join('\n'),
    );
    await other.stop();
  });

  test('in production on a server that syncs nothing to disk', async () => {
    for (const setting of ['fsync', 'full_page_writes']) {
      await onDatabase(syncing.url, client => client.query(`ALTER SYSTEM SET ${setting} = off`));
    }
    await syncing.stop();
    await syncing.start();
    const serving = await servingRole(syncing.url);
    expect(await refusal({ ...inProduction, DATABASE_URL: serving.url })).toBe(
      [
        'DATABASE_URL: the server has fsync off: set it to on, otherwise a power failure loses acknowledged commands',
        'DATABASE_URL: the server has full_page_writes off: set it to on, otherwise a power failure may damage its files',
        '',
      ].join('\n'),
    );
  });

  test('on a database that a newer release has migrated', async () => {
    const fresh = await freshDatabase();
    await onDatabase(fresh.url, client =>
      client.query(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
         VALUES ('newer', '', '99991231000000_newer', now(), 1)`,
      ),
    );
    expect(await refusal({ DATABASE_URL: fresh.url })).toBe(
      'the database was migrated by a newer release (it has 99991231000000_newer): start that release\n',
    );
    await fresh.drop();
  });

  test('with an issuer that does not say where its keys are', async () => {
    const fresh = await freshDatabase();
    const byIssuer = (AUTH_ISSUER: string) =>
      refusal({ DATABASE_URL: fresh.url, AUTH_JWT_SECRET: undefined, AUTH_ISSUER });
    const other = await startIssuer('https://other.example.com');
    const document = `${other.url}/.well-known/openid-configuration`;
    const remedy = 'set it to the issuer of your tokens (iss), or set AUTH_JWKS_URL to its keys';
    expect(await byIssuer(other.url)).toBe(
      `AUTH_ISSUER: ${document} is the document of another issuer: https://other.example.com: ${remedy}\n`,
    );
    expect(await byIssuer(`${other.url}/realms/shop`)).toMatch(/^AUTH_ISSUER: \S+ is no discovery document [^\n]+\n$/);
    await other.close();
    // An outage of the issuer is no reason.
    const app = await startApp({ DATABASE_URL: fresh.url, AUTH_JWT_SECRET: undefined, AUTH_ISSUER: other.url });
    await app.stop();
    await fresh.drop();
  });

  test('with a map that names no role, a file of a secret that is empty, and a pool of no connections: a line for each', async () => {
    const empty = join(scratch, 'empty');
    await writeFile(empty, '\n');
    expect(
      await refusal({
        AUTH_JWT_SECRET: undefined,
        AUTH_JWT_SECRET_FILE: empty,
        AUTH_ROLE_MAP: 'shop-admins',
        DATABASE_URL: 'postgresql://127.0.0.1/orders',
        DATABASE_POOL_QUERY: '0',
      }),
    ).toBe(
      [
        `AUTH_JWT_SECRET_FILE: ${empty} is empty: write the secret into it`,
        'DATABASE_POOL_QUERY: must be a number of connections, 1 to 9999',
        'AUTH_ROLE_MAP: must map values to roles, like shop-admins=operator,shop-staff=staff; the roles are customer, staff, operator',
        '',
      ].join('\n'),
    );
  });

  test('on an address that others can reach, with the development key', async () => {
    expect(await refusal({ HOST: '0.0.0.0', AUTH_JWT_SECRET: undefined })).toBe(
      'HOST: 0.0.0.0 can be reached from outside: set AUTH_JWT_SECRET, 32 bytes or more, or AUTH_JWKS_URL, or AUTH_ISSUER to a URL; the development key is accepted on 127.0.0.1 only\n',
    );
  });

  test('with only trusted documents, and no manifest', async () => {
    const asked = { TRUSTED_DOCUMENTS_ONLY: 'on', GRAPHIQL: 'on' };
    expect(await refusal(asked)).toBe(
      [
        'TRUSTED_DOCUMENTS: set it to the manifests of your front ends, or CONSOLE=on: no other document is served',
        'GRAPHIQL: set it or TRUSTED_DOCUMENTS_ONLY to off: an operation typed into GraphiQL is in no manifest',
        '',
      ].join('\n'),
    );
  });

  test('with a manifest of trusted documents that cannot be read', async () => {
    const fresh = await freshDatabase();
    const file = join(scratch, 'nowhere.json');
    expect(await refusal({ DATABASE_URL: fresh.url, TRUSTED_DOCUMENTS: file })).toBe(
      `TRUSTED_DOCUMENTS: ${file} can't be read (ENOENT): set it to the manifests of your front ends\n`,
    );
    await fresh.drop();
  });

  test('on a port that is in use', async () => {
    const fresh = await freshDatabase();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    expect(await refusal({ PORT: String(port), DATABASE_URL: fresh.url })).toBe(
      `PORT: ${port} is taken on 127.0.0.1: stop the program that listens there, or set another\n`,
    );
    other.close();
    await fresh.drop();
  });

  test('in a data directory that cannot be created', async () => {
    await writeFile(join(scratch, 'file'), '');
    const path = join(scratch, 'file', 'data');
    expect(await refusal({ DATA_DIR: path })).toBe(
      `DATA_DIR: ${path} can't be written (ENOTDIR): make it writable, or set DATA_DIR to another folder\n`,
    );
  });

  test('in a data directory that another process holds', async () => {
    const path = join(scratch, 'locked');
    const release = await lockDataDirectory(path);
    expect(await refusal({ DATA_DIR: path })).toBe(
      `DATA_DIR: ${path} is in use by process ${process.pid}: stop that process, or set DATA_DIR to another folder\n`,
    );
    await release();
  });

  test('on a database that no server serves', async () => {
    expect(await refusal({ DATABASE_URL: 'postgresql://user:hunter2@127.0.0.1:1/orders' })).toBe(
      'DATABASE_URL: no PostgreSQL server answers at 127.0.0.1:1 (ECONNREFUSED): start it, or set the right address\n',
    );
  });

  test('on a server that rejects the password', async () => {
    const server = await refusingPostgres('28P01', 'password authentication failed for user "somebody"');
    const { host } = new URL(server.url);
    expect(await refusal({ DATABASE_URL: server.url })).toBe(
      `DATABASE_URL: ${host} rejects the login of somebody (password authentication failed for user "somebody"): set the right user and password\n`,
    );
    await server.close();
  });

  test('on a server that is still starting', async () => {
    const server = await refusingPostgres('57P03', 'the database system is starting up');
    const { host } = new URL(server.url);
    expect(await refusal({ DATABASE_URL: server.url })).toBe(
      `DATABASE_URL: ${host} accepts no connection (the database system is starting up): repair the server, or set another one\n`,
    );
    await server.close();
  });

  test('on a server that has no such database', async () => {
    const url = databaseUrl(inject('postgres').adminUrl, 'orderstream_nowhere');
    const { hostname, port } = new URL(url);
    expect(await refusal({ DATABASE_URL: url })).toBe(
      `DATABASE_URL: there is no database orderstream_nowhere at ${hostname}:${port || '5432'}: create it (createdb orderstream_nowhere), or set another database\n`,
    );
  });

  test('on a server that is too old', async () => {
    const server = await answeringPostgres({ version: '14.9', number: '140009', encoding: 'UTF8' });
    expect(await refusal({ DATABASE_URL: server.url })).toBe(
      'DATABASE_URL: the server is PostgreSQL 14.9: set it to a server of version 15 or newer\n',
    );
    await server.close();
  });

  test('behind a pooler that drops required session settings', async () => {
    const row = { version: '15.1', number: '150001', encoding: 'UTF8', settings: '{elsewhere}' };
    const server = await answeringPostgres(row);
    expect(await refusal({ DATABASE_URL: server.url })).toMatch(
      /^DATABASE_URL: .*a connection pooler does not pass the session setting search_path = public on to the server: [^\n]+\n$/,
    );
    await server.close();
  });

  test('on a database that cannot store every character', async () => {
    const { adminUrl, template } = inject('postgres');
    const name = `${template}_latin`;
    await onDatabase(adminUrl, client =>
      client.query(
        `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'`,
      ),
    );
    expect(await refusal({ DATABASE_URL: databaseUrl(adminUrl, name) })).toBe(
      "DATABASE_URL: the encoding of the database is LATIN1: create a database with ENCODING 'UTF8' and use that\n",
    );
    await onDatabase(adminUrl, client => client.query(`DROP DATABASE ${name}`));
  });

  test('on a database that an older release has migrated', async () => {
    const fresh = await freshDatabase();
    await onDatabase(fresh.url, client =>
      client.query(
        `DELETE FROM _prisma_migrations WHERE migration_name = (SELECT max(migration_name) FROM _prisma_migrations)`,
      ),
    );
    expect(await refusal({ DATABASE_URL: fresh.url })).toBe('the database is not migrated: run npm run db:migrate\n');
    await fresh.drop();
  });

  test('on a database that is not migrated', async () => {
    const bare = await bareDatabase();
    expect(await refusal({ DATABASE_URL: bare.url })).toBe('the database is not migrated: run npm run db:migrate\n');
    await bare.drop();
  });
});
