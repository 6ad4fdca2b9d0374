import type { Database } from '../database.ts';

/** A stream that has sealed data of somebody. */
export interface StreamAbout {
  readonly streamType: string;
  readonly streamId: string;
}

/**
 * Empties a subject's key for ever: from here on nobody opens what it sealed, and what comes later is sealed with a key
 * that is kept nowhere. Only the owner of the tables may.
 */
export async function emptyKey(database: Database, subject: string): Promise<void> {
  // Also where there is none yet: a command under way would make one after we have looked.
  await database.$executeRaw`
    INSERT INTO customer_keys (customer_id, key) VALUES (${subject}, ''::bytea)
    ON CONFLICT (customer_id) DO UPDATE SET key = ''::bytea`;
}

/** Every stream with personal data of a subject, in the order of their beginnings. Reads the whole log. */
export async function streamsAbout(database: Database, subject: string): Promise<StreamAbout[]> {
  return database.$queryRaw<StreamAbout[]>`
    SELECT stream_type AS "streamType", stream_id AS "streamId" FROM events
    WHERE personal->>'subject' = ${subject}
    GROUP BY stream_type, stream_id ORDER BY min(position)`;
}
