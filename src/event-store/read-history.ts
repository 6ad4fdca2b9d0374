import type { Database } from '../database.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { EventTypes } from './event-types.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { eventJson, eventsWithKeys, recordedEvent, type StoredEvent } from './stored-event.ts';

/** Which of a stream's events: those after a version, up to a version or to the time at which they were recorded. */
export interface HistoryRange {
  readonly afterVersion?: number;
  readonly toVersion?: number | undefined;
  readonly toTime?: Date | undefined;
  readonly limit?: number;
}

/**
 * A stream's events, oldest first, as they are for people to look at: commands read the whole stream instead.
 * @throws UnknownEventError for an event that this code can't read
 */
export async function readHistory(
  database: Database,
  types: EventTypes,
  stream: { readonly streamType: string; readonly streamId: string },
  { afterVersion = 0, toVersion, toTime, limit }: HistoryRange,
): Promise<RecordedEvent[]> {
  const rows = await database.$queryRaw<{ event: StoredEvent }[]>`
    SELECT ${eventJson} AS event FROM ${eventsWithKeys}
    WHERE e.stream_type = ${stream.streamType} AND e.stream_id = ${stream.streamId} AND e.version > ${afterVersion}::bigint
      ${toVersion === undefined ? Prisma.empty : Prisma.sql`AND e.version <= ${toVersion}::bigint`}
      ${toTime === undefined ? Prisma.empty : Prisma.sql`AND e.recorded_at <= ${toTime.toISOString()}::timestamptz`}
    ORDER BY e.version
    ${limit === undefined ? Prisma.empty : Prisma.sql`LIMIT ${limit}::int`}`;
  return rows.map(row => recordedEvent(types, row.event));
}
