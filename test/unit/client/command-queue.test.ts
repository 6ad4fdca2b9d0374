import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Plant, simulate } from './queue-simulation.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

test.each(seeds)('each command is applied once and in order, or handed back once (schedule %i)', async seed => {
  expect(await simulate(seed)).toEqual([]);
});

const plants: [Plant, RegExp][] = [
  ['sent before stored', /before it was stored|was lost/],
  ['removed before answered', /was lost/],
  ['key made at sending', /applied \d times/],
  ['lock not held', /two tabs send|order of/],
  ['token of another', /token of/],
];
test.each(plants)('the simulation finds a queue with the fault: %s', async (plant, found) => {
  const wrong: string[] = [];
  for (let seed = 1; seed <= 5; seed++) wrong.push(...(await simulate(seed, plant)));
  expect(wrong.join('\n')).toMatch(found);
});
