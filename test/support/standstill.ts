import { setTimeout as sleep } from 'node:timers/promises';

// A bound on the program is one of the time in which the machine ran: what a process does while nothing does anything
// here, which asks, counts the time and carries the bytes between all others, says nothing of the program.

const tick = 20;
/** What comes that much late, ms, came late because nothing here ran; less is a busy machine's everyday. */
const late = 60;
/** Without any allowance, as in `npm run proof -- faults`: what a standstill costs counts as everything else does. */
const strict = process.env['STRICT_TIMES'] === '1';

const gaps: { readonly from: number; readonly until: number }[] = [];
let last = performance.now();

// Also before each answer: whoever asks may be the first to run again.
function look(): void {
  const now = performance.now();
  if (now - last > tick + late) gaps.push({ from: last + tick, until: now });
  last = now;
}
setInterval(look, tick).unref();

/** ms of that time, by `performance.now()`, in which nothing ran here. */
export function stoodStill(from: number, until: number): number {
  look();
  if (strict) return 0;
  return gaps.reduce((sum, gap) => sum + Math.max(0, Math.min(gap.until, until) - Math.max(gap.from, from)), 0);
}

/** Tells how many ms in which the machine ran have passed since. */
export function stopwatch(): () => number {
  const from = performance.now();
  return () => {
    const now = performance.now();
    return now - from - stoodStill(from, now);
  };
}

/** Waits until it no longer throws, for that many ms in which the machine runs. @throws after them, the last error if any */
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
