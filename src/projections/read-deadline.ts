import { settledWithin } from '../async/timeout.ts';
import type { ReadSource } from './read-entities.ts';

/**
 * The same limit as for commands. The connection's own timeout is longer, because projector and operators use it too.
 */
export const readTimeoutMs = 10_000;

/**
 * It has the driver's message, so that it counts as a temporary error: the response is UNAVAILABLE, and hubs read
 * again.
 */
export class ReadTimeoutError extends Error {
  override readonly name = 'ReadTimeoutError';

  constructor() {
    super(`Query read timeout: the database did not answer within ${readTimeoutMs} ms`);
  }
}

/**
 * The same source for reads that a caller waits for: if the database hangs, each read fails after `readTimeoutMs`.
 * The statement itself continues until the server or the connection ends it.
 */
export function withReadDeadline(source: ReadSource): ReadSource {
  const { query, lookUp } = source.database;
  return {
    ...source,
    database: {
      ...source.database,
      query: statement => inTime(query(statement)),
      lookUp: statement => inTime(lookUp(statement)),
    },
  };
}

function inTime<Answer>(answer: Promise<Answer>): Promise<Answer> {
  return settledWithin(answer, readTimeoutMs, () => new ReadTimeoutError());
}
