import type { Database } from '../database/database.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { type Sql, sql } from '../database/sql.ts';
import type { Checkpoint } from './checkpoint.ts';
import { noChanges } from './fold-batch.ts';
import type { Projection } from './projection-context.ts';
import type { StreamName } from './projection-events.ts';
import { coreGroup } from './view-sql.ts';
import { writeRows } from './write-rows.ts';

/** Maximum length of a stored error, characters. */
const errorLength = 1_000;

/** A stream whose rows stop before an event that cannot be folded. */
export interface ParkedStream extends StreamName {
  readonly version: number;
  readonly position: number;
  readonly error: string;
  readonly attempts: number;
  /** RFC 3339. */
  readonly triedAt: string;
}

/** The fields of an event that parking needs: the other fields may be unreadable. */
export type EventName = Pick<RecordedEvent, 'streamType' | 'streamId' | 'version' | 'position' | 'hash'>;

/** Moves past an event that cannot be folded, and parks its stream. @returns whether the checkpoint moved */
export async function park(
  { database, onParked }: Pick<Projection, 'database' | 'onParked'>,
  from: Checkpoint,
  at: EventName,
  error: unknown,
): Promise<boolean> {
  const { streamType, streamId, position, hash } = at;
  const moved = await writeRows(database, from, { point: position, hash }, noChanges, [
    sql`${insertParked(from, at, error)} ON CONFLICT DO NOTHING`,
  ]);
  if (moved) onParked?.({ streamType, streamId }, error);
  return moved;
}

/** Inserts a parked stream if the checkpoint moved. The caller adds what happens if it is parked already. */
export function insertParked(
  { generation }: Checkpoint,
  { streamType, streamId, version, position }: EventName,
  error: unknown,
): Sql {
  return sql`
    INSERT INTO parked_streams
    SELECT ${coreGroup}, ${generation}::int, ${streamType}, ${streamId}, ${version}::int, ${position}::bigint,
      ${textOf(error)}, 1, clock_timestamp()
    WHERE EXISTS (SELECT FROM moved)`;
}

/** The parked streams of the live generation, oldest first. Both tables are read from one snapshot. */
export async function readParked({ models }: Database): Promise<ParkedStream[]> {
  const [live, parked] = await models.$transaction(
    [
      models.checkpoint.findFirstOrThrow({ where: { groupName: coreGroup, live: true } }),
      models.parkedStream.findMany({ where: { groupName: coreGroup }, orderBy: { position: 'asc' } }),
    ],
    { isolationLevel: 'RepeatableRead' },
  );
  return parked
    .filter(({ generation }) => generation === live.generation)
    .map(({ streamType, streamId, version, position, error, attempts, triedAt }) => {
      return {
        streamType,
        streamId,
        version,
        position: Number(position),
        error,
        attempts,
        triedAt: triedAt.toISOString(),
      };
    });
}

/** The text of an error, as it is stored. PostgreSQL text columns do not accept a NUL character. */
function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll('\0', '').slice(0, errorLength);
}
