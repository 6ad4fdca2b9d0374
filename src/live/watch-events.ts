import { type Position, startOfLog } from '../event-store/position.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import type { Hub } from './hub.ts';
import { type ListFrame, type ListSource, watchList } from './watch-list.ts';

/**
 * Watches events: the log itself is read on, as the reader takes what was read before. Each comes once, in order,
 * stored ones first; a reader that is slow, or away, finds them where they are.
 * A position that can't be continued ends it with one frame, RESYNC without an event: to begin again from the first
 * event by itself would be to repeat what others have acted on.
 * @param hub of the log: it tells of events before the views have them
 * @param scope the stream's id, or `everything`
 * @param after go on from there; left out, from the first event
 * @throws where the first read fails
 */
export async function watchEvents(
  hub: Pick<Hub<never>, 'watchScope' | 'told'>,
  scope: string,
  after: Position | undefined,
  source: ListSource<RecordedEvent>,
): Promise<AsyncIterableIterator<ListFrame<RecordedEvent>>> {
  const frames = await watchList(hub, scope, after ?? startOfLog, source);
  let over = false;

  async function end(): Promise<IteratorReturnResult<undefined>> {
    over = true;
    await frames.return?.();
    return { value: undefined, done: true };
  }

  async function next(): Promise<IteratorResult<ListFrame<RecordedEvent>>> {
    while (!over) {
      const { value, done } = (await frames.next()) as IteratorResult<ListFrame<RecordedEvent>, undefined>;
      if (done) return end();
      if (value.kind === 'RESYNC') void end();
      // How far it has come, an event says by itself.
      if (value.kind !== 'PROGRESS') return { value, done: false };
    }
    return { value: undefined, done: true };
  }

  const events: AsyncIterableIterator<ListFrame<RecordedEvent>> = {
    [Symbol.asyncIterator]: () => events,
    next,
    return: end,
  };
  return events;
}
