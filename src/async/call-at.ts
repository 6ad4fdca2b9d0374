/** The longest delay of `setTimeout`: beyond it, the timer fires at once. */
const maxDelayMs = 2 ** 31 - 1;

/**
 * Calls a function at a time, which may be any time ahead.
 * @param atMs ms since the epoch
 * @returns cancels the call
 */
export function callAt(atMs: number, call: () => void): () => void {
  let timer: NodeJS.Timeout;
  function arm(): void {
    const remainingMs = atMs - Date.now();
    timer = remainingMs <= maxDelayMs ? setTimeout(call, Math.max(remainingMs, 0)) : setTimeout(arm, maxDelayMs);
  }
  arm();
  return () => clearTimeout(timer);
}
