import type { Database } from '../database/database.ts';
import type { StreamVersion } from './append-events.ts';

/** How long snapshots gather, ms: one statement each took a tenth of the commands a second where orders grow long. */
const gathering = 100;
/** What a statement stores at most, and its longest states with it: 500 lines are 75 KB. */
const mostAtOnce = 50;
/** What waits to be stored at most: what bounds its memory while the database is away. */
const mostGathered = 1_000;

/** A folded aggregate as it was stored, so that a long stream need not be read from its start. */
export interface Snapshot {
  readonly version: number;
  /** Of the event at that version. */
  readonly hash: string;
  readonly state: unknown;
}

/** An aggregate to be stored, and the shape that its state has. */
export interface FoldedStream extends StreamVersion {
  readonly shape: number;
  readonly state: unknown;
}

/**
 * Stores snapshots, many together, some time after they were asked for; one statement at a time, or a database that hangs
 * would be left no connection for commands. What cannot be stored, is too much, or is asked for just before the process ends,
 * is left out: a snapshot is only a shortcut, and the stream's next one is as good.
 */
export function openSnapshots(database: Pick<Database, '$executeRaw'>): (folded: FoldedStream) => void {
  /** The newest of each stream: no statement may write a row twice. */
  const gathered = new Map<string, FoldedStream>();
  let storing = false;

  async function store(): Promise<void> {
    while (gathered.size > 0) {
      const next = [...gathered].slice(0, mostAtOnce);
      for (const [stream] of next) gathered.delete(stream);
      await saveSnapshots(
        database,
        next.map(([, folded]) => folded),
      ).catch(() => undefined);
    }
    storing = false;
  }

  return folded => {
    const stream = `${folded.streamType} ${folded.streamId}`;
    if (gathered.size < mostGathered || gathered.has(stream)) gathered.set(stream, folded);
    if (storing) return;
    storing = true;
    setTimeout(() => void store(), gathering).unref();
  };
}

/** Stores snapshots of different streams, but those that a newer one of the same shape is there of. */
export async function saveSnapshots(
  database: Pick<Database, '$executeRaw'>,
  snapshots: readonly FoldedStream[],
): Promise<void> {
  // In one order on every node: two that store the same streams would lock each other out else.
  const rows = [...snapshots].sort((one, other) => (one.streamId < other.streamId ? -1 : 1));
  await database.$executeRaw`
    INSERT INTO snapshots AS s (stream_type, stream_id, shape, version, hash, state)
    SELECT * FROM unnest(
      ${rows.map(row => row.streamType)}::text[], ${rows.map(row => row.streamId)}::text[],
      ${rows.map(row => row.shape)}::int[], ${rows.map(row => row.version)}::int[],
      ${rows.map(row => row.hash)}::text[], ${rows.map(row => JSON.stringify(row.state))}::jsonb[])
    ON CONFLICT (stream_type, stream_id) DO UPDATE
    SET shape = excluded.shape, version = excluded.version, hash = excluded.hash, state = excluded.state
    WHERE s.shape <> excluded.shape OR s.version < excluded.version
      OR NOT EXISTS (
        SELECT FROM events known
        WHERE known.stream_type = s.stream_type AND known.stream_id = s.stream_id AND known.version = s.version
          AND encode(substr(known.hash, 1, 6), 'hex') = s.hash)`;
}
