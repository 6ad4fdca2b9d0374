import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { callAt } from '../../../src/async/call-at.ts';

const day = 24 * 3_600_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a time that is further away than Node's timers allow is awaited", () => {
  const call = vi.fn();
  callAt(Date.now() + 60 * day, call);
  vi.advanceTimersByTime(60 * day - 1);
  expect(call).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(call).toHaveBeenCalledOnce();
});

test('for a time in the past the call is made now', () => {
  const call = vi.fn();
  callAt(Date.now() - day, call);
  vi.advanceTimersByTime(0);
  expect(call).toHaveBeenCalledOnce();
});

test('a cancelled call is never made, also after the timer was set again', () => {
  const call = vi.fn();
  const cancel = callAt(Date.now() + 30 * day, call);
  vi.advanceTimersByTime(29 * day);
  cancel();
  vi.advanceTimersByTime(2 * day);
  expect(call).not.toHaveBeenCalled();
});
