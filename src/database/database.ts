import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import pg, { type CustomTypesConfig, type Pool } from 'pg';
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { type Closers, openClosers } from '../async/closers.ts';
import { type Config, type DatabaseConnections, defaultConnections } from '../config.ts';
import { lockDataDirectory } from './data-directory.ts';
import { PrismaClient } from '../generated/prisma/client.ts';
import { migratedByNewer, pendingMigrations } from './pending-migrations.ts';
import { measurePool, type PoolUse } from './pool-use.ts';
import { openPool } from './postgres.ts';
import { querySettings, roleSettings, timeLimitsMs } from './session-settings.ts';
import type { Query, Statement } from './sql.ts';
import { StartError } from '../start-error.ts';

/**
 * The only way to the database. The method that sends a statement decides how the statement is planned, see
 * docs/decisions/0027-one-way-to-the-database.md.
 */
export interface Database {
  /** Sends a statement that is planned each time, for its values and with the current statistics of the tables. */
  readonly query: Query;
  /**
   * Sends a statement that finds its rows by key. It is prepared once for each session, and planned without the tables'
   * statistics. Only a small number of different texts may be used, because each one stays prepared.
   */
  readonly lookUp: Query;
  /** Sends a statement as `query` does. @returns the number of rows that it changed */
  readonly execute: (statement: Statement) => Promise<number>;
  /** Runs statements that all see the database at one moment. @param timeoutMs maximum duration of all of them */
  readonly snapshot: <Result>(run: (query: Query) => Promise<Result>, timeoutMs: number) => Promise<Result>;
  /** Prisma's client, with types for each table. It takes more time than a statement of ours. */
  readonly models: PrismaClient;
}

export interface OpenDatabase {
  readonly database: Database;
  /** Whether PostgreSQL runs in this process. Then this process is the only one on the data. */
  readonly embedded: boolean;
  /**
   * Sends a statement of a probe by a connection of its own, which waits for no request. After 2 s it fails. The embedded
   * database has one session for everything.
   */
  readonly probe: Query;
  /** One function for each pool of connections that requests use; the embedded database has none. */
  readonly poolUse: readonly (() => PoolUse)[];
  /**
   * Waits for all statements in flight and for transactions to end. Prisma's own $disconnect would roll the
   * transactions back.
   */
  readonly close: () => Promise<void>;
}

/**
 * The application name under which the server lists the connections of serving processes. Short-lived commands use
 * another name.
 */
export const nodeName = 'orderstream node';

/**
 * Opens PostgreSQL at the configured URL. Without a URL, it locks, migrates and opens the embedded database in the
 * data directory.
 * @param name the application name of the connections
 * @throws StartError if the database can't be reached or used, or if its schema is not the one of this program
 */
export async function openDatabase(
  config: Pick<Config, 'databaseUrl' | 'dataDir'> & Partial<Pick<Config, 'databaseConnections'>>,
  name = 'orderstream',
): Promise<OpenDatabase> {
  const closers = openClosers();
  const { databaseUrl, databaseConnections = defaultConnections } = config;
  try {
    const poolUse: (() => PoolUse)[] = [];
    const { database, probe } =
      databaseUrl === undefined
        ? await openInProcess(config.dataDir, closers)
        : await openServer(databaseUrl, name, databaseConnections, { closers, poolUse });
    await checkSchema(database);
    return { database, probe, embedded: databaseUrl === undefined, poolUse, close: () => closers.release() };
  } catch (error) {
    await closers.release();
    throw error;
  }
}

type Opened = Pick<OpenDatabase, 'database' | 'probe'>;

async function openInProcess(dataDir: string, closers: Closers): Promise<Opened> {
  closers.push(await lockDataDirectory(dataDir));
  // Imported only here: a process that uses a PostgreSQL server saves these 20 MB.
  const { embeddedAdapter, openEmbedded } = await import('./embedded-database.ts');
  const { migrate } = await import('./migrations.ts');
  const client = await openEmbedded(join(dataDir, 'database'));
  closers.push(() => client.close());
  await migrate(client);
  const query: Query = async <Row>({ text, values }: Statement) =>
    (await client.query<Row>(text, values, { parsers })).rows;
  const database: Database = {
    query,
    lookUp: query, // PostgreSQL in this process plans for its single session; preparing would save nothing
    execute: async ({ text, values }) => (await client.query(text, values)).affectedRows ?? 0,
    ...modelsOf(embeddedAdapter(client)),
  };
  return { database, probe: query };
}

