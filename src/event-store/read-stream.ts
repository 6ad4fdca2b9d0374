import type { Database } from '../database/database.ts';
import type { EventTypes } from './event-types.ts';
import type { RecordedEvent } from './recorded-event.ts';
import type { Snapshot } from './snapshots.ts';
import { recordedEvent, type StoredEvent } from './stored-event.ts';

/** The last event that a command stored, and the hash of what it asked for. */
export interface StoredCommand {
  /** Hex. */
  readonly commandHash: string;
  readonly version: number;
  readonly position: number;
  readonly hash: string;
}

/** Which part of a stream is wanted. */
export interface StreamPart {
  readonly streamType: string;
  readonly streamId: string;
  /** From the first one, where left out. */
  readonly fromVersion?: number;
  /** Only what stood in the log before this point: what comes after it is not looked at, whether it can be read or not. */
  readonly before?: number;
  /** Where a snapshot of this shape is stored: it, and the events after it, instead of the events from `fromVersion`. */
  readonly snapshotShape?: number | undefined;
}

export interface StreamRead {
  readonly snapshot: Snapshot | undefined;
  readonly events: RecordedEvent[];
  /** What the command id that was asked about has stored, anywhere. */
  readonly command: StoredCommand | undefined;
}

/** As read_stream() answers. */
interface Selected {
  readonly snapshot: Snapshot | null;
  readonly events: readonly StoredEvent[];
  readonly command: StoredCommand | null;
}

/**
 * A stream, and beside it what a command id has stored: all of one moment, so that a command is never found missing
 * and its effect present. In one row: with one an event, Prisma takes most of the time that a long stream takes.
 */
export async function readStream(
  database: Database,
  types: EventTypes,
  { streamType, streamId, fromVersion = 1, before = Infinity, snapshotShape }: StreamPart,
  commandId: string | null = null,
): Promise<StreamRead> {
  const rows = await database.$queryRaw<{ stream: Selected }[]>`
    SELECT read_stream(${streamType}, ${streamId}, ${fromVersion}::int, ${snapshotShape ?? null}::int, ${commandId}::uuid) AS stream`;
  const stream = rows[0]?.stream;
  if (!stream) throw new Error('read_stream did not answer');
  return {
    snapshot: stream.snapshot ?? undefined,
    events: stream.events.filter(({ position }) => position < before).map(event => recordedEvent(types, event)),
    command: stream.command ?? undefined,
  };
}
