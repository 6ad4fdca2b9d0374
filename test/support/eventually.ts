import { vi } from 'vitest';

/**
 * Runs `attempt` until it no longer throws, and resolves with its result: for a state that is reached soon, but not at
 * once.
 * @param milliseconds only a guard against hanging, long enough for a busy machine
 * @throws the last attempt's error after that time
 */
export function eventually<Result>(attempt: () => Result | Promise<Result>, milliseconds = 60_000): Promise<Result> {
  return vi.waitFor(attempt, { timeout: milliseconds, interval: 20 });
}
