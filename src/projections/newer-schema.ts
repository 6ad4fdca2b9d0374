import { sql } from '../database/sql.ts';
import { migrationNames } from '../database/schema-version.ts';
import { StartError } from '../start-error.ts';

/**
 * A newer release has migrated the database, and this release does not know what its rows mean. The newer release may
 * have rebuilt all views, and the amounts that this release added to a sum would then be counted twice.
 */
export class NewerSchemaError extends StartError {
  override readonly name = 'NewerSchemaError';
  constructor(migration: string) {
    super(
      `the database was migrated by a newer Orderstream (it has ${migration}): this release must not project any more`,
    );
  }
}

/** The newest migration that this program does not know, or NULL. It is part of the statement that reads or writes. */
export const newerMigration = sql`(
  SELECT max(migration_name) FROM _prisma_migrations
  WHERE migration_name NOT IN (${sql.join([...migrationNames])}) AND finished_at IS NOT NULL AND rolled_back_at IS NULL)`;
