import type { Database } from '../database/database.ts';
import { readProjections, type ProjectionStatus } from '../projections/read-projections.ts';
import type { Views } from '../projections/view.ts';
import { counted } from './progress.ts';

/**
 * `orderstream status`: prints the state of every read model.
 * @returns whether all are healthy: a projector follows, no failure, and no parked stream
 */
export async function status(database: Database, views: Views): Promise<boolean> {
  const projections = await readProjections(database, views);
  const width = Math.max(...projections.map(({ name }) => name.length));
  for (const one of projections) console.log(`${one.name.padEnd(width)}  ${statusLine(one)}`);
  const failure = projections.find(one => one.failure !== null)?.failure;
  if (failure !== undefined) console.log(`failed: ${failure}`);
  return projections.every(({ state, parkedStreams }) => {
    return (state === 'LIVE' || state === 'REBUILDING') && parkedStreams === 0;
  });
}

function statusLine({ state, position, lagEvents, lagSeconds, parkedStreams, rebuild }: ProjectionStatus): string {
  const behind = lagEvents > 0 ? `, ${counted(lagEvents, 'event')} and ${lagSeconds.toFixed(1)} s behind` : '';
  const parked = parkedStreams > 0 ? `, ${counted(parkedStreams, 'stream')} parked` : '';
  const rebuilt = rebuild
    ? `, rebuilt to event ${counted(rebuild.processed)} of ${counted(rebuild.total)} at ${counted(Math.round(rebuild.eventsPerSecond))}/s`
    : '';
  return `${state} at event ${counted(position.point)}${behind}${parked}${rebuilt}`;
}
