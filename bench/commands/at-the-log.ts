import { atLeast, type Bar, type Bench, type Run } from '../bench.ts';
import type { Rate } from '../closed-loop.ts';
import { migratedDatabase, settled } from '../databases.ts';
import { median, shown } from '../statistics.ts';
import { ratios, takeTurns, type Turns } from '../turns.ts';
import { startWorker, type Worker } from '../worker.ts';
import type { LogJob } from './log-job.ts';

/** Commands that wait at the same time. The appender makes two calls of them, of 64 to 200 as in the design's trial. */
const concurrencies = [128, 400];
/** Connections for single-row inserts: more do not help. */
const connections = 16;

/** Events a second through the appender, beside single-row inserts into the same table and indexes. */
export const eventsAtTheLog: Bench = async run => {
  const [append, insert] = [await side(run, './append-load.ts'), await side(run, './insert-load.ts')];
  const figures: Record<string, Turns<Rate>> = {};
  const bars: Bar[] = [];
  for (const callers of concurrencies) {
    run.say(
      `events at the log, ${callers} at once through the appender, single-row inserts on ${connections} connections`,
    );
    const ours = (): Promise<Rate> => append(callers);
    const theirs = (): Promise<Rate> => insert(connections);
    await ours();
    await theirs();
    const turns = await takeTurns(run.scale.turns, ours, theirs, (our, their) => {
      const ratio = our.perSecond / their.perSecond;
      run.say(`  appender ${shown(our.perSecond)}/s · inserts ${shown(their.perSecond)}/s · ${ratio.toFixed(2)} times`);
    });
    figures[`${callers} at once`] = turns;
    const ratio = median(ratios(turns, (our, their) => our.perSecond / their.perSecond));
    bars.push(atLeast(`events a second of ${callers} at once, to single-row inserts`, ratio, 2));
  }
  return { figures, bars };
};

async function side(run: Run, file: string): Promise<(callers: number) => Promise<Rate>> {
  const databaseUrl = await migratedDatabase(run);
  const load: Worker<LogJob, Rate> = await startWorker(run, new URL(file, import.meta.url));
  return async callers => {
    await settled(databaseUrl);
    return load({ databaseUrl, callers, seconds: run.scale.seconds });
  };
}
