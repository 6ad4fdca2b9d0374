import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { EventTypes } from './event-types.ts';
import { isOfThisLog } from './is-of-this-log.ts';
import type { Position } from './position.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { eventJson, eventsWithKeys, recordedEvent, type StoredEvent } from './stored-event.ts';

interface Head {
  readonly position: Position;
  /** False if the given position does not belong to this log. */
  readonly continues: boolean;
}

/** The end of the log. It is part of statements that also read events, so that both come from the same snapshot. */
const head = sql`coalesce(
  (SELECT jsonb_build_object('point', position, 'hash', encode(substr(hash, 1, 6), 'hex'))
   FROM events ORDER BY position DESC LIMIT 1),
  '{"point": 0, "hash": "000000000000"}')`;

/**
 * Events after a position, oldest first, and the position up to which they were read: the last event if there may be
 * more, otherwise the end of the log. It stops before an event that this release can't read.
 * @param stream reads only this stream; undefined: the whole log
 * @param after undefined: no events, only the end of the log
 * @throws UnknownEventError if this release can't read the first event
 */
export async function readEventsAfter(
  database: Database,
  types: EventTypes,
  stream: { readonly streamType: string; readonly streamId: string } | undefined,
  after: Position | undefined,
  limit: number,
): Promise<Head & { rows: RecordedEvent[] }> {
  // The index of a stream can be used, because versions rise with positions.
  const [order, ofStream] = stream
    ? [sql`e.version`, sql`AND e.stream_type = ${stream.streamType} AND e.stream_id = ${stream.streamId}`]
    : [sql`e.position`, sql.empty];
  const results = await database.query<Head & { events: StoredEvent[] | null }>(sql`
    SELECT ${head} AS position, ${isOfThisLog(after)} AS continues, (
        SELECT jsonb_agg(one.event ORDER BY one.place) FROM (
          SELECT ${eventJson} AS event, e.position AS place FROM ${eventsWithKeys}
          WHERE e.position > ${after?.point ?? Number.MAX_SAFE_INTEGER}::bigint ${ofStream}
          ORDER BY ${order} LIMIT ${limit}::int) one
      ) AS events`);
  const { position, continues, events } = only(results);
  const rows = readable(types, events ?? []);
  const last = rows.at(-1);
  const isComplete = rows.length === (events ?? []).length;
  return { rows, continues, position: isComplete || !last ? position : { point: last.position, hash: last.hash } };
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
 * The end of the log, and those of the given streams that have new events after a position.
 * @param streamIds ids are unique over all stream types
 * @param everyStream an additional scope that is returned if any stream has new events
 */
export async function readGrownStreams(
  database: Database,
  after: Position,
  streamIds: readonly string[],
  everyStream: string,
): Promise<Head & { rows: never[]; scopes: string[] }> {
  const results = await database.query<Head & { grown: string[] | null }>(sql`
    SELECT ${head} AS position, ${isOfThisLog(after)} AS continues, (
        SELECT jsonb_agg(DISTINCT e.stream_id) FROM events e
        WHERE e.position > ${after.point}::bigint
          AND e.stream_id = ANY (ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(streamIds)}::jsonb)))
      ) AS grown`);
  const { position, continues, grown } = only(results);
  const moved = position.point > after.point || !continues;
  return { position, continues, rows: [], scopes: [...(grown ?? []), ...(moved ? [everyStream] : [])] };
}

/** A SELECT without FROM always returns exactly one row. */
function only<Result>([result]: readonly Result[]): Result {
  if (result === undefined) throw new Error('the database returned no row');
  return result;
}
