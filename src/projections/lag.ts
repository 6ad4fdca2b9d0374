import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { coreGroup, firstOf } from './view-sql.ts';

/** How far the views are behind the log. */
export interface Lag {
  /** Position of the last event. */
  readonly head: number;
  readonly projected: number;
  readonly events: number;
  /** Age of the oldest event that is not in the views, by the database's clock. */
  readonly seconds: number;
}

/**
 * All callers during a read share it: probes need no token, and must not take the connection pool from other callers.
 */
export function openLag(database: Database): () => Promise<Lag> {
  let reading: Promise<Lag> | undefined;
  return () =>
    (reading ??= readLag(database).finally(() => {
      reading = undefined;
    }));
}

/** End of the log and checkpoint, from one statement. */
async function readLag(database: Database): Promise<Lag> {
  const rows = await database.query<Lag>(sql`
    SELECT head.position::float8 AS head, c.position::float8 AS projected,
      greatest(head.position - c.position, 0)::float8 AS events,
      coalesce(greatest(extract(epoch FROM clock_timestamp() - (
        SELECT e.recorded_at FROM events e WHERE e.position = c.position + 1)), 0), 0)::float8 AS seconds
    FROM checkpoints c, (
      SELECT coalesce((SELECT position FROM events ORDER BY position DESC LIMIT 1), 0) AS position) head
    WHERE c.group_name = ${coreGroup} AND c.live`);
  return firstOf(rows);
}
