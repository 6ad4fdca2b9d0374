import { migrate } from '../../src/database/migrations.ts';
import { databaseUrl, onDatabase } from './on-database.ts';
import { startPostgres } from './private-postgres.ts';
import { startRedis } from './private-redis.ts';

/** The servers that the tests of one run share. */
export interface Servers {
  readonly postgres: { readonly adminUrl: string; readonly template: string };
  /** Null without Redis: the suites that need it are skipped, and named at the end. */
  readonly redisUrl: string | null;
  close(): Promise<void>;
}

/**
 * Opens the servers of a run and migrates a database that the tests clone. PostgreSQL: TEST_DATABASE_URL (of a
 * superuser), or else a private one. Redis: TEST_REDIS_URL, or else a private one. A server that only happens to run
 * on this machine is not used.
 * @param run name part of the run's databases
 * @throws if CI is set and there is no Redis: nothing may be skipped there
 */
export async function openServers(run: string): Promise<Servers> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    const redisUrl = await redis(closers);
    const adminUrl = await postgres(closers);
    const template = `orderstream_test_${run}`;
    closers.push(() => dropDatabases(adminUrl, template));
    await onDatabase(adminUrl, client => client.query(`create database ${template}`));
    await migrate(databaseUrl(adminUrl, template));
    return { postgres: { adminUrl, template }, redisUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function postgres(closers: (() => Promise<void>)[]): Promise<string> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given) return given;
  // Its data does not outlive the run: to sync it, for hundreds of databases, would take a good part of the time.
  const server = await startPostgres({ fsync: 'off', full_page_writes: 'off' });
  closers.push(() => server.remove());
  return server.url;
}

async function redis(closers: (() => Promise<void>)[]): Promise<string | null> {
  const given = process.env['TEST_REDIS_URL'];
  if (given) return given;
  try {
    const server = await startRedis();
    closers.push(() => server.stop());
    return server.url;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    if (process.env['CI']) {
      throw new Error('no redis-server on PATH and no TEST_REDIS_URL: with CI set no test may be skipped', {
        cause: error,
      });
    }
    return null;
  }
}

/** Databases that an interrupted test could not drop, and the template. */
async function dropDatabases(adminUrl: string, prefix: string): Promise<void> {
  await onDatabase(adminUrl, async client => {
    const { rows } = await client.query<{ datname: string }>(
      'select datname from pg_database where starts_with(datname, $1)',
      [prefix],
    );
    for (const { datname } of rows) await client.query(`drop database if exists ${datname} with (force)`);
  });
}
