import type { Database } from '../database/database.ts';
import type { Position } from '../event-store/position.ts';
import { type Sql, sql } from '../database/sql.ts';
import { NewerSchemaError, newerMigration } from './newer-schema.ts';
import { coreGroup } from './view-sql.ts';

/** The position up to which a generation of a group's rows is folded. */
export interface Checkpoint {
  readonly generation: number;
  /** True: reads use it. False: a rebuild fills it beside the live one. */
  readonly live: boolean;
  readonly position: Position;
}

/**
 * Reads the checkpoint of the live generation.
 * @throws NewerSchemaError if a newer release has migrated the database
 */
export async function readCheckpoint(database: Database): Promise<Checkpoint> {
  const checkpoint = await read(database, sql`live`);
  if (!checkpoint) throw new Error(`no live checkpoint of the group ${coreGroup}`);
  return checkpoint;
}

/**
 * Reads the checkpoint of the generation that is being rebuilt, if any.
 * @throws NewerSchemaError as above
 */
export function readRebuild(database: Database): Promise<Checkpoint | undefined> {
  return read(database, sql`NOT live AND NOT retired`);
}

/**
 * Reads the checkpoint of the rebuild that an operator has requested by the API, if it is not finished. Projectors fold
 * it. A rebuild that a terminal command started is folded by that command.
 * @throws NewerSchemaError as above
 */
export function readRequestedRebuild(database: Database): Promise<Checkpoint | undefined> {
  return read(database, sql`NOT live AND NOT retired AND requested_at IS NOT NULL`);
}

async function read(database: Database, which: Sql): Promise<Checkpoint | undefined> {
  const rows = await database.lookUp<{ checkpoint: Checkpoint; newer: string | null }>(sql`
    SELECT jsonb_build_object('generation', generation, 'live', live,
      'position', jsonb_build_object('point', position, 'hash', hash)) AS checkpoint, ${newerMigration} AS newer
    FROM checkpoints WHERE group_name = ${coreGroup} AND ${which}`);
  const [row] = rows;
  if (row && row.newer !== null) throw new NewerSchemaError(row.newer);
  return row?.checkpoint;
}

/**
 * Stores the projector's failure beside the live checkpoint, if the checkpoint is unchanged; the next move clears it.
 * A failure because of a newer release's tables is not stored.
 */
export async function noteFailure(database: Database, at: Checkpoint, failure: string | null): Promise<void> {
  await database.execute(sql`
    UPDATE checkpoints SET failure = ${failure}
    WHERE group_name = ${coreGroup} AND generation = ${at.generation}::int AND live
      AND position = ${at.position.point}::bigint AND failure IS DISTINCT FROM ${failure}
      AND ${newerMigration} IS NULL`);
}
