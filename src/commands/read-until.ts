import { isPassing, isReadOnly } from '../database/database-error.ts';
import { ReadOnlyError, readOnlyPatienceMs, UnavailableError } from '../event-store/appender.ts';
import { backoff } from '../event-store/backoff.ts';
import type { MaybePromise } from '../async/maybe-promise.ts';

/**
 * Reads what a command is decided on, and retries while the database is unreachable. The first command that seals a
 * subject's data makes their key too, which a read-only server rejects. A result that is available at once costs no
 * promise and no timer.
 * @param deadline by performance.now()
 * @throws UnavailableError after the deadline, ReadOnlyError, or what `read` throws for another reason
 */
export function readUntil<Result>(deadline: number, read: () => MaybePromise<Result>): MaybePromise<Result> {
  const first = read();
  return first instanceof Promise ? untilAnswered(deadline, first, read) : first;
}

async function untilAnswered<Result>(
  deadline: number,
  first: Promise<Result>,
  read: () => MaybePromise<Result>,
): Promise<Result> {
  let answer: MaybePromise<Result> = first;
  let writableBy: number | undefined;
  for (let failed = 0; ; ) {
    try {
      return await answeredBy(deadline, answer);
    } catch (error) {
      const readOnly = isReadOnly(error);
      if (!readOnly && !isPassing(error)) throw error;
      const wait = backoff(++failed);
      writableBy = readOnly ? (writableBy ?? performance.now() + wait + readOnlyPatienceMs) : undefined;
      if (performance.now() + wait > Math.min(deadline, writableBy ?? Infinity) && readOnly)
        throw new ReadOnlyError('The database takes no writes', { cause: error });
      if (performance.now() + wait > deadline)
        throw new UnavailableError('The database can not be read', { cause: error });
      await new Promise(resolve => setTimeout(resolve, wait));
    }
    answer = read();
  }
}

/** Without it, a connection that was cut silently would be awaited much longer. */
async function answeredBy<Result>(deadline: number, answer: MaybePromise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new UnavailableError('The database did not answer in time'));
    }, deadline - performance.now());
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
