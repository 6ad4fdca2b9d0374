import { isPassing } from '../database-error.ts';
import { UnavailableError } from '../event-store/appender.ts';
import { backoff } from '../event-store/backoff.ts';

/**
 * Does what only reads, and again while the database can't be reached.
 * @param deadline by performance.now()
 * @throws UnavailableError once it has passed, or what `read` throws for another reason
 */
export async function readUntil<Result>(deadline: number, read: () => Promise<Result>): Promise<Result> {
  for (let failed = 0; ; ) {
    try {
      return await answeredBy(deadline, read());
    } catch (error) {
      if (!isPassing(error)) throw error;
      const wait = backoff(++failed);
      if (performance.now() + wait > deadline)
        throw new UnavailableError('The database can not be read', { cause: error });
      await new Promise(resolve => setTimeout(resolve, wait));
    }
  }
}

/** A connection that went dead without a word would be waited for much longer. */
async function answeredBy<Result>(deadline: number, answer: Promise<Result>): Promise<Result> {
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
