import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { EventTypes } from './event-types.ts';
import { type Position, startOfLog } from './position.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { eventJson, eventsWithKeys, recordedEvent, type StoredEvent } from './stored-event.ts';

/**
 * Events after a point, oldest first, up to the first one that this release can't read. Positions have no gaps and
 * are in commit order, so no event can appear later between two returned events.
 * @throws UnknownEventError if this release can't read the first event
 */
export async function readLog(
  database: Database,
  types: EventTypes,
  after: number,
  limit: number,
): Promise<RecordedEvent[]> {
  const rows = await database.lookUp<{ event: StoredEvent }>(sql`
    SELECT ${eventJson} AS event FROM ${eventsWithKeys}
    WHERE e.position > ${after}::bigint ORDER BY e.position LIMIT ${limit}::int`);
  const events: RecordedEvent[] = [];
  for (const { event } of rows) {
    try {
      events.push(recordedEvent(types, event));
    } catch (error) {
      if (events.length > 0) break;
      throw error;
    }
  }
  return events;
}

/** The position of the last event; startOfLog if there is none. */
export async function readHead(database: Database): Promise<Position> {
  const rows = await database.query<{ head: Position }>(sql`
    SELECT jsonb_build_object('point', position, 'hash', encode(substr(hash, 1, 6), 'hex')) AS head
    FROM events ORDER BY position DESC LIMIT 1`);
  return rows[0]?.head ?? startOfLog;
}
