import { sql } from '../database/sql.ts';
import { bringUp, type EventTypes, UnknownEventError } from './event-types.ts';
import { openPersonal, type SealedData } from './personal-data.ts';
import type { EventMetadata, RecordedEvent } from './recorded-event.ts';
import { UnreadableEventError } from './unreadable-event.ts';

/** An event as event_json() returns it. */
export interface StoredEvent {
  readonly position: number;
  readonly hash: string;
  readonly streamType: string;
  readonly streamId: string;
  readonly version: number;
  readonly commandId: string;
  readonly ordinal: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: object;
  readonly personal: SealedData | null;
  /** The key of the subject, base64; empty if it was deleted, null if there never was one. */
  readonly key: string | null;
  readonly metadata: EventMetadata;
  readonly occurredAt: string;
  readonly recordedAt: string;
}

/** Rows of `events` as `e`, each with its key. Both are read in one statement, so that no reader uses a deleted key. */
export const eventsWithKeys = sql`events e LEFT JOIN customer_keys k ON k.customer_id = e.personal->>'subject'`;

/** One row of eventsWithKeys as a JSON object of the shape StoredEvent. */
export const eventJson = sql`event_json(e, k.key)`;

/**
 * @throws UnknownEventError if this release does not know the event's type or schema version
 * @throws UnreadableEventError if the event can't be upcast or decrypted
 */
export function recordedEvent(types: EventTypes, stored: StoredEvent): RecordedEvent {
  try {
    return read(types, stored);
  } catch (error) {
    throw error instanceof UnknownEventError ? error : new UnreadableEventError(stored, error);
  }
}

/** The event without its data, which is neither upcast nor decrypted: for readers that leave the event out. */
export function eventWithoutData(stored: StoredEvent): RecordedEvent {
  return recorded(stored, { type: stored.type, schemaVersion: stored.schemaVersion, data: {} }, undefined);
}

function read(types: EventTypes, stored: StoredEvent): RecordedEvent {
  const content = bringUp(types, stored.streamType, stored, stored.schemaVersion);
  const { personal, key, streamId } = stored;
  return recorded(
    stored,
    content,
    personal && key ? openPersonal(Buffer.from(key, 'base64'), streamId, personal) : undefined,
  );
}

function recorded(
  stored: StoredEvent,
  { type, data, schemaVersion }: Pick<RecordedEvent, 'type' | 'data' | 'schemaVersion'>,
  personal: object | undefined,
): RecordedEvent {
  return {
    position: stored.position,
    hash: stored.hash,
    streamType: stored.streamType,
    streamId: stored.streamId,
    version: stored.version,
    commandId: stored.commandId,
    ordinal: stored.ordinal,
    type,
    schemaVersion,
    data,
    personal,
    metadata: stored.metadata,
    occurredAt: new Date(stored.occurredAt),
    recordedAt: new Date(stored.recordedAt),
  };
}
