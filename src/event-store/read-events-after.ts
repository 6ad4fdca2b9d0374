import type { Database } from '../database/database.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { EventTypes } from './event-types.ts';
import { isOfThisLog } from './is-of-this-log.ts';
import type { Position } from './position.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { eventJson, eventsWithKeys, recordedEvent, type StoredEvent } from './stored-event.ts';

interface Head {
  readonly position: Position;
  /** False where the position asked after is not of this log. */
  readonly continues: boolean;
}

/** Where the log ends, for a statement that reads more than that: both are then of one instant. */
const head = Prisma.sql`coalesce(
  (SELECT jsonb_build_object('point', position, 'hash', encode(substr(hash, 1, 6), 'hex'))
   FROM events ORDER BY position DESC LIMIT 1),
  '{"point": 0, "hash": "000000000000"}')`;

/**
 * Events after a position, oldest first, and how far they reach: the last of them where there may be more, else the
 * log's end. It stops before an event that this code can't read.
 * @param stream that stream's only; undefined: the whole log's
 * @param after undefined: none, only where the log ends
 * @throws UnknownEventError where the very next event is one that this code can't read
 */
export async function readEventsAfter(
  database: Database,
  types: EventTypes,
  stream: { readonly streamType: string; readonly streamId: string } | undefined,
  after: Position | undefined,
  limit: number,
): Promise<Head & { rows: RecordedEvent[] }> {
  // A stream is read by its own index: its versions rise as positions do.
  const [order, ofStream] = stream
    ? [Prisma.sql`e.version`, Prisma.sql`AND e.stream_type = ${stream.streamType} AND e.stream_id = ${stream.streamId}`]
    : [Prisma.sql`e.position`, Prisma.empty];
  const answers = await database.$queryRaw<(Head & { events: StoredEvent[] | null })[]>`
    SELECT ${head} AS position, ${isOfThisLog(after)} AS continues, (
        SELECT jsonb_agg(one.event ORDER BY one.place) FROM (
          SELECT ${eventJson} AS event, e.position AS place FROM ${eventsWithKeys}
          WHERE e.position > ${after?.point ?? Number.MAX_SAFE_INTEGER}::bigint ${ofStream}
          ORDER BY ${order} LIMIT ${limit}::int) one
      ) AS events`;
  const { position, continues, events } = only(answers);
  const rows = readable(types, events ?? []);
  const last = rows.at(-1);
  const whole = rows.length === (events ?? []).length;
  return { rows, continues, position: whole || !last ? position : { point: last.position, hash: last.hash } };
}

function readable(types: EventTypes, stored: readonly StoredEvent[]): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  for (const event of stored) {
    try {
      events.push(recordedEvent(types, event));
    } catch (error) {
      if (events.length > 0) break;
      throw error;
    }
  }
  return events;
}

/**
 * Where the log has come since a position, and which of some streams have grown.
 * @param streamIds ids are unique over all types of streams
 * @param everyStream what to name beside them where any stream has grown
 */
export async function readGrownStreams(
  database: Database,
  after: Position,
  streamIds: readonly string[],
  everyStream: string,
): Promise<Head & { rows: never[]; scopes: string[] }> {
  const answers = await database.$queryRaw<(Head & { grown: string[] | null })[]>`
    SELECT ${head} AS position, ${isOfThisLog(after)} AS continues, (
        SELECT jsonb_agg(DISTINCT e.stream_id) FROM events e
        WHERE e.position > ${after.point}::bigint
          AND e.stream_id = ANY (ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(streamIds)}::jsonb)))
      ) AS grown`;
  const { position, continues, grown } = only(answers);
  const moved = position.point > after.point || !continues;
  return { position, continues, rows: [], scopes: [...(grown ?? []), ...(moved ? [everyStream] : [])] };
}

/** A SELECT without FROM has one row, always. */
function only<Answer>([answer]: readonly Answer[]): Answer {
  if (answer === undefined) throw new Error('the database answered no row');
  return answer;
}
