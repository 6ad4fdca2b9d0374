import type { EventStore } from '../event-store/event-store.ts';
import { UnreadableEventError } from '../event-store/unreadable-event.ts';
import type { Checkpoint } from './checkpoint.ts';
import { park } from './park-stream.ts';
import { after, projectBatch } from './project-batch.ts';
import type { Projection } from './projection-context.ts';

/**
 * Projects the next events of the log, at most `limit`.
 * @returns the new checkpoint; `from` itself if there is nothing to project; undefined if another projector has moved
 * it
 * @throws UnknownEventError if the next event has a type that this code does not know
 */
export async function projectNext(
  projection: Projection & { readonly store: Pick<EventStore, 'readLog'> },
  from: Checkpoint,
  limit: number,
): Promise<Checkpoint | undefined> {
  try {
    const events = await projection.store.readLog(from.position.point, limit);
    if (events.length === 0) return from;
    return (await projectBatch(projection, from, events)) ? after(from, events) : undefined;
  } catch (error) {
    if (!(error instanceof UnreadableEventError)) throw error;
    return (await park(projection, from, error.event, error)) ? after(from, [error.event]) : undefined;
  }
}
