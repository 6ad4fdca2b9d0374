import { readFile } from 'node:fs/promises';
import type { PGlite } from '@electric-sql/pglite';
import { PrismaPg } from '@prisma/adapter-pg';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { openPool } from './postgres.ts';
import { migrationNames, migrationsFolder as folder } from './schema-version.ts';
import { openSchemaEngine, type Session } from './schema-engine.ts';
import { StartError } from '../start-error.ts';

/** The lock that Prisma's command line takes too, so that it and ours never migrate at once. */
const lock = 72_707_369;

/**
 * Brings the database to the schema of this program: all that is missing, or, where one step fails, nothing.
 * @param target the owner's connection URL, or the embedded database
 * @returns the migrations it applied, in order
 * @throws StartError
 */
export async function migrate(target: string | PGlite): Promise<string[]> {
  if (typeof target !== 'string') {
    return applyMigrations({ adapter: new PrismaPGlite(target), run: script => target.exec(script) });
  }
  // One connection that never goes idle: all below must happen in one transaction.
  const pool = await openPool('DATABASE_MIGRATE_URL', target, { max: 1, idleTimeoutMillis: 0 }, limits);
  try {
    return await applyMigrations({ adapter: new PrismaPg(pool), run: script => pool.query(script) });
  } finally {
    await pool.end();
  }
}

/**
 * An index over a large table takes as long as it takes. A process that stops half-way holds its locks for a minute at most.
 * As settings of the session, since the client leaves out a time limit of 0.
 */
const limits = ['statement_timeout=0', 'lock_timeout=0', 'idle_in_transaction_session_timeout=60000'];

/** All in one transaction: a process that dies half-way leaves no half-made schema and no mark of a failed migration. */
async function applyMigrations(session: Session): Promise<string[]> {
  const migrationsList = await readMigrations();
  let refused: { script: string; error: unknown } | undefined;
  let committing = false;
  const engine = await openSchemaEngine({
    adapter: session.adapter,
    run: script =>
      session.run(script).catch((error: unknown) => {
        // The engine goes on inside the transaction that this ended, and answers with what it meets there.
        refused ??= { script, error };
        throw error;
      }),
  });
  try {
    // Others who migrate at the same time wait here, and then find nothing left to do.
    await session.run(`BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${lock})`);
    // A migration that waits for a long query's lock makes all that come after it wait as well.
    await session.run(`SET LOCAL lock_timeout = '10s'`);
    // Before any of the views', as a batch of a projector does: one that holds a view while it waits for the other, for
    // which a migration waits that holds the other, would end both.
    await session.run(
      `DO $$ BEGIN IF to_regclass('checkpoints') IS NOT NULL THEN LOCK TABLE checkpoints IN SHARE MODE; END IF; END $$`,
    );
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters });
    committing = true;
    await session.run('COMMIT');
    return appliedMigrationNames;
  } catch (error) {
    // The connection may be what failed; then the server rolls back by itself.
    await session.run('ROLLBACK').catch(() => undefined);
    const name = migrationsList.migrationDirectories.find(
      ({ migrationFile }) => migrationFile.content.value === refused?.script,
    )?.path;
    const cause = refused?.error ?? error;
    const what = name === undefined ? 'migration' : `migration ${name}`;
    // Where the answer to COMMIT was lost, all may be done: the next time finds out.
    const outcome = committing ? '' : ', nothing was changed';
    throw new StartError(`${what} failed${outcome}: ${reason(cause)}`, { cause });
  } finally {
    engine.free();
  }
}

const filters = { externalTables: [], externalEnums: [] };

function reason(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  // The engine passes no SQLSTATE on.
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
