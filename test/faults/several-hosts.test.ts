// A URL that names a primary and its standby, and commits that wait for the standby.
import { chmod, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultConnections } from '../../src/config.ts';
import { openDatabase } from '../../src/database/database.ts';
import { failoverClient, serverTimeoutMs } from '../../src/database/failover-client.ts';
import { spawnApp, spawnRefusedApp } from '../support/app.ts';
import { startCommandRun } from '../support/command-run.ts';
import { eventually } from '../support/eventually.ts';
import { expectLogHolds } from '../support/everything-kept.ts';
import { silentAfterLogin, silentPostgres } from '../support/fake-postgres.ts';
import { startMigratedPostgres } from '../support/migrated-postgres.ts';
import { onDatabase } from '../support/on-database.ts';
import { type PostgresServer, publicFolder } from '../support/private-postgres.ts';
import { nodeOn, openNode, registeredCustomer } from '../support/test-node.ts';

let primary: PostgresServer;
let standby: PostgresServer;
beforeAll(async () => {
  primary = await startMigratedPostgres();
  standby = await primary.startStandby();
});
afterAll(async () => {
  await standby.remove();
  await primary.remove();
});

/** @param servers in the order in which they are tried */
function urlOf(servers: readonly PostgresServer[], parameters = ''): string {
  return `postgresql://postgres@${servers.map(({ url }) => new URL(url).host).join(',')}/postgres${parameters}`;
}

function ask(server: PostgresServer, sql: string): Promise<Record<string, unknown>[]> {
  return onDatabase(server.url, async client => (await client.query<Record<string, unknown>>(sql)).rows);
}

async function lastPosition(server: PostgresServer): Promise<number> {
  const [row] = await ask(server, 'SELECT coalesce(max(position), 0)::int AS last FROM events');
  return row!['last'] as number;
}

test('with remote_apply a command is acknowledged when the standby shows it, and with on before that', async () => {
  await ask(primary, `ALTER SYSTEM SET synchronous_standby_names = '*'`);
  await ask(primary, 'SELECT pg_reload_conf()');
  const open = async (synchronousCommit: 'on' | 'remote_apply') => {
    const opened = await openDatabase({
      databaseUrl: primary.url,
      dataDir: '',
      databaseConnections: { ...defaultConnections, synchronousCommit },
    });
    return { node: nodeOn(opened.database), close: opened.close };
  };
  const [local, applied] = await Promise.all([open('on'), open('remote_apply')]);
  await registeredCustomer(applied.node);
  expect(await lastPosition(standby)).toBe(await lastPosition(primary));

  await ask(standby, 'SELECT pg_wal_replay_pause()');
  const before = await lastPosition(standby);
  await registeredCustomer(local.node);
  expect(await lastPosition(standby)).toBe(before);
  let acknowledged = false;
  const waiting = registeredCustomer(applied.node).then(() => {
    acknowledged = true;
  });
  // It waits for the standby, so no time is long enough.
  await sleep(1_000);
  expect(acknowledged).toBe(false);
  await ask(standby, 'SELECT pg_wal_replay_resume()');
  await waiting;
  expect(await lastPosition(standby)).toBe(before + 2);

  await Promise.all([local.close(), applied.close()]);
  await ask(primary, 'ALTER SYSTEM RESET synchronous_standby_names');
  await ask(primary, 'SELECT pg_reload_conf()');
});

test('if no server accepts writes or answers, a start is refused in a line that names them all', async () => {
  const only = urlOf([standby], '?target_session_attrs=read-write');
  const host = new URL(standby.url).host;
  expect(await spawnRefusedApp({ DATABASE_URL: only })).toMatchObject({
    code: 1,
    stderr: `DATABASE_URL: no PostgreSQL server answers at ${host} (No server of the URL accepts writes): start it, or set the right address\n`,
  });
  const none = 'postgresql://postgres@127.0.0.1:1,127.0.0.1:2/postgres';
  expect(await spawnRefusedApp({ DATABASE_URL: none })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^DATABASE_URL: no PostgreSQL server answers at 127\.0\.0\.1:1, 127\.0\.0\.1:2 \(ECONNREFUSED\): [^\n]+\n$/,
    ),
  });
});

test('a server that is not there, and one that accepts connections and says nothing, are passed over', async () => {
  const silent = await silentPostgres();
  const hosts = ['127.0.0.1:1', new URL(silent.url).host, new URL(primary.url).host];
  const node = await openNode(`postgresql://postgres@${hosts.join(',')}/postgres`);
  await registeredCustomer(node);
  await node.close();
  await silent.close();
});

test('servers that take long for the login and then answer no query are passed over before a pool gives up', async () => {
  const silent = await Promise.all(Array.from({ length: 4 }, () => silentAfterLogin(2_800)));
  const urls = [...silent.map(({ url }) => url), primary.url];
  const pool = new pg.Pool({
    Client: failoverClient(urls, true),
    connectionString: primary.url,
    max: 1,
    connectionTimeoutMillis: 5_000 + urls.length * serverTimeoutMs,
  });
  // The second one waits for the connection of the first, and no longer than that.
  await Promise.all([pool.query('SELECT 1'), pool.query('SELECT 1')]);
  await pool.end();
  for (const one of silent) await one.close();
});

test('a server that is reached by a Unix socket may have target_session_attrs', async () => {
  const folder = await publicFolder('orderstream-socket-');
  await chmod(folder, 0o777);
  const server = await startMigratedPostgres({ unix_socket_directories: folder });
  const { port } = new URL(server.url);
  const url = `postgresql:///postgres?user=postgres&host=${folder}&port=${port}&target_session_attrs=`;
  for (const target of ['read-write', 'any']) {
    const node = await openNode(`${url}${target}`);
    await registeredCustomer(node);
    await node.close();
  }
  await server.remove();
  await rm(folder, { recursive: true });
});

test('a process finds the primary wherever it is in the list, and the new one after a failover, without a restart and a lost command', async () => {
  const app = await spawnApp({
    DATABASE_URL: urlOf([standby, primary], '?target_session_attrs=read-write'),
    LIMIT_CUSTOMER_RATE: '1000000',
  });
  const run = await startCommandRun(() => [app.url], { impatience: 10_000 });
  const acknowledgedMore = async () => {
    const before = run.acknowledged.length;
    await eventually(() => {
      run.expectSound();
      expect(run.acknowledged.length).toBeGreaterThan(before + 20);
    });
  };
  run.go();
  await acknowledgedMore();
  // A clean stop sends everything to the standby first.
  await primary.stop();
  await ask(standby, 'SELECT pg_promote(true)');
  await acknowledgedMore();
  run.rest();
  await run.end();
  const reader = await openNode(standby.url);
  await expectLogHolds(reader.database, run.acknowledged);
  await reader.close();
  expect(await app.stop()).toBe(0);
});
