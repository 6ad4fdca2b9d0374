import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PGlite } from '@electric-sql/pglite';
import { PrismaPg } from '@prisma/adapter-pg';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { sqlState } from './database-error.ts';
import type { PrismaClient } from './generated/prisma/client.ts';
import { openPool } from './postgres.ts';
import { openSchemaEngine, type Session } from './schema-engine.ts';
import { StartError } from './start-error.ts';

// The same from src/ and from dist/.
const folder = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

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
  const pool = await openPool('DATABASE_MIGRATE_URL', target, { max: 1, idleTimeoutMillis: 0 });
  try {
    return await applyMigrations({ adapter: new PrismaPg(pool), run: script => pool.query(script) });
  } finally {
    await pool.end();
  }
}

/**
 * What stands between a database and this program's schema.
 * @returns `pending`: migrations that the database has yet to get; `unknown`: some of a newer program that it has
 */
export async function pendingMigrations(
  database: Pick<PrismaClient, '$queryRaw'>,
): Promise<{ pending: string[]; unknown: string[] }> {
  const known = await migrationNames();
  const applied = await appliedMigrations(database);
  return {
    pending: known.filter(name => !applied.includes(name)),
    unknown: applied.filter(name => !known.includes(name)),
  };
}

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

async function appliedMigrations(database: Pick<PrismaClient, '$queryRaw'>): Promise<string[]> {
  try {
    // eslint-disable-next-line no-restricted-syntax -- the engine's own table: no business of the log or the views
    const rows = await database.$queryRaw<{ name: string }[]>`
      SELECT migration_name AS name FROM _prisma_migrations
      WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name`;
    return rows.map(row => row.name);
  } catch (error) {
    switch (sqlState(error)) {
      case '42P01':
        return []; // no such table: nobody ever migrated this database
      case '42501':
        throw new StartError('DATABASE_URL: its user may not read _prisma_migrations: GRANT SELECT ON it to that user');
      default:
        throw error;
    }
  }
}

async function migrationNames(): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.flatMap(entry => (entry.isDirectory() ? [entry.name] : [])).sort();
}

async function readMigrations(): Promise<MigrationList> {
  const file = 'migration.sql';
  const migrationDirectories = (await migrationNames()).map(async name => ({
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
