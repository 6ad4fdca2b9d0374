import { sqlState } from './database-error.ts';
import { migrationNames } from './schema-version.ts';
import { StartError } from '../start-error.ts';
import { openPool } from './postgres.ts';
import { type Query, sql, type Statement } from './sql.ts';

/**
 * The differences between a database and the schema of this program.
 * @returns `pending`: migrations that the database lacks; `unknown`: migrations of a newer release that the database
 * has
 */
export async function pendingMigrations(query: Query): Promise<{ pending: string[]; unknown: string[] }> {
  const applied = await appliedMigrations(query);
  return {
    pending: migrationNames.filter(name => !applied.includes(name)),
    unknown: applied.filter(name => !migrationNames.includes(name)),
  };
}

/**
 * The migrations that migrate() would apply, in order. Its sessions can't write.
 * @param ownerUrl connection URL of the role that migrates
 * @throws StartError if the server can't be reached, or if a newer release has migrated the database
 */
export async function readPendingMigrations(ownerUrl: string): Promise<string[]> {
  const pool = await openPool({
    key: 'DATABASE_MIGRATE_URL',
    url: ownerUrl,
    settings: { max: 1 },
    session: ['default_transaction_read_only=on'],
  });
  try {
    const { pending, unknown } = await pendingMigrations(
      async <Row>({ text, values }: Statement) => (await pool.query(text, [...values])).rows as Row[],
    );
    if (unknown.length > 0) throw migratedByNewer(unknown);
    return pending;
  } finally {
    await pool.end();
  }
}

export function migratedByNewer(unknown: readonly string[]): StartError {
  return new StartError(
    `the database was migrated by a newer release (it has ${unknown.join(', ')}): start that release`,
  );
}

async function appliedMigrations(query: Query): Promise<string[]> {
  try {
    const rows = await query<{ name: string }>(sql`
      SELECT migration_name AS name FROM _prisma_migrations
      WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name`);
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
