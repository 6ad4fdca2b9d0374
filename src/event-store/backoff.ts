/** How long to wait after so many failed attempts, ms: longer and longer up to half a second, and never in step with others. */
export function backoff(failed: number): number {
  return Math.min(10 * 2 ** failed, 500) * (0.5 + Math.random());
}
