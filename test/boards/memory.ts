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
