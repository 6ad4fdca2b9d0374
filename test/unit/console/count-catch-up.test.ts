import { expect, test } from 'vitest';
import { countCatchUp } from '../../../src/console/board/count-catch-up.ts';

const frame = (orderId: string, version: number) => ({ orderId, version, position: 'p', atMs: 0 });
const state = (id: string, version: number, status = 'DRAFT') => ({ id, version, status });
const nothing = { before: new Map<string, number>(), frames: [], events: [], fresh: [], cards: [] };

test('what came once and is shown is neither lost nor repeated, also if one frame has several events', () => {
  expect(
    countCatchUp({
      before: new Map([['a', 1]]),
      frames: [frame('a', 3), frame('b', 1)],
      events: [frame('a', 2), frame('a', 3), frame('b', 1)],
      fresh: [state('a', 3), state('b', 1)],
      cards: [state('a', 3), state('b', 1)],
    }),
  ).toEqual({ repeated: 0, lost: 0 });
});

test('a state that comes again is repeated, from before the cut too', () => {
  const before = new Map([['a', 2]]);
  expect(countCatchUp({ ...nothing, before, frames: [frame('a', 2)] }).repeated).toBe(1);
  expect(countCatchUp({ ...nothing, frames: [frame('b', 1), frame('b', 1)] }).repeated).toBe(1);
  expect(countCatchUp({ ...nothing, frames: [frame('b', 2), frame('b', 1)] }).repeated).toBe(1);
});

test('an order that changed in the log and whose frame did not come is lost, once', () => {
  const events = [frame('a', 1), frame('a', 2), frame('b', 5)];
  expect(countCatchUp({ ...nothing, events, frames: [frame('b', 4)] }).lost).toBe(2);
  expect(countCatchUp({ ...nothing, events, frames: [frame('a', 2), frame('b', 5)] }).lost).toBe(0);
});

test('a card that shows an older state, or another status, than the query is lost; one that is newer is not', () => {
  const lost = (card: ReturnType<typeof state>, fresh: ReturnType<typeof state>) =>
    countCatchUp({ ...nothing, cards: [card], fresh: [fresh] }).lost;
  expect(lost(state('a', 1), state('a', 2))).toBe(1);
  expect(lost(state('a', 2), state('a', 2, 'SHIPPED'))).toBe(1);
  expect(lost(state('a', 3, 'SHIPPED'), state('a', 2))).toBe(0);
  expect(lost(state('a', 1), state('not shown', 9))).toBe(0);
});
