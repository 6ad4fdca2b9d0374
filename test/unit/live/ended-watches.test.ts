// A watch that ends while it reads leaves nothing behind: no listener of the hub and no timer.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { tick } from '../../../src/live/hub.ts';
import { type ListChanges, watchList } from '../../../src/live/watch-list.ts';
import { type LiveRow, type Sighting, watchRow } from '../../../src/live/watch-row.ts';
import { logger } from '../server/mini-server.ts';

const hash = '0'.repeat(12);
const at = (point: number) => ({ point, hash });
const row: LiveRow = { version: 1, position: 1, hash };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a list whose view is behind the position of its subscriber', async () => {
  const listeners = new Set<object>();
  const hub = {
    notifiedPosition: at(1),
    watchScope: (_scope: string, listener: object) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const unread: ((changes: ListChanges<LiveRow>) => void)[] = [];
  const read = () => new Promise<ListChanges<LiveRow>>(resolve => unread.push(resolve));
  const opening = watchList(hub, 'all', at(1), { read, logger });
  unread.pop()!({ rows: [], position: at(1), continues: true });
  const watch = await opening;
  expect((await watch.next()).value).toMatchObject({ kind: 'PROGRESS' });

  // The hub reports a change; the read that it causes is answered after the watch has ended, by a lagging server.
  [...listeners].forEach(listener => (listener as (to: object) => void)(at(2)));
  const next = watch.next();
  await watch.return!();
  unread.pop()!({ rows: [], position: at(0), continues: true });
  expect(await next).toEqual({ value: undefined, done: true });
  expect(listeners.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('a row whose log has not reached the position of its subscriber', async () => {
  const hub = { notifiedPosition: at(1), watchRow: () => () => undefined };
  const unread: ((sighting: Sighting<LiveRow>) => void)[] = [];
  const look = () => new Promise<Sighting<LiveRow>>(resolve => unread.push(resolve));
  const sighting = { row, continues: true, isAhead: true };
  const opening = watchRow(hub, 'ord_1', at(5), { look, gone: () => new Error('gone'), logger });
  unread.pop()!(sighting);
  const watch = await opening;
  hub.notifiedPosition = at(5);
  await vi.advanceTimersByTimeAsync(tick);
  expect(unread).toHaveLength(1);

  await watch.return!();
  unread.pop()!(sighting);
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(0);
});
