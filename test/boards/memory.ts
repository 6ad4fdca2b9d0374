import { setTimeout as sleep } from 'node:timers/promises';
import { openStage, type StageOptions } from './stage.ts';

/** The memory of a board's page over time, after a garbage collection each, bytes. */
export interface MemoryOutcome {
  readonly board: string;
  readonly samples: readonly number[];
}

const everyMs = 30_000;

export async function measureMemory(options: StageOptions, minutes: number): Promise<MemoryOutcome> {
  const stage = await openStage(options);
  try {
    stage.clicking = false;
    const { devTools } = stage.tab;
    await devTools.send('HeapProfiler.enable');
    const samples: number[] = [];
    for (let sample = 0; sample <= (minutes * 60_000) / everyMs; sample++) {
      if (sample > 0) await sleep(everyMs);
      await devTools.send('HeapProfiler.collectGarbage');
      samples.push((await devTools.send('Runtime.getHeapUsage')).usedSize);
    }
    return { board: options.board.name, samples };
  } finally {
    await stage.close();
  }
}

/** Growth of the mean from the second third of the samples to the last one that still counts as flat. */
const flat = 1.05;

export function complainAboutMemory({ board, samples }: MemoryOutcome): string[] {
  const third = Math.floor(samples.length / 3);
  const mean = (some: readonly number[]) => some.reduce((sum, one) => sum + one, 0) / some.length;
  const [before, after] = [mean(samples.slice(third, 2 * third)), mean(samples.slice(-third))];
  return after > before * flat ? [`${board}: the memory of the page grew to ${(after / before).toFixed(2)} times`] : [];
}
