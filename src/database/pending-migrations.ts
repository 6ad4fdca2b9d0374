import { sqlState } from './database-error.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { migrationNames } from './schema-version.ts';
import { StartError } from '../start-error.ts';

/**
 * What stands between a database and this program's schema.
 * @returns `pending`: migrations that the database has yet to get; `unknown`: some of a newer program that it has
 */
export async function pendingMigrations(
  database: Pick<PrismaClient, '$queryRaw'>,
): Promise<{ pending: string[]; unknown: string[] }> {
  const applied = await appliedMigrations(database);
  return {
    pending: migrationNames.filter(name => !applied.includes(name)),
    unknown: applied.filter(name => !migrationNames.includes(name)),
  };
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
