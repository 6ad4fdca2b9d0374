import { setTimeout as sleep } from 'node:timers/promises';

// A bound covers the time in which the machine ran. While this process does not run, which asks, measures and carries
// all bytes, a delay says nothing about the program.

const tick = 20;
/** A timer that fires this late, ms, shows a stall; less is normal on a busy machine. */
const late = 60;
/** Without any allowance, as in `npm run proof -- faults`: time in a stall counts like any other. */
const strict = process.env['STRICT_TIMES'] === '1';

const gaps: { readonly from: number; readonly until: number }[] = [];
let last = performance.now();

// Also before each reading: the caller may be the first code to run again.
function look(): void {
  const now = performance.now();
  if (now - last > tick + late) gaps.push({ from: last + tick, until: now });
  last = now;
}
setInterval(look, tick).unref();

/** Total time in which this process did not run, ms, on the clock of `performance.now()`. */
export function stoodStill(from: number, until: number): number {
  look();
  if (strict) return 0;
  return gaps.reduce((sum, gap) => sum + Math.max(0, Math.min(gap.until, until) - Math.max(gap.from, from)), 0);
}

/** Measures the time in which the machine ran, ms. */
export function stopwatch(): () => number {
  const from = performance.now();
  return () => {
    const now = performance.now();
    return now - from - stoodStill(from, now);
  };
}

/** Settles as `promise` does. @throws if that takes more than this much time in which the machine runs, ms */
export async function within<Value>(milliseconds: number, promise: Promise<Value>): Promise<Value> {
  const passed = stopwatch();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      if (passed() > milliseconds) reject(new Error(`it took more than ${milliseconds} ms`));
    }, 100);
  });
  return await Promise.race([promise, late]).finally(() => clearInterval(timer));
}

/**
 * Waits until `attempt` no longer throws, for at most this much time in which the machine runs, ms. @throws the last
 * error after that time
 */
export async function soon(attempt: () => void | Promise<void>, milliseconds: number): Promise<void> {
  const passed = stopwatch();
  for (let done = false; !done; ) {
    try {
      await attempt();
      done = true;
    } catch (error) {
      if (passed() > milliseconds) throw error;
    }
    if (done && passed() > milliseconds) throw new Error(`it took ${Math.round(passed())} ms`);
    if (!done) await sleep(20);
  }
}
