import { isReadOnly } from '../database/database-error.ts';
import { ReadOnlyError } from '../event-store/appender.ts';

/** The message for an error of a database that accepts no writes; undefined for any other error. */
export function readOnlyLine(error: unknown): string | undefined {
  if (!(error instanceof ReadOnlyError) && !isReadOnly(error)) return undefined;
  return 'the database takes no writes (a standby, or default_transaction_read_only is on): run this on the primary';
}
