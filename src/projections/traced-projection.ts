import type { EventStore } from '../event-store/event-store.ts';
import type { Position } from '../event-store/position.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import type { Tracing } from '../telemetry/tracing.ts';

/** Maximum number of spans per batch: a projector that catches up folds a thousand events at once. */
const maxSpans = 100;

/**
 * Wraps a projector's store and observer, so that each request whose events are folded gets a span, from the read of
 * its events to the write of its rows.
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
      for (const origin of [...requests.values()].slice(0, maxSpans)) {
        tracing.record('projection', origin, readAt, Date.now());
      }
      read = [];
    },
  };
}
