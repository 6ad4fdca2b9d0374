import type { Database } from '../../src/database/database.ts';
import { sql } from '../../src/database/sql.ts';

/**
 * Every violation of the log's rules: positions, versions and ordinals that are not 1, 2, 3 …, events of one command
 * that are not adjacent, a hash that does not cover the one before, a recorded time before that of the event before.
 * Each comes with its position.
 */
export async function logFaults({ query }: Pick<Database, 'query'>): Promise<{ position: number; fault: string }[]> {
  return query(sql`
    WITH walk AS (
      SELECT e AS event, e.*,
        row_number() OVER log AS nth,
        row_number() OVER (PARTITION BY e.stream_type, e.stream_id ORDER BY e.position) AS nth_of_stream,
        row_number() OVER (PARTITION BY e.command_id ORDER BY e.position) AS nth_of_command,
        first_value(e.position) OVER (PARTITION BY e.command_id ORDER BY e.position) AS command_starts,
        coalesce(lag(e.hash) OVER log, decode(repeat('00', 32), 'hex')) AS hash_before,
        lag(e.recorded_at) OVER log AS recorded_before
      FROM events e WINDOW log AS (ORDER BY e.position)
    )
    SELECT position::int AS position, fault
    FROM walk, LATERAL (VALUES
      ('position', position <> nth),
      ('version', version <> nth_of_stream),
      ('ordinal', ordinal <> nth_of_command),
      ('apart', position <> command_starts + ordinal - 1),
      ('hash', hash <> event_hash(hash_before, event)),
      ('recorded', recorded_at < recorded_before)
    ) rule (fault, broken)
    WHERE broken ORDER BY position, fault`);
}
