import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { sqlState } from '../database/database-error.ts';

/** A problem of the log at a position. */
export interface LogFault {
  readonly position: number;
  readonly fault: string;
}

/** Maximum number of faults to report for one range: after a broken hash, every following event is faulty. */
const maxReportedFaults = 10;

/**
 * Checks a range of the log and its link to the event before it: positions have no gaps, each hash matches the stored
 * event and the hash before it, recorded_at never decreases, the versions of each stream have no gaps and rise with
 * positions, and the events of each command are adjacent.
 * @param after position before the range
 * @param to last position of the range
 */
export async function verifyLog(database: Database, after: number, to: number): Promise<LogFault[]> {
  try {
    return await faultsOf(database, after, to);
  } catch (error) {
    if (!/^(?:0A|22|54)/.test(sqlState(error) ?? '')) throw error;
    // One event has a value that can't be hashed (an infinite time). Halving the range finds it, and all other events
    // are still checked.
    if (to - after === 1) return [{ position: to, fault: `it can't be checked: ${messageOf(error)}` }];
    const middle = after + Math.ceil((to - after) / 2);
    return [...(await verifyLog(database, after, middle)), ...(await verifyLog(database, middle, to))];
  }
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().split('\n').at(-1) ?? message;
}

async function faultsOf(database: Database, after: number, to: number): Promise<LogFault[]> {
  return database.query<LogFault>(sql`
    WITH checked AS (
      SELECT e.*, event_hash(lag(e.hash, 1, decode(repeat('00', 32), 'hex')) OVER log, e) AS expected,
        lag(e.position, 1, 0::bigint) OVER log AS before, lag(e.recorded_at) OVER log AS recorded_before
      FROM events e WHERE e.position >= ${after}::bigint AND e.position <= ${to}::bigint
      WINDOW log AS (ORDER BY e.position)
    )
    SELECT c.position::float8 AS position, f.fault FROM checked c
    CROSS JOIN LATERAL (
      SELECT 'the previous event is missing' AS fault WHERE c.position <> c.before + 1
      UNION ALL SELECT 'its hash does not match the stored event' WHERE c.hash <> c.expected
      UNION ALL SELECT 'its recording time is before that of the previous event' WHERE c.recorded_at < c.recorded_before
      UNION ALL SELECT 'the previous version of its stream is missing' WHERE c.version > 1 AND NOT EXISTS (
        SELECT FROM events p WHERE p.stream_type = c.stream_type AND p.stream_id = c.stream_id
          AND p.version = c.version - 1 AND p.position < c.position)
      UNION ALL SELECT 'the previous event of its command is missing' WHERE c.ordinal > 1 AND NOT EXISTS (
        SELECT FROM events p WHERE p.command_id = c.command_id AND p.ordinal = c.ordinal - 1
          AND p.position = c.position - 1)
    ) f
    WHERE c.position > ${after}::bigint
    ORDER BY c.position LIMIT ${maxReportedFaults}::int`);
}
