import type { OperationError } from './operation-error.ts';

/** Codes of failures that pass without anything done about them. */
const passing = ['NETWORK', 'UNAVAILABLE', 'VIEW_LAGGING', 'RATE_LIMITED', 'STALE_POSITION'];
/** Longest wait before the next attempt, ms. */
const longestWaitMs = 10_000;

export function isPassing({ code }: OperationError): boolean {
  return passing.includes(code);
}

/** The wait before the next attempt: the operations below have waited before. @param attempt counts from 0 */
export function waitMs(attempt: number): number {
  return Math.min(longestWaitMs, 1_000 * 2 ** attempt) * (0.5 + Math.random() / 2);
}

/** Calls it once the signal is aborted, or now if it is. */
export function onAbort(signal: AbortSignal, end: () => void): void {
  if (signal.aborted) end();
  else signal.addEventListener('abort', end);
}
