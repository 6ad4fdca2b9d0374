import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { readHead } from './read-log.ts';

/** A stream that contains personal data of a subject. */
export interface StreamAbout {
  readonly streamType: string;
  readonly streamId: string;
}

/**
 * All streams with personal data of a subject, ordered by their first event. It reads the whole log in ranges of a
 * fixed number of events, so that the duration of a statement does not depend on the length of the log.
 */
export async function streamsAbout(
  database: Database,
  subject: string,
  rangeLength = 100_000,
): Promise<readonly StreamAbout[]> {
  const found = new Map<string, StreamAbout>();
  for (let after = 0; after < (await readHead(database)).point; after += rangeLength) {
    for (const stream of await streamsWithin(database, subject, after, after + rangeLength)) {
      if (!found.has(stream.streamId)) found.set(stream.streamId, stream);
    }
  }
  return [...found.values()];
}

function streamsWithin(database: Database, subject: string, after: number, to: number): Promise<StreamAbout[]> {
  return database.query<StreamAbout>(sql`
    SELECT stream_type AS "streamType", stream_id AS "streamId" FROM events
    WHERE position > ${after}::bigint AND position <= ${to}::bigint AND personal->>'subject' = ${subject}
    GROUP BY stream_type, stream_id ORDER BY min(position)`);
}
