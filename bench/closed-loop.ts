import { latency, type Latency } from './statistics.ts';

/** Result of a number of callers that each send the next request when the last one is answered. */
export interface Rate extends Latency {
  readonly done: number;
  readonly perSecond: number;
  /** CPU that the load process itself used, in cores. Close to 1, the load was the bottleneck, not the server. */
  readonly cores: number;
}

/** Limits how much a fast machine stores in one turn. */
const most = 200_000;

/**
 * @param act sends the n-th request of the given caller; both count from 0. If it returns false, that caller stops:
 * it has sent no request
 */
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
      if ((await act(caller, n)) === false) return;
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
