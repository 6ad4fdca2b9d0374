import { randomBytes, randomUUID } from 'node:crypto';
import type { AppendRequest, NewEvent, StreamVersion } from '../../src/event-store/append-events.ts';

/** A new stream. */
export function newStream(streamType = 'order', kind = 'ord'): StreamVersion {
  return { streamType, streamId: `${kind}_${randomUUID()}`, version: 0, hash: null };
}

/** The stream's version after an append. */
export function grown(
  stream: StreamVersion,
  outcome: { readonly outcome: string; readonly version?: number; readonly hash?: string },
): StreamVersion {
  const { version, hash } = outcome;
  if (version === undefined || hash === undefined) throw new Error(`not appended, but ${outcome.outcome}`);
  return { ...stream, version, hash };
}

/** The append of a command to a stream at its known version: one event, unless given otherwise. */
export function requestFor(stream: StreamVersion, more: Partial<AppendRequest> = {}): AppendRequest {
  return {
    ...stream,
    commandId: randomUUID(),
    commandHash: randomBytes(32).toString('hex'),
    reads: [],
    metadata: { actor: { role: 'staff', subject: 'anna' }, correlationId: randomUUID() },
    occurredAt: new Date().toISOString(),
    events: [newEvent()],
    ...more,
  };
}

export function newEvent(data: object = { text: 'Grüße, 你好' }): NewEvent {
  return { type: 'Noted', schemaVersion: 1, data, personal: null };
}
