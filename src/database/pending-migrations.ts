import { sqlState } from './database-error.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { migrationNames } from './schema-version.ts';
import { StartError } from '../start-error.ts';

/**
 * The differences between a database and the schema of this program.
 * @returns `pending`: migrations that the database lacks; `unknown`: migrations of a newer release that the database
 * has
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
    // eslint-disable-next-line no-restricted-syntax -- this table belongs to the migration engine, not to the log or the views
    const rows = await database.$queryRaw<{ name: string }[]>`
      SELECT migration_name AS name FROM _prisma_migrations
      WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name`;
    return rows.map(row => row.name);
  } catch (error) {
    switch (sqlState(error)) {
      case '42P01':
        return []; // the table does not exist, so the database was never migrated
      case '42501':
        throw new StartError(
          'DATABASE_URL: the user may not read _prisma_migrations: GRANT SELECT on this table to the user',
        );
      default:
        throw error;
    }
  }
}
