// An event that an operator skipped: a view that could not fold it leaves it out, so that its stream continues.
//
// The rows of a stream at a position of the log are the fold of the stream's events up to there, without the versions
// that events `StreamEventSkipped` up to there name. So they depend on the log alone: every generation has the same
// rows, whether the event could be folded in it or not, and `verify` knows what they have to be. A skipped event
// changes nothing of a row but its version. Otherwise the row would stay behind its stream: no `expectedVersion` that a
// client reads would be accepted, and each read of the entity would try to fold the event again.
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { type StreamName, projectionEvents } from './projection-events.ts';
import { idList } from './read-entities.ts';
import type { FoldedView } from './view.ts';

/** The skipped versions of streams of one type, by stream id. */
export type SkippedVersions = ReadonlyMap<string, ReadonlySet<number>>;

/** The row after a skipped event. @param row undefined: the stream has no row yet, and a skipped event makes none */
export function foldSkipped(view: FoldedView, row: object | undefined, version: number): object | undefined {
  return row && 'version' in view.columns ? { ...row, version } : row;
}

/**
 * The skipped versions of some streams, as of a position. The statement reads all events about views that the log has,
 * which are few, by the index of their stream type.
 * @param streamType type of the streams
 * @param point the last position that counts
 */
export async function readSkippedVersions(
  database: Database,
  streamType: string,
  streamIds: readonly string[],
  point: number,
): Promise<SkippedVersions> {
  const rows = await database.query<{ id: string; version: number }>(sql`
    SELECT data->>'streamId' AS id, (data->>'version')::int AS version
    FROM events
    WHERE stream_type = ${projectionEvents.streamType} AND type = 'StreamEventSkipped'
      AND data->>'streamType' = ${streamType} AND data->>'streamId' IN (SELECT ${idList(streamIds)})
      AND position <= ${point}::bigint`);
  const versions = new Map<string, Set<number>>();
  for (const { id, version } of rows) versions.set(id, (versions.get(id) ?? new Set()).add(version));
  return versions;
}

/** The skipped versions of one stream, as of a position. */
export async function readSkippedOf(
  database: Database,
  { streamType, streamId }: StreamName,
  point: number,
): Promise<ReadonlySet<number>> {
  const versions = await readSkippedVersions(database, streamType, [streamId], point);
  return versions.get(streamId) ?? new Set();
}
