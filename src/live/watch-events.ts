import { type Position, startOfLog } from '../event-store/position.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { UnreadableEventError } from '../event-store/unreadable-event.ts';
import type { Hub } from './hub.ts';
import { type ListChanges, type ListFrame, type ListSource, watchList } from './watch-list.ts';
import type { LiveRow } from './watch-row.ts';

/** What stands in the place of a stored event that can't be read: it is damaged. */
export interface DamagedEvent extends LiveRow {
  readonly unreadable: UnreadableEventError;
}

export type EventFrame = ListFrame<RecordedEvent | DamagedEvent>;

/**
 * Watches events: the log itself is read on, as the reader takes what was read before. Each comes once, in order,
 * stored ones first; a reader that is slow, or away, finds them where they are.
 * A position that can't be continued ends it with one frame, RESYNC without an event: to begin again from the first
 * event by itself would be to repeat what others have acted on. So does an event that can't be read, in its own place:
 * waited for, it would hold up whoever follows the log for ever; passed over, it would be missing unnoticed.
 * @param hub of the log: it tells of events before the views have them
 * @param scope the stream's id, or `everything`
 * @param after go on from there; left out, from the first event
 * @throws where the first read fails
 */
export async function watchEvents(
  hub: Pick<Hub<never>, 'watchScope' | 'told'>,
  scope: string,
  after: Position | undefined,
  { read, logger }: ListSource<RecordedEvent>,
): Promise<AsyncIterableIterator<EventFrame>> {
  const source = { logger, read: (from: Position | undefined, limit: number) => orDamaged(read(from, limit)) };
  const frames = await watchList(hub, scope, after ?? startOfLog, source);
  let over = false;

  async function end(): Promise<IteratorReturnResult<undefined>> {
    over = true;
    await frames.return?.();
    return { value: undefined, done: true };
  }

  async function next(): Promise<IteratorResult<EventFrame>> {
    while (!over) {
      const { value, done } = (await frames.next()) as IteratorResult<EventFrame, undefined>;
      if (done) return end();
      if (value.kind === 'RESYNC' || (value.row && isDamaged(value.row))) void end();
      // How far it has come, an event says by itself.
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

/** A read stops before an event that it can't read, and fails where that is the very next one. */
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
