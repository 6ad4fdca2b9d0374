import { type Position, startOfLog } from '../event-store/position.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { UnreadableEventError } from '../event-store/unreadable-event.ts';
import type { Hub } from './hub.ts';
import { type ListChanges, type ListFrame, type ListSource, watchList } from './watch-list.ts';
import type { LiveRow } from './watch-row.ts';

/** Takes the place of a stored event that cannot be read because it is damaged. */
export interface DamagedEvent extends LiveRow {
  readonly unreadable: UnreadableEventError;
}

export type EventFrame = ListFrame<RecordedEvent | DamagedEvent>;

/**
 * Watches events by reading the log itself, each time the reader has taken the events of the read before. Each event
 * comes once and in order, starting with the stored ones; a slow reader reads the rest from the log later.
 * A position that cannot be continued ends the feed with one frame, RESYNC without an event: starting again from the
 * first event would repeat events that consumers have acted on. An event that cannot be read also ends it, with a
 * frame in its place: if the feed waited for it, the consumer would hang for ever; if it skipped it, the loss would
 * go unnoticed.
 * @param hub hub of the log: it notifies before the views have the events
 * @param scope the stream's id, or `everything`
 * @param after resume after this position; default: from the first event
 * @throws if the first read fails
 */
export async function watchEvents(
  hub: Pick<Hub<never>, 'watchScope' | 'notifiedPosition'>,
  scope: string,
  after: Position | undefined,
  { read, logger }: ListSource<RecordedEvent>,
): Promise<AsyncIterableIterator<EventFrame>> {
  const source = { logger, read: (from: Position | undefined, limit: number) => orDamaged(read(from, limit)) };
  const frames = await watchList(hub, scope, after ?? startOfLog, source);
  let ended = false;

  async function end(): Promise<IteratorReturnResult<undefined>> {
    ended = true;
    await frames.return?.();
    return { value: undefined, done: true };
  }

  async function next(): Promise<IteratorResult<EventFrame>> {
    while (!ended) {
      const { value, done } = (await frames.next()) as IteratorResult<EventFrame, undefined>;
      if (done) return end();
      if (value.kind === 'RESYNC' || (value.row && isDamaged(value.row))) void end();
      // Progress frames are dropped: each event carries its own position.
      if (value.kind !== 'PROGRESS') return { value, done: false };
    }
    return { value: undefined, done: true };
  }

  const events: AsyncIterableIterator<EventFrame> = {
    [Symbol.asyncIterator]: () => events,
    next,
    return: end,
  };
  return events;
}

export function isDamaged(event: RecordedEvent | DamagedEvent): event is DamagedEvent {
  return 'unreadable' in event;
}

/** A read stops before an event that it cannot read, and fails if that is the first one. */
async function orDamaged(
  reading: Promise<ListChanges<RecordedEvent>>,
): Promise<ListChanges<RecordedEvent | DamagedEvent>> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof UnreadableEventError)) throw error;
    const { version, position, hash } = error.event;
    const damaged = { version, position, hash, unreadable: error };
    return { rows: [damaged], position: { point: position, hash }, continues: true };
  }
}
