/**
 * Waits for the promise, at most this long.
 * @returns its value
 * @throws its error, or after the timeout the one that `late` makes
 */
export async function settledWithin<Value>(
  promise: Promise<Value>,
  timeoutMs: number,
  late: () => Error,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(late());
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for the promise, at most this long.
 * @returns its value; undefined if it rejects or the timeout elapses
 */
export async function withTimeout<Value>(promise: Promise<Value>, timeoutMs: number): Promise<Value | undefined> {
  try {
    return await settledWithin(promise, timeoutMs, () => new Error('too late'));
  } catch {
    return undefined;
  }
}
