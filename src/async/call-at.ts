/** What Node can wait in one go, ms: beyond it, `setTimeout` fires at once. */
const longestWait = 2 ** 31 - 1;

/**
 * Calls at that moment, however far away.
 * @param moment ms since the epoch
 * @returns cancels it
 */
export function callAt(moment: number, call: () => void): () => void {
  let timer: NodeJS.Timeout;
  function arm(): void {
    const left = moment - Date.now();
    timer = left <= longestWait ? setTimeout(call, Math.max(left, 0)) : setTimeout(arm, longestWait);
  }
  arm();
  return () => clearTimeout(timer);
}
