import { expect, onTestFinished, test, vi } from 'vitest';
import { isPassing } from '../../../src/database/database-error.ts';
import { sql } from '../../../src/database/sql.ts';
import { ReadTimeoutError, readTimeoutMs, withReadDeadline } from '../../../src/projections/read-deadline.ts';
import type { ReadSource } from '../../../src/projections/read-entities.ts';

const statement = sql`SELECT 1`;

function sourceOf(answer: () => Promise<unknown>): ReadSource {
  return { database: { query: answer, lookUp: answer }, types: {} } as unknown as ReadSource;
}

const waysToRead: [string, (source: ReadSource) => Promise<unknown>][] = [
  ['a look-up', source => source.database.lookUp(statement)],
  ['a query', source => source.database.query(statement)],
];

test.each(waysToRead)('%s fails after its deadline, not before, with a temporary error', async (_what, read) => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let failure: unknown;
  read(withReadDeadline(sourceOf(() => new Promise(() => undefined)))).catch((error: unknown) => (failure = error));
  await vi.advanceTimersByTimeAsync(readTimeoutMs - 1);
  expect(failure).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(failure).toBeInstanceOf(ReadTimeoutError);
  expect(isPassing(failure)).toBe(true);
});

test.each(waysToRead)('%s leaves no timer behind when it is answered or fails', async (_what, read) => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  expect(await read(withReadDeadline(sourceOf(() => Promise.resolve([1]))))).toEqual([1]);
  const failing = withReadDeadline(sourceOf(() => Promise.reject(new Error('no'))));
  await expect(read(failing)).rejects.toThrow('no');
  expect(vi.getTimerCount()).toBe(0);
});
