import type { Database } from '../database.ts';
import type { Position } from '../event-store/position.ts';
import { coreGroup } from './view-sql.ts';

/** How far a group's live generation has come. */
export interface Checkpoint {
  readonly generation: number;
  readonly position: Position;
}

export async function readCheckpoint(database: Database): Promise<Checkpoint> {
  const rows = await database.$queryRaw<{ checkpoint: Checkpoint }[]>`
    SELECT jsonb_build_object('generation', generation,
      'position', jsonb_build_object('point', position, 'hash', hash)) AS checkpoint
    FROM checkpoints WHERE group_name = ${coreGroup} AND live`;
  const checkpoint = rows[0]?.checkpoint;
  if (!checkpoint) throw new Error(`no live checkpoint of the group ${coreGroup}`);
  return checkpoint;
}
