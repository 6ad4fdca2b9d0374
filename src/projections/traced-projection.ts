import type { EventStore } from '../event-store/event-store.ts';
import type { Position } from '../event-store/position.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import type { Tracing } from '../tracing.ts';

/** Requests of one batch that get a span: a catch-up folds a thousand events at once. */
const longest = 100;

/**
 * A projector's store and ears, so that each request whose events it folds gets a span: from when its events were read
 * to when their rows were stored.
 */
export function tracedProjection(
  store: EventStore,
  tracing: Tracing,
): { readonly store: EventStore; readonly projected: (to: Position) => void } {
  let read: readonly RecordedEvent[] = [];
  let readAt = 0;
  return {
    store: {
      ...store,
      async readLog(after, limit) {
        const at = Date.now();
        const events = await store.readLog(after, limit);
        if (events.length > 0) [read, readAt] = [events, at];
        return events;
      },
    },
    projected({ point }) {
      const folded = read.filter(event => event.position <= point);
      const requests = new Map(
        folded.map(({ metadata }) => [metadata.traceparent ?? metadata.correlationId, metadata]),
      );
      for (const origin of [...requests.values()].slice(0, longest)) {
        tracing.record('projection', origin, readAt, Date.now());
      }
      read = [];
    },
  };
}
