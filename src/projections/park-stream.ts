import type { Database } from '../database/database.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { UnreadableEventError } from '../event-store/unreadable-event.ts';
import { type Sql, sql } from '../database/sql.ts';
import type { Checkpoint } from './checkpoint.ts';
import { foldBatch, noChanges } from './fold-batch.ts';
import { readRowsToFold } from './read-rows-to-fold.ts';
import { isPoison } from './poison-error.ts';
import type { Projection } from './projection-context.ts';
import { retriedStream, type StreamName } from './stream-retried-event.ts';
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
  { streamType, streamId, version, position, hash }: EventName,
  error: unknown,
): Promise<boolean> {
  const moved = await writeRows(database, from, { point: position, hash }, noChanges, [
    sql`
      INSERT INTO parked_streams
      SELECT ${coreGroup}, ${from.generation}::int, ${streamType}, ${streamId}, ${version}::int, ${position}::bigint,
        ${textOf(error)}, 1, clock_timestamp()
      WHERE EXISTS (SELECT FROM moved) ON CONFLICT DO NOTHING`,
  ]);
  if (moved) onParked?.({ streamType, streamId }, error);
  return moved;
}

/** Folds a parked stream again, starting at the event that failed. If that fails again, the stream stays parked. */
export async function carryOutRetry(projection: Projection, from: Checkpoint, event: RecordedEvent): Promise<boolean> {
  const stream = retriedStream(event);
  if (!stream) throw new Error(`event ${event.position} is no retry`);
  try {
    return await retry(projection, from, event, stream);
  } catch (error) {
    if (!isPoison(error) && !(error instanceof UnreadableEventError)) throw error;
    projection.onParked?.(stream, error);
    return writeRows(projection.database, from, { point: event.position, hash: event.hash }, noChanges, [
      sql`
        UPDATE parked_streams SET attempts = attempts + 1, error = ${textOf(error)}, tried_at = clock_timestamp()
        WHERE ${thatOne(from, stream)}`,
    ]);
  }
}

async function retry(
  { database, store, views }: Projection,
  from: Checkpoint,
  { position, hash }: RecordedEvent,
  stream: StreamName,
): Promise<boolean> {
  const { rows, parked } = await readRowsToFold(database, views.folded, from.generation, [stream]);
  const fromVersion = parked.get(stream.streamId);
  // Only up to the position of the retry: later events are folded in their turn, and a rebuild must produce the same
  // rows.
  const events =
    fromVersion === undefined ? [] : (await store.readStream({ ...stream, fromVersion, before: position })).events;
  const changed = foldBatch(views, rows, events, { ...stream, position, hash });
  return writeRows(database, from, { point: position, hash }, changed, [
    sql`DELETE FROM parked_streams WHERE ${thatOne(from, stream)}`,
  ]);
}

function thatOne({ generation }: Checkpoint, { streamType, streamId }: StreamName): Sql {
  return sql`EXISTS (SELECT FROM moved) AND group_name = ${coreGroup} AND generation = ${generation}::int
    AND stream_type = ${streamType} AND stream_id = ${streamId}`;
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

/** PostgreSQL text columns do not accept a NUL character. */
function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll('\0', '').slice(0, errorLength);
}
