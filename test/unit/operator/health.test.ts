import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Query } from '../../../src/database/sql.ts';
import { openHealth } from '../../../src/operator/health.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const row = { head: 7 };

test('callers during a read share it', async () => {
  const query = vi.fn<() => Promise<unknown[]>>(() => Promise.resolve([row]));
  const health = openHealth(query as Query);
  expect(await Promise.all([health(), health()])).toEqual([row, row]);
  expect(query).toHaveBeenCalledTimes(1);
  await health();
  expect(query).toHaveBeenCalledTimes(2);
});

test('a read without an answer is forgotten after 2 s, so that the next caller does not wait for it', async () => {
  const query = vi
    .fn<() => Promise<unknown[]>>(() => Promise.resolve([row]))
    .mockReturnValueOnce(new Promise(() => undefined));
  const health = openHealth(query as Query);
  const outcomes = Promise.allSettled([health(), health()]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await health()).toEqual(row);
});
