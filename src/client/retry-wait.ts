/** Maximum number of consecutive retries of one operation: about 6 s in total. */
export const mostRetries = 10;
/** Maximum number of retries of a request that no server answers: about 45 s in total, longer than a restart takes. */
export const mostFailures = 60;
/** Maximum wait, ms. Every client must reconnect within 2 s of a node's return, however long the node was down. */
const longest = 1_000;

/**
 * The wait before the next attempt: exponential backoff with jitter, so that clients that were disconnected together
 * do not reconnect together.
 * @param attempt counts from 0
 * @returns ms
 */
export function retryWait(attempt: number): number {
  return Math.min(longest, 50 * 2 ** attempt) * (0.5 + Math.random() / 2);
}
