import type { Database } from '../database.ts';
import type { StreamVersion } from './append-events.ts';

/** A folded aggregate as it was stored, so that a long stream need not be read from its start. */
export interface Snapshot {
  readonly version: number;
  /** Of the event at that version. */
  readonly hash: string;
  readonly state: unknown;
}

/** Stores a snapshot, unless a newer one of the same shape is there. */
export async function saveSnapshot(
  database: Database,
  { streamType, streamId, version, hash }: StreamVersion,
  shape: number,
  state: unknown,
): Promise<void> {
  await database.$executeRaw`
    INSERT INTO snapshots AS s (stream_type, stream_id, shape, version, hash, state)
    VALUES (${streamType}, ${streamId}, ${shape}::int, ${version}::int, ${hash}, ${JSON.stringify(state)}::jsonb)
    ON CONFLICT (stream_type, stream_id) DO UPDATE
    SET shape = excluded.shape, version = excluded.version, hash = excluded.hash, state = excluded.state
    WHERE s.shape <> excluded.shape OR s.version < excluded.version
      OR NOT EXISTS (
        SELECT FROM events known
        WHERE known.stream_type = s.stream_type AND known.stream_id = s.stream_id AND known.version = s.version
          AND encode(substr(known.hash, 1, 6), 'hex') = s.hash)`;
}
