import { vi } from 'vitest';

/**
 * Runs `attempt` until it no longer throws, and answers its result: for what becomes true soon, never at once.
 * @param milliseconds how long it may take
 * @throws the last attempt's error once that time is over
 */
export function eventually<Result>(attempt: () => Result | Promise<Result>, milliseconds = 20_000): Promise<Result> {
  return vi.waitFor(attempt, { timeout: milliseconds, interval: 20 });
}
