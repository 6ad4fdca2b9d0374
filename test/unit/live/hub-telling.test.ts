import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Position, startOfLog } from '../../../src/event-store/position.ts';
import type { Bus } from '../../../src/live/bus.ts';
import { type Changes, type Hub, openHub, type RowListener } from '../../../src/live/hub.ts';
import { openInProcessBus } from '../../../src/live/in-process-bus.ts';
import { openLogger } from '../../../src/telemetry/logger.ts';
import { eventually } from '../../support/eventually.ts';

const watchers = 2_000;
/** Time to notify all subscribers, ms: some hundred are sent a frame each, as over sockets. */
const telling = 60;
const at = (point: number): Position => ({ point, hash: 'abcdefabcdef' });

let bus: Bus;
let hub: Hub<number>;
/** The content of the views: the row contains their position. */
let reached: number;
/** The start of each read, and how many subscribers had been notified by then of the changes of the read before. */
let reads: { readonly after: number; readonly notified: number }[];
/** The notifications of each subscriber, in order. */
let notifications: number[][];

beforeEach(() => {
  bus = openInProcessBus();
  reached = 0;
  reads = [];
  notifications = Array.from({ length: watchers }, () => []);
  hub = openHub<number>({
    start: startOfLog,
    bus,
    logger: openLogger('fatal'),
    read: after => {
      reads.push({ after: after.point, notified: toldOf(after.point) });
      const rows = reached > after.point ? [{ id: 'one', row: reached }] : [];
      const scopes = rows.length > 0 ? ['somebody'] : [];
      return Promise.resolve<Changes<number>>({ position: at(reached), continues: true, rows, scopes });
    },
  });
});
afterEach(() => hub.close());

/** @param onTold called by the subscriber that is notified first */
function watchAll(onTold: (row: number) => void = () => undefined): void {
  notifications.forEach((rows, index) => {
    const listener: RowListener<number> = {
      changed(row) {
        rows.push(row);
        if (index === 0) onTold(row);
        if (index % 100 === 0) spin(telling / (watchers / 100));
      },
      resync: () => undefined,
    };
    hub.watchRow('one', listener);
  });
}

function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

function change(): void {
  reached++;
  bus.publish('projected', { to: at(reached) });
}

const toldOf = (row: number): number => notifications.filter(rows => rows.includes(row)).length;

test('a change with thousands of subscribers blocks nothing: other work runs every few milliseconds', async () => {
  const steps: number[] = [];
  async function count(): Promise<void> {
    for (let before = 0; before < watchers; before += steps.at(-1) ?? 0) {
      await turn();
      steps.push(toldOf(1) - before);
    }
  }
  let counting: Promise<void> | undefined;
  watchAll(() => {
    counting = count();
  });
  change();
  await eventually(() => expect(toldOf(1)).toBe(watchers));
  await counting;
  expect(steps.length).toBeGreaterThan(5);
  expect(Math.max(...steps)).toBeLessThan(watchers / 2);
});

test('changes during the notifications are read at once and sent after them, to each subscriber in order', async () => {
  watchAll(row => {
    if (row < 5) change();
  });
  change();
  await eventually(() => expect(toldOf(5)).toBe(watchers));
  expect(notifications).toEqual(notifications.map(() => [1, 2, 3, 4, 5]));
  expect(reads.map(({ after }) => after)).toEqual([0, 1, 2, 3, 4]);
  for (const { notified } of reads.slice(1)) expect(notified).toBeLessThan(watchers);
});

test('the hub reports a position as delivered only after all subscribers were notified', async () => {
  const delivered: number[] = [];
  watchAll(() => delivered.push(hub.notifiedPosition.point));
  change();
  await eventually(() => expect(toldOf(1)).toBe(watchers));
  await eventually(() => expect(hub.notifiedPosition).toEqual(at(1)));
  expect(delivered).toEqual([0]);
});

test('a subscriber that joins during the notifications of a change is notified of the next change, once', async () => {
  const late: number[] = [];
  let joined = false;
  watchAll(() => {
    if (joined) return;
    joined = true;
    hub.watchRow('one', { changed: row => void late.push(row), resync: () => undefined });
  });
  change();
  await eventually(() => expect(toldOf(1)).toBe(watchers));
  change();
  await eventually(() => expect(late.at(-1)).toBe(2));
  await eventually(() => expect(toldOf(2)).toBe(watchers));
  // It may be notified of the first change, which it has already read: it skips frames that are not newer.
  expect(late.filter(row => row === 2)).toHaveLength(1);
});

test('a subscriber of a scope does not wait until thousands have received a row', async () => {
  let toldBefore: number | undefined;
  hub.watchScope('somebody', () => (toldBefore = toldOf(1)));
  watchAll();
  change();
  await eventually(() => expect(toldOf(1)).toBe(watchers));
  expect(toldBefore).toBe(0);
});

test('a closed hub notifies no subscriber', async () => {
  watchAll(() => hub.close());
  change();
  await eventually(() => expect(toldOf(1)).toBeGreaterThan(0));
  await sleep(2 * telling);
  expect(toldOf(1)).toBeLessThan(watchers);
});
