import type { Actor } from '../commands/decider.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { retryEvent, type StreamName } from '../projections/projection-events.ts';
import { appendAct } from './append-act.ts';

/**
 * Appends a retry event.
 * @param actor who retries the stream; default: a person at a terminal
 * @returns the event's position
 */
export function appendRetry(
  store: Pick<EventStore, 'append'>,
  { streamType, streamId }: StreamName,
  actor?: Actor,
): Promise<number> {
  return appendAct(store, retryEvent({ streamType, streamId }), actor);
}
