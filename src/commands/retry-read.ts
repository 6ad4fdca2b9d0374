import { settledWithin } from '../async/timeout.ts';
import { isPassing, isReadOnly } from '../database/database-error.ts';
import { ReadOnlyError, readOnlyPatienceMs, UnavailableError } from '../event-store/appender.ts';
import { backoff } from '../event-store/backoff.ts';

/**
 * Reads from the database what a decision needs, and retries while the database is unreachable. It also retries for a
 * while if the server is read-only: the first command with personal data of a subject creates their key, and such a
 * server rejects that.
 * @param deadline a time of performance.now()
 * @throws UnavailableError after the deadline; ReadOnlyError if the server stays read-only; any other error of `read`
 */
export async function retryRead<Result>(deadline: number, read: () => Promise<Result>): Promise<Result> {
  let writableBy: number | undefined;
  for (let failed = 0; ; ) {
    try {
      // Without this timeout, a connection that was cut without notice would be awaited much longer.
      return await settledWithin(read(), deadline - performance.now(), late);
    } catch (error) {
      const readOnly = isReadOnly(error);
      if (!readOnly && !isPassing(error)) throw error;
      const waitMs = backoff(++failed);
      writableBy = readOnly ? (writableBy ?? performance.now() + waitMs + readOnlyPatienceMs) : undefined;
      if (performance.now() + waitMs > Math.min(deadline, writableBy ?? Infinity) && readOnly)
        throw new ReadOnlyError('The database is read-only', { cause: error });
      if (performance.now() + waitMs > deadline)
        throw new UnavailableError('The database cannot be read', { cause: error });
      await new Promise(resolve => setTimeout(resolve, waitMs));
    }
  }
}

function late(): UnavailableError {
  return new UnavailableError('The database did not answer in time');
}
