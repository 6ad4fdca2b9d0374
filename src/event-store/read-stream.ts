import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { EventTypes } from './event-types.ts';
import type { RecordedEvent } from './recorded-event.ts';
import type { Snapshot } from './snapshots.ts';
import { eventWithoutData, recordedEvent, type StoredEvent } from './stored-event.ts';

/** The last event that a command stored, and the hash of the command. */
export interface StoredCommand {
  /** Hex. */
  readonly commandHash: string;
  readonly version: number;
  readonly position: number;
  readonly hash: string;
}

/** The part of a stream to read. */
export interface StreamPart {
  readonly streamType: string;
  readonly streamId: string;
  /** By default 1. */
  readonly fromVersion?: number;
  /** Reads only events before this point of the log. Later events are not decoded, so they may be unreadable. */
  readonly before?: number;
  /** Versions that are returned without their data: it may be unreadable, and the caller leaves it out. */
  readonly withoutData?: ReadonlySet<number>;
  /**
   * If a snapshot with this shape is stored, returns it and the events after it instead of the events from
   * `fromVersion`.
   */
  readonly snapshotShape?: number | undefined;
}

export interface StreamRead {
  readonly snapshot: Snapshot | undefined;
  readonly events: RecordedEvent[];
  /** The result stored under the requested command id, in any stream. */
  readonly command: StoredCommand | undefined;
}

/** The result of read_stream(). */
interface Selected {
  readonly snapshot: Snapshot | null;
  readonly events: readonly StoredEvent[];
  readonly command: StoredCommand | null;
}

/**
 * Reads a stream and the result stored under a command id, from one snapshot of the database. So the result can't be
 * missing if the events of the command are there. Everything is in one row: with a row for each event, Prisma would
 * take most of the time of a long stream.
 */
export async function readStream(
  database: Database,
  types: EventTypes,
  { streamType, streamId, fromVersion = 1, before = Infinity, withoutData, snapshotShape }: StreamPart,
  commandId: string | null = null,
): Promise<StreamRead> {
  const rows = await database.query<{ stream: Selected }>(sql`
    SELECT read_stream(${streamType}, ${streamId}, ${fromVersion}::int, ${snapshotShape ?? null}::int, ${commandId}::uuid) AS stream`);
  const stream = rows[0]?.stream;
  if (!stream) throw new Error('read_stream returned no row');
  return {
    snapshot: stream.snapshot ?? undefined,
    events: stream.events
      .filter(({ position }) => position < before)
      .map(event => (withoutData?.has(event.version) ? eventWithoutData(event) : recordedEvent(types, event))),
    command: stream.command ?? undefined,
  };
}
