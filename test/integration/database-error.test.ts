import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { databaseOn, openDatabase, type Database, type OpenDatabase } from '../../src/database/database.ts';
import { sql } from '../../src/database/sql.ts';
import { classifyDatabaseError, isUnreachable, sqlState } from '../../src/database/database-error.ts';
import { PrismaClient } from '../../src/generated/prisma/client.ts';
import { eventually } from '../support/eventually.ts';
import { refusingPostgres, silentPostgres } from '../support/fake-postgres.ts';
import { onDatabase } from '../support/on-database.ts';
import { proxyBefore, type TcpProxy } from '../support/tcp-proxy.ts';
import { useDatabase } from '../support/use-database.ts';

const real = useDatabase();
let proxy: TcpProxy;
let open: OpenDatabase;
let database: Database;

beforeAll(async () => {
  const through = await proxyBefore(real.url);
  proxy = through.proxy;
  open = await openDatabase({ databaseUrl: through.url, dataDir: '' });
  ({ database } = open);
  await database.execute(sql`CREATE TABLE probe (
    id int PRIMARY KEY, parent int REFERENCES probe DEFERRABLE INITIALLY DEFERRED)`);
});
afterAll(async () => {
  await open.close();
  await proxy.close();
});

interface Failure {
  readonly what: string;
  readonly state: string | undefined;
}

async function failure(attempt: () => Promise<unknown>): Promise<Failure> {
  const error: unknown = await attempt().then(
    () => {
      throw new Error('it did not fail');
    },
    (reason: unknown) => reason,
  );
  return { what: classifyDatabaseError(error), state: sqlState(error) };
}

const sleep = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds));

test('a server that no address of its host reaches was sent nothing', () => {
  // What Node throws if a name, as localhost often does, has an IPv6 and an IPv4 address.
  const refused = ['::1', '127.0.0.1'].map(address =>
    Object.assign(new Error(`connect ECONNREFUSED ${address}:5432`), { code: 'ECONNREFUSED' }),
  );
  const error = Object.assign(new AggregateError(refused), { code: 'ECONNREFUSED' });
  expect(classifyDatabaseError(error)).toBe('not-sent');
  expect(isUnreachable(error)).toBe(true);
});

describe('a statement that the server rejected is definitely not stored', () => {
  test('by an exception of one of our functions', async () => {
    const raised = failure(() =>
      database.execute(sql`DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'OS001'; END $$`),
    );
    expect(await raised).toEqual({ what: 'definite', state: 'OS001' });
  });

  test('by a constraint, at the statement', async () => {
    expect(await failure(() => database.execute(sql`INSERT INTO probe VALUES (1, null), (1, null)`))).toEqual({
      what: 'definite',
      state: '23505',
    });
  });

  test('by a constraint, at COMMIT', async () => {
    const commit = () =>
      database.models.$transaction(async inside => inside.$executeRaw`INSERT INTO probe VALUES (2, 99)`);
    expect(await failure(commit)).toEqual({ what: 'definite', state: '23503' });
  });

  test('by a time limit', async () => {
    const slow = () =>
      database.models.$transaction(async inside => {
        await inside.$executeRaw`SET LOCAL statement_timeout = 50`;
        await inside.$queryRaw`SELECT 1 FROM pg_sleep(5)`;
      });
    expect(await failure(slow)).toEqual({ what: 'definite', state: '57014' });
  });

  test('through a method of a Prisma model', async () => {
    const row = { customerId: 'cus_1', key: new Uint8Array(32) };
    const twice = () => database.models.customerKey.createMany({ data: [row, row] });
    expect(await failure(twice)).toEqual({ what: 'definite', state: '23505' });
  });
});

