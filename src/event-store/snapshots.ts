import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { StreamVersion } from './append-events.ts';

/**
 * Snapshots are collected for this time before they are stored. With one statement for each, streams with many events
 * had a tenth fewer commands per second.
 */
const collectMs = 100;
/** Maximum number of snapshots in one statement. It also limits the size: a state with 500 lines has 75 KB. */
const maxPerStatement = 50;
/** Maximum number of snapshots that wait to be stored. It limits the memory while the database is unreachable. */
const maxPending = 1_000;

/** A stored state of an aggregate, so that a long stream need not be read from its start. */
export interface Snapshot {
  readonly version: number;
  /** The hash of the event at that version. */
  readonly hash: string;
  readonly state: unknown;
}

/** A state to be stored, and its shape. */
export interface FoldedStream extends StreamVersion {
  readonly shape: number;
  readonly state: unknown;
}

/**
 * Stores snapshots in batches, some time after they were requested. Only one statement runs at a time; otherwise a
 * database that hangs would leave no connection for commands. A snapshot is dropped if it can't be stored, if too
 * many are waiting, or if the process ends before: it only saves time, and the next snapshot of the stream replaces
 * it.
 */
export function openSnapshots(database: Pick<Database, 'execute'>): (folded: FoldedStream) => void {
  /** The newest snapshot of each stream, because a statement must not write a row twice. */
  const pending = new Map<string, FoldedStream>();
  let storing = false;

  async function store(): Promise<void> {
    while (pending.size > 0) {
      const next = [...pending].slice(0, maxPerStatement);
      for (const [stream] of next) pending.delete(stream);
      await saveSnapshots(
        database,
        next.map(([, folded]) => folded),
      ).catch(() => undefined);
    }
    storing = false;
  }

  return folded => {
    const stream = `${folded.streamType} ${folded.streamId}`;
    if (pending.size < maxPending || pending.has(stream)) pending.set(stream, folded);
    if (storing) return;
    storing = true;
    setTimeout(() => void store(), collectMs).unref();
  };
}

/** Stores snapshots of different streams, except those for which a newer one of the same shape is stored. */
export async function saveSnapshots(
  database: Pick<Database, 'execute'>,
  snapshots: readonly FoldedStream[],
): Promise<void> {
  // Sorted the same way on every node: otherwise two nodes that store the same streams could block each other (a
  // deadlock).
  const rows = [...snapshots].sort((one, other) => (one.streamId < other.streamId ? -1 : 1));
  await database.execute(sql`
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
          AND encode(substr(known.hash, 1, 6), 'hex') = s.hash)`);
}
