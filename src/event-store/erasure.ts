import type { Database } from '../database/database.ts';
import { readHead } from './read-log.ts';

/** A stream with sealed data of a subject. */
export interface StreamAbout {
  readonly streamType: string;
  readonly streamId: string;
}

/**
 * Empties a subject's key for ever: nothing can open what it sealed, and later data is sealed with a key that is
 * stored nowhere. Only the owner of the tables may do this.
 */
export async function emptyKey(database: Database, subject: string): Promise<void> {
  // Also if there is no key yet: a command in flight would make one after this check.
  await database.$executeRaw`
    INSERT INTO customer_keys (customer_id, key) VALUES (${subject}, ''::bytea)
    ON CONFLICT (customer_id) DO UPDATE SET key = ''::bytea`;
}

/**
 * Every stream with personal data of a subject, in the order of their beginnings. Reads the whole log, a stretch of so
 * many events at a time: a statement takes as long however long the log is.
 */
export async function streamsAbout(
  database: Database,
  subject: string,
  stretch = 100_000,
): Promise<readonly StreamAbout[]> {
  const found = new Map<string, StreamAbout>();
  for (let after = 0; after < (await readHead(database)).point; after += stretch) {
    for (const stream of await streamsWithin(database, subject, after, after + stretch)) {
      if (!found.has(stream.streamId)) found.set(stream.streamId, stream);
    }
  }
  return [...found.values()];
}

function streamsWithin(database: Database, subject: string, after: number, to: number): Promise<StreamAbout[]> {
  return database.$queryRaw<StreamAbout[]>`
    SELECT stream_type AS "streamType", stream_id AS "streamId" FROM events
    WHERE position > ${after}::bigint AND position <= ${to}::bigint AND personal->>'subject' = ${subject}
    GROUP BY stream_type, stream_id ORDER BY min(position)`;
}
