import type { Position } from '../event-store/position.ts';
import { readEventsAfter } from '../event-store/read-events-after.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { everything } from '../live/hub.ts';
import { type EventFrame, isDamaged, watchEvents } from '../live/watch-events.ts';
import type { LiveRow } from '../live/watch-row.ts';
import type { LiveView } from '../projections/read-changes.ts';
import { codedError } from './coded-error.ts';
import { type Context, startAfter } from './context.ts';
import { isVisible, type Watched } from './live-field.ts';

/**
 * Subscribes to the events of one object, first the stored ones. They are read from the log, so an object is found once
 * its first event was acknowledged, projected or not.
 * @throws NOT_FOUND if there is no such object that the viewer may see
 */
export async function subscribeToEvents<Row extends LiveRow>(
  context: Context,
  view: LiveView<Row, never>,
  watched: Watched<Row>,
): Promise<AsyncIterableIterator<EventFrame>> {
  if (!(await isVisible(context, view, watched))) throw context.dependencies.liveViews.of(view).missing();
  const stream = { streamType: view.rows.streamType, streamId: watched.id };
  return eventsAfter(context, stream, startAfter(context, watched.after));
}

/** @param stream undefined: the events of the whole log */
export function eventsAfter(
  { dependencies, logger }: Context,
  stream: { readonly streamType: string; readonly streamId: string } | undefined,
  after: Position | undefined,
): Promise<AsyncIterableIterator<EventFrame>> {
  const { source, sharedReads, logHub } = dependencies;
  const read = (from: Position | undefined, limit: number) =>
    sharedReads.once(JSON.stringify(['events', stream, from, limit]), () =>
      readEventsAfter(source.database, source.types, stream, from, limit),
    );
  return watchEvents(logHub, stream?.streamId ?? everything, after, { read, logger });
}

/**
 * @throws STALE_POSITION if the feed ends because its position can't be continued
 * @throws UnreadableEventError if the feed ends at an event that can't be read
 */
export function eventOf({ row }: EventFrame): RecordedEvent {
  if (row === undefined)
    throw codedError('STALE_POSITION', 'The position is of another log: subscribe again without it.');
  if (isDamaged(row)) throw row.unreadable;
  return row;
}
