import { readFile } from 'node:fs/promises';
import type { PGlite } from '@electric-sql/pglite';
import { PrismaPg } from '@prisma/adapter-pg';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { openPool } from './postgres.ts';
import { migrationNames, migrationsFolder as folder } from './schema-version.ts';
import { openSchemaEngine, type Session } from './prisma-schema-engine.ts';
import { StartError } from '../start-error.ts';

/** The advisory lock that Prisma's command line uses as well, so that it never migrates at the same time. */
const lock = 72_707_369;

/**
 * Migrates the database to the schema of this program. If one step fails, nothing is changed.
 * @param target the owner's connection URL, or the embedded database
 * @returns the migrations it applied, in order
 * @throws StartError if a migration failed
 */
export async function migrate(target: string | PGlite): Promise<string[]> {
  if (typeof target !== 'string') {
    return applyMigrations({ adapter: new PrismaPGlite(target), run: script => target.exec(script) });
  }
  // One connection that is never closed for being idle, because everything below must run in one transaction.
  const pool = await openPool({
    key: 'DATABASE_MIGRATE_URL',
    url: target,
    settings: { max: 1, idleTimeoutMillis: 0 },
    session: limits,
  });
  try {
    return await applyMigrations({ adapter: new PrismaPg(pool), run: script => pool.query(script) });
  } finally {
    await pool.end();
  }
}

/**
 * Building an index over a large table may take any time. If this process stops in between, its locks are released
 * after a minute. These are session settings, because the client ignores a time limit of 0.
 */
const limits = ['statement_timeout=0', 'lock_timeout=0', 'idle_in_transaction_session_timeout=1min'];

/**
 * Everything runs in one transaction: a process that dies in between leaves no incomplete schema and no mark of a
 * failed migration.
 */
async function applyMigrations(session: Session): Promise<string[]> {
  const migrationsList = await readMigrations();
  let failed: { script: string; error: unknown } | undefined;
  let committing = false;
  const engine = await openSchemaEngine({
    adapter: session.adapter,
    run: script =>
      session.run(script).catch((error: unknown) => {
        // The engine continues inside the transaction that this error has ended, and then reports a later error. So
        // the first one is recorded.
        failed ??= { script, error };
        throw error;
      }),
  });
  try {
    // Concurrent migrations wait here, and then find nothing to do.
    await session.run(`BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${lock})`);
    // While a migration waits for a lock of a long query, all statements that come after it wait as well. So the wait
    // is limited.
    await session.run(`SET LOCAL lock_timeout = '10s'`);
    // A projector locks checkpoints before it writes views, so a migration takes the locks in the same order.
    // Otherwise both could wait for each other (a deadlock), and both would fail.
    await session.run(
      `DO $$ BEGIN IF to_regclass('checkpoints') IS NOT NULL THEN LOCK TABLE checkpoints IN SHARE MODE; END IF; END $$`,
    );
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters });
    committing = true;
    await session.run('COMMIT');
    return appliedMigrationNames;
  } catch (error) {
    // The connection itself may have failed. Then the server rolls back by itself.
    await session.run('ROLLBACK').catch(() => undefined);
    const name = migrationsList.migrationDirectories.find(
      ({ migrationFile }) => migrationFile.content.value === failed?.script,
    )?.path;
    const cause = failed?.error ?? error;
    const what = name === undefined ? 'migration' : `migration ${name}`;
    // If the response to COMMIT was lost, the migrations may be stored. The next run finds out.
    const outcome = committing ? '' : ', nothing was changed';
    throw new StartError(`${what} failed${outcome}: ${reason(cause)}`, { cause });
  } finally {
    engine.free();
  }
}

const filters = { externalTables: [], externalEnums: [] };

function reason(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  // The engine does not pass the SQLSTATE on.
  return line.includes('permission denied') ? `${line}: set DATABASE_MIGRATE_URL to the owner's connection` : line;
}

async function readMigrations(): Promise<MigrationList> {
  const file = 'migration.sql';
  const migrationDirectories = migrationNames.map(async name => ({
    path: name,
    migrationFile: {
      path: file,
      content: { tag: 'ok' as const, value: await readFile(`${folder}/${name}/${file}`, 'utf8') },
    },
  }));
  return {
    baseDir: folder,
    lockfile: { path: 'migration_lock.toml', content: await readFile(`${folder}/migration_lock.toml`, 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(migrationDirectories),
  };
}
