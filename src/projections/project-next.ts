import type { EventStore } from '../event-store/event-store.ts';
import { UnreadableEventError } from '../event-store/unreadable-event.ts';
import type { Checkpoint } from './checkpoint.ts';
import { park } from './parking.ts';
import { after, projectBatch } from './project-batch.ts';
import type { Projection } from './projection.ts';

/**
 * Projects what comes next in the log, up to `limit` events.
 * @returns the checkpoint then: `from` itself where there is nothing to project, undefined where another projector has
 * moved it meanwhile
 * @throws UnknownEventError where the very next event is one that this code does not know
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
