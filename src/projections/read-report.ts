// What a report reads: a few sorted rows that are no page of a list, such as sales by day.
import { type Sql, sql } from '../database/sql.ts';
import { isOfThisLog } from '../event-store/is-of-this-log.ts';
import type { Position } from '../event-store/position.ts';
import type { ReadSource } from './read-entities.ts';
import { StalePositionError } from './stale-position.ts';
import { checkpointPosition, firstOf, liveCheckpoint } from './view-sql.ts';

interface Selected<Row> {
  readonly position: Position;
  readonly continues: boolean;
  readonly rows: readonly Row[] | null;
}

/**
 * Reads rows that are no page, and the position that they reflect, in one statement.
 * @param select a few sorted rows of the generation of the one row of `c`
 * @param atLeast a position of the log that the answer must come from
 * @throws StalePositionError if `atLeast` does not belong to this log
 */
export async function readReport<Row>(
  { database }: ReadSource,
  select: Sql,
  atLeast: Position | undefined,
): Promise<{ position: Position; rows: readonly Row[] }> {
  const selected = await database.query<Selected<Row>>(sql`
    WITH c AS MATERIALIZED (${liveCheckpoint})
    SELECT ${checkpointPosition} AS position, ${isOfThisLog(atLeast)} AS continues,
      (SELECT jsonb_agg(to_jsonb(r)) FROM (${select}) r) AS rows
    FROM c`);
  const answer = firstOf(selected);
  if (!answer.continues) throw new StalePositionError();
  return { position: answer.position, rows: answer.rows ?? [] };
}
