/** The time to wait after a number of failed attempts, ms: it grows up to half a second, with jitter. */
export function backoff(failed: number): number {
  return Math.min(10 * 2 ** failed, 500) * (0.5 + Math.random());
}
