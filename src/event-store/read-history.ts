import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { EventTypes } from './event-types.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { eventJson, eventsWithKeys, recordedEvent, type StoredEvent } from './stored-event.ts';

/** The events of a stream up to a version, or up to the time at which they were recorded. */
export interface HistoryRange {
  readonly toVersion?: number | undefined;
  readonly toTime?: Date | undefined;
}

/** The first `limit` events after a version. */
export interface HistoryPage {
  readonly afterVersion: number;
  readonly limit: number;
}

/**
 * The events of a stream for display, oldest first. Commands use readStream() instead.
 * @throws UnknownEventError if this release can't read one of the events
 */
export async function readHistory(
  database: Database,
  types: EventTypes,
  stream: { readonly streamType: string; readonly streamId: string },
  { toVersion, toTime }: HistoryRange,
): Promise<RecordedEvent[]> {
  const rows = await database.query<{ event: StoredEvent }>(sql`
    SELECT ${eventJson} AS event FROM ${eventsWithKeys}
    WHERE e.stream_type = ${stream.streamType} AND e.stream_id = ${stream.streamId}
      ${toVersion === undefined ? sql.empty : sql`AND e.version <= ${toVersion}::bigint`}
      ${toTime === undefined ? sql.empty : sql`AND e.recorded_at <= ${toTime.toISOString()}::timestamptz`}
    ORDER BY e.version`);
  return rows.map(row => recordedEvent(types, row.event));
}

/**
 * The same range of the events of several streams, from one statement.
 * @returns the events by stream id; a stream without such events has no entry
 * @throws UnknownEventError if this release can't read one of the events
 */
export async function readHistories(
  database: Database,
  types: EventTypes,
  { streamType, streamIds }: { readonly streamType: string; readonly streamIds: readonly string[] },
  { afterVersion, limit }: HistoryPage,
): Promise<ReadonlyMap<string, readonly RecordedEvent[]>> {
  const wanted = sql.join(streamIds.map(id => sql`(${id}::text)`));
  const rows = await database.query<{ event: StoredEvent }>(sql`
    SELECT found.event FROM (VALUES ${wanted}) AS wanted(id) CROSS JOIN LATERAL (
      SELECT ${eventJson} AS event, e.version FROM ${eventsWithKeys}
      WHERE e.stream_type = ${streamType} AND e.stream_id = wanted.id AND e.version > ${afterVersion}::bigint
      ORDER BY e.version LIMIT ${limit}::int
    ) found ORDER BY wanted.id, found.version`);
  const histories = new Map<string, RecordedEvent[]>();
  for (const row of rows) {
    const event = recordedEvent(types, row.event);
    const others = histories.get(event.streamId);
    if (others) others.push(event);
    else histories.set(event.streamId, [event]);
  }
  return histories;
}