/** Longer than the server's own limit. After it, the client closes the connection. */
const queryTimeoutMs = 40_000;

/**
 * A balancer asks again soon. The limit of the server is the same: otherwise the statements of one probe after the other
 * would wait for a lock, each in a session of its own.
 */
const probeLimitsMs = { statement_timeout: 2_000, query_timeout: 2_000 };

async function openServer(
  url: string,
  name: string,
  { queryMax, lookUpMax, pooled, synchronousCommit }: DatabaseConnections,
  { closers, poolUse }: { closers: Closers; poolUse: (() => PoolUse)[] },
): Promise<Opened> {
  const settings = { application_name: name, ...timeLimitsMs, query_timeout: queryTimeoutMs };
  const commit = synchronousCommit === undefined ? [] : [`synchronous_commit=${synchronousCommit}`];
  const open = async (max: number, session: readonly string[], limitsMs = {}): Promise<Pool> => {
    const pool = await openPool({
      key: 'DATABASE_URL',
      url,
      settings: { ...settings, ...limitsMs, max },
      session: [...session, ...commit],
      roleSettings: pooled ? roleSettings(synchronousCommit) : undefined,
    });
    closers.push(() => pool.end());
    return pool;
  };
  const query = await open(queryMax, querySettings);
  const lookUp = await open(lookUpMax, lookUpSettings);
  poolUse.push(measurePool('query', query, queryMax), measurePool('look_up', lookUp, lookUpMax));
  const probe = await open(1, querySettings, probeLimitsMs);
  return { database: databaseOn({ query, lookUp, prepares: !pooled }), probe: queryOn(probe) };
}

/** The pools of a database. */
interface Pools {
  /** For `query` and everything else. */
  readonly query: Pool;
  readonly lookUp: Pool;
  /** False: a prepared statement may be missing in the session that the next call gets. Default: true. */
  readonly prepares?: boolean;
}

export function databaseOn({ prepares = true, ...pools }: Pools): Database {
  const names = new Map<string, string>();
  return {
    query: queryOn(pools.query),
    lookUp: async <Row>({ text, values }: Statement) => {
      if (!prepares) return (await pools.lookUp.query({ text, values, types })).rows as Row[];
      const name = names.get(text) ?? `look_up_${names.size}`;
      names.set(text, name);
      return (await pools.lookUp.query({ name, text, values, types })).rows as Row[];
    },
    execute: async ({ text, values }) => (await pools.query.query({ text, values })).rowCount ?? 0,
    ...modelsOf(new PrismaPg(pools.query)),
  };
}

function queryOn(pool: Pool): Query {
  return async <Row>({ text, values }: Statement) => (await pool.query({ text, values, types })).rows as Row[];
}

/** Values for which the driver and the embedded database have different defaults. */
const parsers = {
  20: BigInt, // bigint
  17: (hex: string) => Uint8Array.from(Buffer.from(hex.slice(2), 'hex')), // bytea
};
const types: CustomTypesConfig = {
  getTypeParser: (type, format): unknown =>
    (parsers as Partial<Record<number, (text: string) => unknown>>)[type] ?? pg.types.getTypeParser(type, format),
};

/**
 * For the sessions of `lookUp`: plans that are good independent of the tables' content, one row after the other through
 * an index. Otherwise a cached plan would remain the one that was best when the tables were empty.
 */
export const lookUpSettings = [
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'jit=off',
  'plan_cache_mode=force_generic_plan',
];

function modelsOf(adapter: SqlDriverAdapterFactory): Pick<Database, 'models' | 'snapshot'> {
  const models = new PrismaClient({
    adapter,
    errorFormat: 'minimal', // the other formats read source files for each error
    transactionOptions: { maxWait: 5_000, timeout: 20_000 },
  });
  return {
    models,
    snapshot: (run, timeout) =>
      models.$transaction(inside => run(({ text, values }) => inside.$queryRawUnsafe(text, ...values)), {
        isolationLevel: 'RepeatableRead',
        timeout,
      }),
  };
}

async function checkSchema({ query }: Database): Promise<void> {
  const { pending, unknown } = await pendingMigrations(query);
  if (unknown.length > 0) throw migratedByNewer(unknown);
  if (pending.length > 0) throw new StartError('the database is not migrated: run npm run db:migrate');
}
