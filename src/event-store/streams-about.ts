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

/** A stream with personal data of one of several subjects. */
export interface StreamOfSubject extends StreamAbout {
  readonly subject: string;
}

/** All streams with personal data of these subjects. It reads the log once, in ranges, however many subjects there are. */
export async function streamsAboutAny(
  database: Database,
  subjects: readonly string[],
  rangeLength = 100_000,
): Promise<readonly StreamOfSubject[]> {
  const found = new Map<string, StreamOfSubject>();
  for (let after = 0; after < (await readHead(database)).point; after += rangeLength) {
    for (const stream of await streamsOfSubjects(database, subjects, after, after + rangeLength)) {
      found.set(stream.streamId, stream);
    }
  }
  return [...found.values()];
}

function streamsOfSubjects(
  database: Database,
  subjects: readonly string[],
  after: number,
  to: number,
): Promise<StreamOfSubject[]> {
  return database.query<StreamOfSubject>(sql`
    SELECT DISTINCT e.stream_type AS "streamType",
      e.stream_id AS "streamId",
      e.personal->>'subject' AS subject
    FROM events e
    WHERE e.position > ${after}::bigint
      AND e.position <= ${to}::bigint
      AND e.personal->>'subject' = ANY (ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(subjects)}::jsonb)))`);
}
