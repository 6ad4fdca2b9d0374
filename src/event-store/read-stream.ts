import type { Database } from '../database.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { EventTypes } from './event-types.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { findSnapshot, type Snapshot } from './snapshots.ts';
import { eventJson, eventsWithKeys, recordedEvent, type StoredEvent } from './stored-event.ts';

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
  /** Where a snapshot of this shape is stored: it, and the events after it, instead of the events from `fromVersion`. */
  readonly snapshotShape?: number | undefined;
}

export interface StreamRead {
  readonly snapshot: Snapshot | undefined;
  readonly events: RecordedEvent[];
  /** What the command id that was asked about has stored, anywhere. */
  readonly command: StoredCommand | undefined;
}

interface Selected {
  readonly event: StoredEvent | null;
  readonly command: StoredCommand | null;
  readonly snapshot: Snapshot | null;
}

/**
 * A stream, and beside it what a command id has stored: all from one statement, so that a command is never found
 * missing and its effect present.
 */
export async function readStream(
  database: Database,
  types: EventTypes,
  { streamType, streamId, fromVersion = 1, snapshotShape }: StreamPart,
  commandId?: string,
): Promise<StreamRead> {
  const rows = await database.$queryRaw<Selected[]>`
    WITH n AS MATERIALIZED (${findSnapshot(streamType, streamId, snapshotShape)})
    SELECT 0 AS version, ${commandId === undefined ? Prisma.sql`NULL::jsonb` : storedCommand(commandId)} AS command,
      (SELECT snapshot FROM n) AS snapshot, NULL::jsonb AS event
    UNION ALL
    SELECT e.version, NULL, NULL, ${eventJson} FROM ${eventsWithKeys}
    WHERE e.stream_type = ${streamType} AND e.stream_id = ${streamId}
      AND e.version >= coalesce((SELECT version + 1 FROM n), ${fromVersion}::int)
    ORDER BY version`;
  return {
    snapshot: rows[0]?.snapshot ?? undefined,
    events: rows.flatMap(row => (row.event ? [recordedEvent(types, row.event)] : [])),
    command: rows[0]?.command ?? undefined,
  };
}

function storedCommand(commandId: string): Prisma.Sql {
  return Prisma.sql`(
    SELECT jsonb_build_object('commandHash', encode(command_hash, 'hex'), 'version', version, 'position', position,
      'hash', encode(substr(hash, 1, 6), 'hex'))
    FROM events WHERE command_id = ${commandId}::uuid ORDER BY ordinal DESC LIMIT 1)`;
}
