import { settledWithin } from '../async/timeout.ts';
import { isPassing, isReadOnly } from '../database/database-error.ts';
import { ReadOnlyError, readOnlyPatienceMs, UnavailableError } from '../event-store/appender.ts';
import { backoff } from '../event-store/backoff.ts';
import type { MaybePromise } from '../async/maybe-promise.ts';

/**
 * Reads the state for a decision, and retries while the database is unreachable. The first command with personal data
 * of a subject also creates their key, and a read-only server rejects that. A result that is available at once costs
 * no promise and no timer.
 * @param deadline a time of performance.now()
 * @throws UnavailableError after the deadline; ReadOnlyError if the server stays read-only; any other error of `read`
 */
export function readUntil<Result>(deadline: number, read: () => MaybePromise<Result>): MaybePromise<Result> {
  const first = read();
  return first instanceof Promise ? retryUntil(deadline, first, read) : first;
}

async function retryUntil<Result>(
  deadline: number,
  first: Promise<Result>,
  read: () => MaybePromise<Result>,
): Promise<Result> {
  let result: MaybePromise<Result> = first;
  let writableBy: number | undefined;
  for (let failed = 0; ; ) {
    try {
      return await settledBefore(deadline, result);
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
    result = read();
  }
}

/** Without this timeout, a connection that was cut without notice would be awaited much longer. */
function settledBefore<Result>(deadline: number, result: MaybePromise<Result>): Promise<Result> {
  const late = () => new UnavailableError('The database did not answer in time');
  return settledWithin(result, deadline - performance.now(), late);
}
