import type { Database } from '../database/database.ts';
import { type Sql, sql } from '../database/sql.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { StreamName } from './projection-events.ts';
import { coreGroup } from './view-sql.ts';
import { viewNames, type Views } from './view.ts';
import { standsAt } from './write-rows.ts';

/** Maximum number of rows that one statement deletes, so that its locks are short. */
const sliceSize = 5_000;

/**
 * Starts a new generation, or returns the one that was started: there is one at a time, so a second caller helps to
 * fold it.
 */
export async function beginRebuild(database: Database): Promise<Checkpoint> {
  // Retries if the started generation was switched to live between the two statements.
  for (;;) {
    await database.execute(sql`
      INSERT INTO checkpoints (group_name, generation, live, position, hash)
      SELECT ${coreGroup}, max(generation) + 1, false, 0, '000000000000' FROM checkpoints WHERE group_name = ${coreGroup}
      ON CONFLICT DO NOTHING`);
    const [started] = await database.query<Checkpoint>(sql`
      UPDATE checkpoints SET run_from = position, run_at = clock_timestamp(), moved_at = clock_timestamp()
      WHERE group_name = ${coreGroup} AND NOT live AND NOT retired
      RETURNING generation, live, jsonb_build_object('point', position, 'hash', hash) AS position`);
    if (started) return started;
  }
}

/**
 * The part of the projector's statement that starts the rebuild which an operator has requested, unless one is running
 * already. It does nothing unless `moved` shows that the checkpoint moved.
 * @param position of the request
 */
export function startRequested(position: number): Sql {
  return sql`
    INSERT INTO checkpoints (group_name, generation, live, position, hash, requested_at)
    SELECT ${coreGroup}, max(generation) + 1, false, 0, '000000000000', ${position}::bigint
    FROM checkpoints WHERE group_name = ${coreGroup}
    HAVING EXISTS (SELECT FROM moved)
    ON CONFLICT DO NOTHING`;
}

/** Records that a process continues a rebuild from here, for the rate. @returns false if it is over */
export async function continueRebuild(database: Database, { generation }: Checkpoint): Promise<boolean> {
  const continued = await database.execute(sql`
    UPDATE checkpoints SET run_from = position, run_at = clock_timestamp()
    WHERE group_name = ${coreGroup} AND generation = ${generation}::int AND NOT live AND NOT retired`);
  return continued > 0;
}

/** Abandons the started generation, whichever process folds it: its rows can then be deleted. */
export async function abandonRebuild({ models }: Database): Promise<void> {
  const isStarted = { groupName: coreGroup, live: false, retired: false };
  await models.checkpoint.updateMany({ where: isStarted, data: { retired: true } });
}

/**
 * Makes a rebuilt generation live if it has reached the position of the live one, so the position that readers see
 * never falls. It is one statement, which a paused process cannot leave half done: it locks the new checkpoint, then
 * the live one, and only then compares them.
 * @returns whether it is live; false if the live one is ahead, or another process moved the new one
 */
export async function switchTo(database: Database, rebuilt: Checkpoint): Promise<boolean> {
  const switched = await database.query<unknown>(sql`
    WITH next AS MATERIALIZED (
      SELECT position FROM checkpoints WHERE ${standsAt(rebuilt)} FOR UPDATE
    ), old AS (
      UPDATE checkpoints c SET live = false, retired = true FROM next
      WHERE c.group_name = ${coreGroup} AND c.live AND c.position <= next.position RETURNING c.generation
    ), moved AS (
      UPDATE checkpoints c SET live = true, moved_at = clock_timestamp(), failure = NULL FROM old
      WHERE c.group_name = ${coreGroup} AND c.generation = ${rebuilt.generation}::int RETURNING 1
    )
    SELECT 1 FROM moved`);
  return switched.length > 0;
}

/** The replaced generations whose rows are not deleted yet. */
export async function readRetired({ models }: Database): Promise<number[]> {
  const isRetired = { groupName: coreGroup, retired: true };
  const rows = await models.checkpoint.findMany({ where: isRetired, orderBy: { generation: 'asc' } });
  return rows.map(({ generation }) => generation);
}

/** Streams that are further in the live generation than in a replaced one: no subscriber was notified of their rows. */
export async function readFreed(database: Database, generation: number): Promise<StreamName[]> {
  return database.query<StreamName>(sql`
    SELECT old.stream_type AS "streamType", old.stream_id AS "streamId" FROM parked_streams old
    WHERE old.group_name = ${coreGroup} AND old.generation = ${generation}::int AND NOT EXISTS (
      SELECT FROM parked_streams p JOIN checkpoints c ON c.group_name = p.group_name AND c.generation = p.generation
      WHERE c.group_name = ${coreGroup} AND c.live AND p.stream_type = old.stream_type AND p.stream_id = old.stream_id
        AND p.version <= old.version)`);
}

/**
 * Deletes a replaced generation, in slices; its checkpoint last, so that a killed deletion can resume.
 * @param signal ends it early, as a kill would
 */
export async function removeGeneration(
  database: Database,
  views: Views,
  generation: number,
  signal?: AbortSignal,
): Promise<void> {
  for (const name of viewNames(views)) {
    while (await hasRows(database, name, generation)) {
      if (signal?.aborted) return;
      await removeSlice(database, name, generation);
    }
  }
  await database.models.parkedStream.deleteMany({ where: { groupName: coreGroup, generation } });
  await database.models.checkpoint.deleteMany({ where: { groupName: coreGroup, generation, retired: true } });
}

/** Two processes may delete the same generation. The slice of one may then be deleted by the other one already. */
async function removeSlice(database: Database, viewName: string, generation: number): Promise<void> {
  const table = sql.raw(viewName);
  await database.execute(sql`
    DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM ${table} WHERE generation = ${generation}::int LIMIT ${sliceSize}::int))`);
}

async function hasRows(database: Database, viewName: string, generation: number): Promise<boolean> {
  const rows = await database.query<unknown>(sql`
    SELECT 1 FROM ${sql.raw(viewName)} WHERE generation = ${generation}::int LIMIT 1`);
  return rows.length > 0;
}
