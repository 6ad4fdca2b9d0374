import { Prisma } from '../generated/prisma/client.ts';
import { migrationNames } from '../schema-version.ts';
import { StartError } from '../start-error.ts';

/**
 * A newer program has migrated the database: what its rows mean, this one does not know. It may have had all views
 * folded anew, and what this one added to a sum would be in it twice.
 */
export class NewerSchemaError extends StartError {
  override readonly name = 'NewerSchemaError';
  constructor(migration: string) {
    super(`the database was migrated by a newer Orderstream (it has ${migration}): this one projects nothing any more`);
  }
}

/** The newest of the migrations that this program does not know; else NULL. Part of the statement that reads or writes. */
export const newerMigration = Prisma.sql`(
  SELECT max(migration_name) FROM _prisma_migrations
  WHERE migration_name NOT IN (${Prisma.join([...migrationNames])}) AND finished_at IS NOT NULL AND rolled_back_at IS NULL)`;
