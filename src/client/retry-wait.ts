/** How often in a row one operation is asked again: about 6 s in all. */
export const mostRetries = 10;
/** ms. Every client has to be back within 2 s of a node's return, however long it was away. */
const longest = 1_000;

/**
 * How long to wait before the next attempt: short at first, spread, so that those who were cut together do not come
 * back together.
 * @param attempt from 0
 * @returns ms
 */
export function retryWait(attempt: number): number {
  return Math.min(longest, 50 * 2 ** attempt) * (0.5 + Math.random() / 2);
}