describe('a statement whose connection was lost may be stored', () => {
  /** Waits until the server executes the statement that contains this text. */
  function backendThatRuns(probe: string): Promise<number> {
    return onDatabase(real.url, client =>
      eventually(async () => {
        const { rows } = await client.query<{ pid: number }>(
          `SELECT pid FROM pg_stat_activity WHERE query LIKE $1 AND state = 'active' AND pid <> pg_backend_pid()`,
          [`%${probe}%`],
        );
        expect(rows).toHaveLength(1);
        return rows[0]!.pid;
      }),
    );
  }

  test('by an administrator while it ran', async () => {
    const ended = failure(() => database.query(sql`SELECT 'probe-1' FROM pg_sleep(30)`));
    await onDatabase(real.url, async client => {
      await client.query('SELECT pg_terminate_backend($1)', [await backendThatRuns('probe-1')]);
    });
    expect(await ended).toEqual({ what: 'unknown', state: '57P01' });
  });

  test.each(['end', 'reset'] as const)('cut while it ran (%s)', async how => {
    const probe = `probe-${how}`;
    const cut = failure(() => database.query(sql.raw(`SELECT '${probe}' FROM pg_sleep(30)`)));
    await backendThatRuns(probe);
    proxy.cut(how);
    expect(await cut).toEqual({ what: 'unknown', state: undefined });
  });

  test.each(['end', 'reset'] as const)('cut before the answer to COMMIT (%s)', async how => {
    const commit = () =>
      database.models.$transaction(async inside => {
        await inside.$executeRaw`INSERT INTO probe VALUES (3, null)`;
        proxy.cut(how);
      });
    expect(await failure(commit)).toEqual({ what: 'unknown', state: undefined });
  });

  test('by an administrator between two statements of a transaction', async () => {
    const ended = () =>
      database.models.$transaction(async inside => {
        const [row] = await inside.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
        await onDatabase(real.url, client => client.query('SELECT pg_terminate_backend($1, 5000)', [row!.pid]));
        await sleep(100);
        await inside.$queryRaw`SELECT 1`;
      });
    expect(await failure(ended)).toEqual({ what: 'unknown', state: undefined });
  });

  test('and the next one finds a working connection', async () => {
    proxy.cut('reset');
    await sleep(50); // until the pool has noticed
    expect(await database.query(sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
  });
});

describe('a statement that found no connection was never sent', () => {
  /** Through the adapter and client that serve, with settings that no start would accept. */
  async function failuresOn(settings: pg.PoolConfig, atOnce = 1): Promise<Failure[]> {
    const pool = new pg.Pool({ connectionTimeoutMillis: 500, ...settings });
    const client = new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions: { maxWait: 500 } });
    const query = () => databaseOn({ query: pool, lookUp: pool }).query(sql`SELECT 1 FROM pg_sleep(1.5)`);
    const inTransaction = async () =>
      await client.$transaction(async inside => await inside.$queryRaw`SELECT 1 FROM pg_sleep(1.5)`);
    const failures: Failure[] = [];
    for (const attempt of [query, inTransaction]) {
      const others = Array.from({ length: atOnce - 1 }, attempt);
      failures.push(await failure(attempt));
      await Promise.allSettled(others);
    }
    await pool.end();
    return failures;
  }
  const neverSent = { what: 'not-sent', state: undefined };

  test.each([
    ['no server listens', 'postgresql://127.0.0.1:1/none'],
    ['a name has no address', 'postgresql://nowhere.invalid/none'],
    ['a socket file is missing', 'postgresql://%2Fnonexistent/none'],
  ])('if %s', async (_, connectionString) => {
    expect(await failuresOn({ connectionString })).toEqual([neverSent, neverSent]);
  });

  test('if the server does not answer in time', async () => {
    const silent = await silentPostgres();
    expect(await failuresOn({ connectionString: silent.url })).toEqual([neverSent, neverSent]);
    await silent.close();
  });

  test('if the server has no encryption and the client requires it', async () => {
    const url = new URL(real.url);
    url.searchParams.set('sslmode', 'verify-full');
    expect(await failuresOn({ connectionString: url.href })).toEqual([neverSent, neverSent]);
  });

  test('if the server is starting', async () => {
    const starting = await refusingPostgres('57P03', 'the database system is starting up');
    const said = { what: 'not-sent', state: '57P03' };
    expect(await failuresOn({ connectionString: starting.url })).toEqual([said, said]);
    await starting.close();
  });

  test('if every connection of the pool is in use', async () => {
    expect(await failuresOn({ connectionString: real.url, max: 1 }, 2)).toEqual([neverSent, neverSent]);
  });

  test('if the pool is closed', async () => {
    const closed = await openDatabase({ databaseUrl: real.url, dataDir: '' });
    await closed.close();
    expect(await failure(() => closed.database.query(sql`SELECT 1`))).toEqual(neverSent);
  });
});
