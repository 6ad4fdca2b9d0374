import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { paced } from '../../../src/client/paced.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('the first of many changes is shown at once, the others once a frame, and the last one is never left out', () => {
  const shown: number[] = [];
  let value = 0;
  const { notify } = paced(() => shown.push(value));
  for (value = 1; value <= 100; value++) {
    notify();
    vi.advanceTimersByTime(1);
  }
  value = 100;
  vi.advanceTimersByTime(16);
  expect(shown[0]).toBe(1);
  expect(shown.length).toBeLessThanOrEqual(1 + Math.ceil(100 / 16) + 1);
  expect(shown.at(-1)).toBe(100);
});

test('a change after a rest is shown at once', () => {
  const listener = vi.fn();
  const { notify } = paced(listener);
  notify();
  vi.advanceTimersByTime(20);
  notify();
  expect(listener).toHaveBeenCalledTimes(2);
});

test('after its end nothing is shown', () => {
  const listener = vi.fn();
  const { notify, stop } = paced(listener);
  notify();
  notify();
  stop();
  vi.advanceTimersByTime(100);
  expect(listener).toHaveBeenCalledTimes(1);
});
