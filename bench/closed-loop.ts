import { latency, type Latency } from './statistics.ts';

/** What came of a number of callers who each do the next thing when the last one is done. */
export interface Rate extends Latency {
  readonly done: number;
  readonly perSecond: number;
  /** CPU that this process itself took, in cores: far from 1, it is not what was measured. */
  readonly cores: number;
}

/** Bounds what a fast machine stores in a turn. */
const most = 200_000;

/** @param act the n-th thing that this caller does, both from 0 */
export async function closedLoop(
  callers: number,
  seconds: number,
  act: (caller: number, n: number) => Promise<unknown>,
): Promise<Rate> {
  const times: number[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + seconds * 1_000;
  const call = async (caller: number): Promise<void> => {
    for (let n = 0, now = performance.now(); now < end && times.length < most; n++) {
      await act(caller, n);
      const then = now;
      now = performance.now();
      times.push(now - then);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return {
    ...latency(times),
    done: times.length,
    perSecond: (times.length / elapsed) * 1_000,
    cores: (user + system) / 1_000 / elapsed,
  };
}
