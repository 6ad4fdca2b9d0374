import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import type { Pool } from 'pg';
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { type Closers, openClosers } from '../async/closers.ts';
import type { Config } from '../config.ts';
import { lockDataDirectory } from './data-directory.ts';
import { type Prisma, PrismaClient } from '../generated/prisma/client.ts';
import { pendingMigrations } from './pending-migrations.ts';
import { openPool } from './postgres.ts';
import { StartError } from '../start-error.ts';

export type Database = PrismaClient;

/**
 * Sends a statement that looks rows up by their keys. It is prepared once for each session, and planned without the
 * tables' statistics. Only a small number of different texts may be used, because each one stays prepared.
 */
export type LookUp = <Row>(statement: Statement) => Promise<Row[]>;

export type Statement = Pick<Prisma.Sql, 'text' | 'values'>;

export interface OpenDatabase {
  readonly database: Database;
  /** Undefined if PostgreSQL runs in this process, because it would save nothing there. */
  readonly lookUp: LookUp | undefined;
  /**
   * Sends a statement that is planned each time with the tables' statistics. It bypasses Prisma, which needs more
   * time for the rows of a page than the database does. Undefined if PostgreSQL runs in this process.
   */
  readonly select: LookUp | undefined;
  /** Whether PostgreSQL runs in this process. Then this process is the only one on the data. */
  readonly embedded: boolean;
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
  config: Pick<Config, 'databaseUrl' | 'dataDir'>,
  name = 'orderstream',
): Promise<OpenDatabase> {
  const closers = openClosers();
  const embedded = config.databaseUrl === undefined;
  try {
    const { databaseUrl } = config;
    const pool = databaseUrl === undefined ? undefined : await openServer(databaseUrl, name, closers);
    const database = new PrismaClient({
      adapter: pool ? new PrismaPg(pool) : await openInProcess(config.dataDir, closers),
      errorFormat: 'minimal', // the other formats read source files for each error
      transactionOptions: { maxWait: 5_000, timeout: 20_000 },
    });
    await checkSchema(database);
    const lookUp = databaseUrl === undefined ? undefined : await openLookUps(databaseUrl, name, closers);
    const select = pool && selectOn(pool);
    return { database, lookUp, select, embedded, close: () => closers.release() };
  } catch (error) {
    await closers.release();
    throw error;
  }
}

async function openInProcess(dataDir: string, closers: Closers): Promise<SqlDriverAdapterFactory> {
  closers.push(await lockDataDirectory(dataDir));
  // Imported only here: a process that uses a PostgreSQL server saves these 20 MB.
  const { embeddedAdapter, openEmbedded } = await import('./embedded-database.ts');
  const { migrate } = await import('./migrations.ts');
  const client = await openEmbedded(join(dataDir, 'database'));
  closers.push(() => client.close());
  await migrate(client);
  return embeddedAdapter(client);
}

const limits = {
  statement_timeout: 30_000,
  lock_timeout: 10_000,
  // A process that stops inside a transaction keeps the log's lock. This limits the time.
  idle_in_transaction_session_timeout: 10_000,
  // Longer than the server's own limit. After it, the client closes the connection.
  query_timeout: 40_000,
};

async function openServer(url: string, name: string, closers: Closers): Promise<Pool> {
  const pool = await openPool('DATABASE_URL', url, { application_name: name, max: 10, ...limits }, planned);
  closers.push(() => pool.end());
  return pool;
}

function selectOn(pool: Pool): LookUp {
  return async <Row>({ text, values }: Statement): Promise<Row[]> =>
    (await pool.query({ text, values: [...values] })).rows as Row[];
}

/**
 * Settings for plans that are good independent of the tables' content: one row after the other through an index.
 * Otherwise a cached plan would remain the one that was best when the tables were empty.
 */
export const byKey = [
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  // A page of a list is read in the order of an index. Without this, PostgreSQL would sort all rows of a small table.
  'enable_sort=off',
  'enable_incremental_sort=off',
  'jit=off',
];

/**
 * For the sessions of all other statements. The plan of a page has many branches, and few of them run. From its
 * estimated cost PostgreSQL would compile (JIT) all of them, which takes a hundred times longer than the execution.
 */
export const planned = ['jit=off'];

/** Bypasses Prisma, which prepares no statements and needs more time for a result than the database does. */
async function openLookUps(url: string, name: string, closers: Closers): Promise<LookUp> {
  const session = [...byKey, 'plan_cache_mode=force_generic_plan'];
  const pool = await openPool('DATABASE_URL', url, { application_name: name, max: 6, ...limits }, session);
  closers.push(() => pool.end());
  const names = new Map<string, string>();
  return async <Row>({ text, values }: Statement): Promise<Row[]> => {
    const prepared = names.get(text) ?? `look_up_${names.size}`;
    names.set(text, prepared);
    const { rows } = await pool.query({ name: prepared, text, values: [...values] });
    return rows as Row[];
  };
}

async function checkSchema(database: Database): Promise<void> {
  const { pending, unknown } = await pendingMigrations(database);
  if (unknown.length > 0) {
    throw new StartError(
      `the database was migrated by a newer release (it has ${unknown.join(', ')}): start that release`,
    );
  }
  if (pending.length > 0) throw new StartError('the database is not migrated: run npm run db:migrate');
}
