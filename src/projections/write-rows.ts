import type { Database } from '../database/database.ts';
import { hasEventAt } from '../event-store/is-of-this-log.ts';
import type { Position } from '../event-store/position.ts';
import { type Sql, sql } from '../database/sql.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Changes } from './fold-batch.ts';
import { newerMigration } from './newer-schema.ts';
import { PoisonError } from './poison-error.ts';
import { addToSums } from './sums.ts';
import { coreGroup, deleteRow, upsertRows } from './view-sql.ts';

/**
 * Moves the checkpoint by compare-and-set and writes the rows in one statement, so in one transaction that a paused
 * process cannot keep open. A projector that was overtaken, or a second one, cannot move the checkpoint and so writes
 * nothing. This alone guarantees that each event is folded once.
 * @param beside further statements; each must do nothing if `moved` is empty
 * @param moving how the checkpoint moves; default: only to `to`
 * @returns whether it moved
 */
export async function writeRows(
  database: Database,
  from: Checkpoint,
  to: Position,
  changes: Changes,
  beside: readonly Sql[] = [],
  moving = move(from, to),
): Promise<boolean> {
  const parts = [...writesOf(from, changes), ...beside].map(
    (part, index) => sql`, ${sql.raw(`write_${index}`)} AS (${part})`,
  );
  const moved = await database.lookUp<unknown>(sql`
    WITH ${moving} ${parts.length > 0 ? sql.join(parts, '') : sql.empty}
    SELECT 1 FROM moved`);
  return moved.length > 0;
}

/** @throws PoisonError if a view cannot compute the words that find a row */
function writesOf({ generation }: Checkpoint, { rows, gone, sums }: Changes): Sql[] {
  try {
    return [
      ...rows.flatMap(one => (one.rows.length === 0 ? [] : [upsertRows(one.view, generation, one.rows)])),
      ...gone.map(({ view, id }) => deleteRow(view, generation, id)),
      ...sums.flatMap(one => (one.changes.length === 0 ? [] : [addToSums(one.view, generation, one.changes)])),
    ];
  } catch (error) {
    throw new PoisonError(error);
  }
}

/**
 * Only if the last folded event is in this log. A database that was restored between the read and this write may have
 * the same checkpoint, and would get rows of events that it does not have.
 */
function move(from: Checkpoint, to: Position): Sql {
  return sql`moved AS (
    UPDATE checkpoints SET ${reached(to)} WHERE ${standsAt(from)} AND ${hasEventAt(to)} RETURNING 1)`;
}

/** The columns of a checkpoint at a position. */
export function reached(to: Position): Sql {
  return sql`position = ${to.point}::bigint, hash = ${to.hash}, moved_at = clock_timestamp(), failure = NULL`;
}

/** The condition that a checkpoint is unchanged since it was read, and that this release may move it. */
export function standsAt({ generation, live, position }: Checkpoint): Sql {
  return sql`group_name = ${coreGroup} AND generation = ${generation}::int AND live = ${live} AND NOT retired
    AND position = ${position.point}::bigint AND hash = ${position.hash} AND ${newerMigration} IS NULL`;
}
