import type { Database } from '../database/database.ts';
import type { Prisma } from '../generated/prisma/client.ts';
import type { ReadSource } from './read-entities.ts';

/** As long as a command is tried. The connection itself gives up later, since projector and operators share its limits. */
export const readTimeoutMs = 10_000;

/** Named as the driver names it, so that it counts as an error that passes: answered as UNAVAILABLE, and hubs read again. */
export class ReadTimeoutError extends Error {
  override readonly name = 'ReadTimeoutError';

  constructor() {
    super(`Query read timeout: the database did not answer within ${readTimeoutMs} ms`);
  }
}

/**
 * The same source for whoever waits for an answer: if the database hangs, each read fails after `readTimeoutMs`.
 * The statement itself goes on until the server or the connection ends it.
 */
export function withReadDeadline(source: ReadSource): ReadSource {
  const { database, lookUp, select } = source;
  return {
    ...source,
    database: new Proxy(database, {
      get: (target, name) => (name === '$queryRaw' ? timedQuery(target) : (Reflect.get(target, name) as unknown)),
    }),
    lookUp: lookUp && (statement => inTime(lookUp(statement))),
    select: select && (statement => inTime(select(statement))),
  };
}

function timedQuery(database: Database) {
  return (strings: TemplateStringsArray | Prisma.Sql, ...values: unknown[]) =>
    inTime(database.$queryRaw<never>(strings, ...values));
}

async function inTime<Answer>(answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ReadTimeoutError()), readTimeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
