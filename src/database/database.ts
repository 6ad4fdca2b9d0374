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
 * Sends a statement that looks rows up by their keys: prepared once a session, and planned without a look at the tables'
 * statistics. Its text has to be one of few: each stays prepared.
 */
export type LookUp = <Row>(statement: Statement) => Promise<Row[]>;

export type Statement = Pick<Prisma.Sql, 'text' | 'values'>;

export interface OpenDatabase {
  readonly database: Database;
  /** Undefined where PostgreSQL runs in this process: there is nothing to save. */
  readonly lookUp: LookUp | undefined;
  /**
   * Sends a statement that is planned each time by the tables' statistics, past Prisma, which takes longer over a page than
   * the database does. Undefined if PostgreSQL runs in this process.
   */
  readonly select: LookUp | undefined;
  /** PostgreSQL runs in this process, which is then the only one on this data. */
  readonly embedded: boolean;
  /** Waits for what is under way, transactions to their end: Prisma's own $disconnect would roll those back. */
  readonly close: () => Promise<void>;
}

/** How a process that serves is called among the server's connections: what runs beside it to end soon is not called so. */
export const nodeName = 'orderstream node';

/**
 * Opens PostgreSQL at the configured URL, or else the embedded one in the data directory, which it locks and migrates.
 * @param name under which the server lists the connections
 * @throws StartError where it can't be reached or used, or where its schema is not this program's
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
      errorFormat: 'minimal', // the others read source files for each error
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
  // Loaded here alone: a process on a PostgreSQL server does without the other's 20 MB.
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
  // A process that stops inside a transaction holds the log's lock: no longer than this.
  idle_in_transaction_session_timeout: 10_000,
  // Past the server's own limit: then the answer is lost, and with it the connection.
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
 * What holds whatever the tables have in them: one row after the other by an index. A plan that is kept would else be
 * the one that was best when the tables were empty.
 */
export const byKey = [
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  // A page in an index's order: not all of a small table, sorted.
  'enable_sort=off',
  'enable_incremental_sort=off',
  'jit=off',
];

/**
 * Of the sessions that all other statements go through. A page's plan is one of many branches of which few are run: what
 * it is estimated to cost would have each compiled, for a hundred times as long as it runs.
 */
export const planned = ['jit=off'];

/** Past Prisma, which prepares nothing and takes longer over an answer than the database does. */
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
      `database is ahead of this program (it has ${unknown.join(', ')}): start the newer Orderstream that migrated it`,
    );
  }
  if (pending.length > 0) throw new StartError('database is not migrated: run npm run db:migrate');
}
