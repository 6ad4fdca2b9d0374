import type { Database } from '../database/database.ts';
import { sqlState } from '../database/database-error.ts';

/** One thing that is wrong with the log, at a position. */
export interface LogFault {
  readonly position: number;
  readonly fault: string;
}

/** Faults that one range names at most: a broken chain breaks at every event after it. */
const faultsNamed = 10;

/**
 * Checks a range of the log, the event before it included: positions dense, hashes chained over what is stored,
 * recorded_at never falling, each stream's versions dense and rising with positions, each command's events adjacent.
 * @param after position before the range
 * @param to last position of the range
 */
export async function verifyLog(database: Database, after: number, to: number): Promise<LogFault[]> {
  try {
    return await faultsOf(database, after, to);
  } catch (error) {
    if (!/^(?:0A|22|54)/.test(sqlState(error) ?? '')) throw error;
    // One event has a value that can't be hashed (a time that is infinite): found by halving, and all others checked.
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
  return database.$queryRaw<LogFault[]>`
    WITH checked AS (
      SELECT e.*, event_hash(lag(e.hash, 1, decode(repeat('00', 32), 'hex')) OVER log, e) AS expected,
        lag(e.position, 1, 0::bigint) OVER log AS before, lag(e.recorded_at) OVER log AS recorded_before
      FROM events e WHERE e.position >= ${after}::bigint AND e.position <= ${to}::bigint
      WINDOW log AS (ORDER BY e.position)
    )
    SELECT c.position::float8 AS position, f.fault FROM checked c
    CROSS JOIN LATERAL (
      SELECT 'the event before it is missing' AS fault WHERE c.position <> c.before + 1
      UNION ALL SELECT 'its hash is not over what is stored' WHERE c.hash <> c.expected
      UNION ALL SELECT 'it was recorded before the event before it' WHERE c.recorded_at < c.recorded_before
      UNION ALL SELECT 'its stream has no version before it' WHERE c.version > 1 AND NOT EXISTS (
        SELECT FROM events p WHERE p.stream_type = c.stream_type AND p.stream_id = c.stream_id
          AND p.version = c.version - 1 AND p.position < c.position)
      UNION ALL SELECT 'its command has no event before it' WHERE c.ordinal > 1 AND NOT EXISTS (
        SELECT FROM events p WHERE p.command_id = c.command_id AND p.ordinal = c.ordinal - 1
          AND p.position = c.position - 1)
    ) f
    WHERE c.position > ${after}::bigint
    ORDER BY c.position LIMIT ${faultsNamed}::int`;
}
