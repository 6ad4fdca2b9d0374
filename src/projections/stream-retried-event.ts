import type { KnownEvents } from '../event-store/event-types.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';

/** The name of a stream. */
export interface StreamName {
  readonly streamType: string;
  readonly streamId: string;
}

const type = 'StreamRetried';

/**
 * Events that Orderstream itself appends. Rows change only at positions of the log, so that a reader that resumes
 * from a position gets every later change. That is why a retry of a parked stream is an event. From there on the rows
 * of that stream carry the position of the retry, in every generation, whether the stream is parked in it or not.
 */
export const projectionEvents: KnownEvents = {
  streamType: 'projection',
  schemaVersions: { [type]: 1 },
  upcast: (event, schemaVersion) => {
    throw new Error(`${event.type} has no schema version ${schemaVersion} to come up from`);
  },
};

export function retryEvent(stream: StreamName) {
  return { type, schemaVersion: 1, data: stream, personal: null } as const;
}

/** The stream that the event retries; undefined for all other events, and for one that names no stream. */
export function retriedStream(event: RecordedEvent): StreamName | undefined {
  if (event.streamType !== projectionEvents.streamType) return undefined;
  const { streamType, streamId } = event.data as Partial<Record<keyof StreamName, unknown>>;
  return typeof streamType === 'string' && typeof streamId === 'string' ? { streamType, streamId } : undefined;
}
