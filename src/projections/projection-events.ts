import type { KnownEvents } from '../event-store/event-types.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';

/** The name of a stream. */
export interface StreamName {
  readonly streamType: string;
  readonly streamId: string;
}

/** The type of the streams whose events are about the views. Stored with each event, so it may never change. */
const streamType = 'projection';

/**
 * Events about the views themselves: what operators did. Rows change only at positions of the log, so that a reader
 * that resumes from a position gets every later change. That is why a retry of a parked stream is an event, and the
 * skip of one of its events is another. From there on the rows of that stream carry the position of this event, in
 * every generation, whether the stream is parked in it or not. A rebuild is requested and abandoned by events too, so
 * that it starts once, whichever process dies, and the log says who wanted it.
 */
export const projectionEvents: KnownEvents = {
  streamType,
  schemaVersions: { StreamRetried: 1, StreamEventSkipped: 1, RebuildRequested: 1, RebuildAbandoned: 1 },
  upcast: (event, schemaVersion) => {
    throw new Error(`${event.type} has no schema version ${schemaVersion} to come up from`);
  },
};

/** What one of these events asks of a projector. */
export type ProjectionAct =
  | { readonly type: 'StreamRetried'; readonly stream: StreamName }
  /** Every fold leaves this version of the stream out; see skipped-events.ts. */
  | { readonly type: 'StreamEventSkipped'; readonly stream: StreamName; readonly version: number }
  | { readonly type: 'RebuildRequested' }
  | { readonly type: 'RebuildAbandoned' };

/** One of these events as it is appended. */
export interface ActEvent {
  readonly type: ProjectionAct['type'];
  readonly schemaVersion: 1;
  readonly data: object;
  readonly personal: null;
}

export function retryEvent(stream: StreamName): ActEvent {
  return { type: 'StreamRetried', schemaVersion: 1, data: stream, personal: null };
}

export function rebuildRequestedEvent(view: string): ActEvent {
  return { type: 'RebuildRequested', schemaVersion: 1, data: { view }, personal: null };
}

export const rebuildAbandonedEvent: ActEvent = {
  type: 'RebuildAbandoned',
  schemaVersion: 1,
  data: {},
  personal: null,
};

/** What the event asks for; undefined for all other events, and for one that lacks what its type needs. */
export function actOf(event: RecordedEvent): ProjectionAct | undefined {
  if (event.streamType !== streamType) return undefined;
  const data = event.data as Readonly<Record<string, unknown>>;
  switch (event.type) {
    case 'StreamRetried': {
      const stream = streamOf(data);
      return stream && { type: event.type, stream };
    }
    case 'StreamEventSkipped': {
      const stream = streamOf(data);
      const { version } = data;
      return stream && typeof version === 'number' ? { type: event.type, stream, version } : undefined;
    }
    case 'RebuildRequested':
    case 'RebuildAbandoned':
      return { type: event.type };
    default:
      return undefined;
  }
}

function streamOf(data: Readonly<Record<string, unknown>>): StreamName | undefined {
  const { streamType: type, streamId: id } = data;
  return typeof type === 'string' && typeof id === 'string' ? { streamType: type, streamId: id } : undefined;
}
