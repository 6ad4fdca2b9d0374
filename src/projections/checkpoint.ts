import type { Database } from '../database.ts';
import type { Position } from '../event-store/position.ts';
import { Prisma } from '../generated/prisma/client.ts';
import { coreGroup } from './view-sql.ts';

/** How far a generation of a group's rows has come. */
export interface Checkpoint {
  readonly generation: number;
  /** Reads use it; else it is being rebuilt beside the one that they use. */
  readonly live: boolean;
  readonly position: Position;
}

/** Of the generation that reads use. */
export async function readCheckpoint(database: Database): Promise<Checkpoint> {
  const checkpoint = await read(database, Prisma.sql`live`);
  if (!checkpoint) throw new Error(`no live checkpoint of the group ${coreGroup}`);
  return checkpoint;
}

/** Of the generation that is being rebuilt, if one is. */
export function readRebuild(database: Database): Promise<Checkpoint | undefined> {
  return read(database, Prisma.sql`NOT live AND NOT retired`);
}

async function read(database: Database, which: Prisma.Sql): Promise<Checkpoint | undefined> {
  const rows = await database.$queryRaw<{ checkpoint: Checkpoint }[]>`
    SELECT jsonb_build_object('generation', generation, 'live', live,
      'position', jsonb_build_object('point', position, 'hash', hash)) AS checkpoint
    FROM checkpoints WHERE group_name = ${coreGroup} AND ${which}`;
  return rows[0]?.checkpoint;
}

/** Says beside a live checkpoint what holds its projector up, where it is still there; moving on takes it away. */
export async function noteFailure(database: Database, at: Checkpoint, failure: string | null): Promise<void> {
  await database.$executeRaw`
    UPDATE checkpoints SET failure = ${failure}
    WHERE group_name = ${coreGroup} AND generation = ${at.generation}::int AND live
      AND position = ${at.position.point}::bigint AND failure IS DISTINCT FROM ${failure}`;
}
