import { isReadOnly } from '../database/database-error.ts';
import { ReadOnlyError } from '../event-store/appender.ts';

/** What a command says that met a database which takes no writes; undefined if the error is about something else. */
export function readOnlyLine(error: unknown): string | undefined {
  if (!(error instanceof ReadOnlyError) && !isReadOnly(error)) return undefined;
  return 'the database takes no writes (a standby, or default_transaction_read_only is on): run this on the primary';
}
