import type { Database } from '../database/database.ts';
import { type Sql, sql } from '../database/sql.ts';
import { projectionEvents } from './projection-events.ts';
import { coreGroup, firstOf } from './view-sql.ts';

/** The stream of all requests for rebuilds of the core group, and of their abandonments. Permanent. */
export const rebuildsStreamId = 'prj_00000000-0000-4000-8000-000000000001';

/**
 * The type of the last request or abandonment after the live checkpoint `c`: it is stored, and no projector has carried
 * it out yet. NULL if there is none.
 */
export const pendingRequest: Sql = sql`(
  SELECT CASE WHEN e.position > c.position THEN e.type END
  FROM events e
  WHERE e.stream_type = ${projectionEvents.streamType} AND e.stream_id = ${rebuildsStreamId}
  ORDER BY e.version DESC LIMIT 1)`;

/** What is known of a rebuild when an operator requests or abandons one. */
export interface RebuildState {
  /** It is running, or will be when the projector comes to the end of the log. */
  readonly isRunning: boolean;
  /** There are rows of it. If it is abandoned, a projector has yet to carry that out. */
  readonly isStarted: boolean;
}

export async function readRebuildState(database: Database): Promise<RebuildState> {
  const rows = await database.query<{ pending: string | null; started: boolean }>(sql`
    SELECT ${pendingRequest} AS pending,
      EXISTS (
        SELECT FROM checkpoints r WHERE r.group_name = c.group_name AND NOT r.live AND NOT r.retired
      ) AS started
    FROM checkpoints c
    WHERE c.group_name = ${coreGroup} AND c.live`);
  const { pending, started } = firstOf(rows);
  return { isRunning: pending === null ? started : pending === 'RebuildRequested', isStarted: started };
}
