/** Maximum number of consecutive retries of one operation: about 6 s in total. */
export const mostRetries = 10;
/** Maximum number of retries of a request that no server answers: about 45 s in total, longer than a restart takes. */
export const mostFailures = 60;
/** Maximum wait before a request is sent again, ms. */
const longestMs = 1_000;
/** Maximum wait before a lost connection is opened again, ms: a page must be right within 1 s of a node's return. */
const longestLossMs = 500;
/** After so many attempts, about a minute, the servers may be overloaded: from then on the longer wait is used. */
const hurriedAttempts = 160;

/**
 * The wait before the next attempt: exponential backoff with jitter, so that clients that were disconnected together
 * do not reconnect together.
 * @param attempt counts from 0
 * @returns ms
 */
export function retryWait(attempt: number): number {
  return backoff(attempt, longestMs);
}

/** The same, for a connection that feeds a page, however long its node was down. */
export function reconnectWait(attempt: number): number {
  return backoff(attempt, attempt < hurriedAttempts ? longestLossMs : longestMs);
}

function backoff(attempt: number, mostMs: number): number {
  return Math.min(mostMs, 50 * 2 ** attempt) * (0.5 + Math.random() / 2);
}
