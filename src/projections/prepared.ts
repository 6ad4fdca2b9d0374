import type { Database, LookUp } from '../database/database.ts';
import { Prisma } from '../generated/prisma/client.ts';

/**
 * The same database for the projector, which sends few statements repeatedly, all of which find their rows by key:
 * its statements are sent as prepared look-ups, so that no batch is planned again.
 */
export function prepared(database: Database, lookUp: LookUp | undefined): Database {
  if (!lookUp) return database;
  const send = (strings: TemplateStringsArray, ...values: unknown[]) => lookUp(Prisma.sql(strings, ...values));
  return new Proxy(database, {
    get: (target, name) => (name === '$queryRaw' ? send : (Reflect.get(target, name) as unknown)),
  });
}
