import { vi } from 'vitest';

/**
 * Runs `attempt` until it no longer throws, and resolves with its result: for a state that is reached soon, but not
 * at once.
 * @param milliseconds maximum time
 * @throws the last attempt's error after that time
 */
export function eventually<Result>(attempt: () => Result | Promise<Result>, milliseconds = 20_000): Promise<Result> {
  return vi.waitFor(attempt, { timeout: milliseconds, interval: 20 });
}
