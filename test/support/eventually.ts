import { vi } from 'vitest';

/**
 * Runs `attempt` until it no longer throws, and answers its result: for what becomes true soon, never at once.
 * @param milliseconds only a guard against what never becomes true, long enough for a machine that is busy
 * @throws the last attempt's error once that time is over
 */
export function eventually<Result>(attempt: () => Result | Promise<Result>, milliseconds = 60_000): Promise<Result> {
  return vi.waitFor(attempt, { timeout: milliseconds, interval: 20 });
}
