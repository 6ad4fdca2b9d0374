import type { Database } from '../database/database.ts';
import { readProjections, type ProjectionStatus } from '../projections/read-projections.ts';
import type { Views } from '../projections/view.ts';
import { counted } from './progress.ts';

/**
 * `orderstream status`: how every read model stands.
 * @returns whether all are well: followed by a projector, not held up, with no stream parked
 */
export async function status(database: Database, views: Views): Promise<boolean> {
  const projections = await readProjections(database, views);
  const width = Math.max(...projections.map(({ name }) => name.length));
  for (const one of projections) console.log(`${one.name.padEnd(width)}  ${told(one)}`);
  const failure = projections.find(one => one.failure !== null)?.failure;
  if (failure !== undefined) console.log(`held up: ${failure}`);
  return projections.every(({ state, parkedStreams }) => {
    return (state === 'LIVE' || state === 'REBUILDING') && parkedStreams === 0;
  });
}

function told({ state, position, lagEvents, lagSeconds, parkedStreams, rebuild }: ProjectionStatus): string {
  const behind = lagEvents > 0 ? `, ${counted(lagEvents, 'event')} and ${lagSeconds.toFixed(1)} s behind` : '';
  const parked = parkedStreams > 0 ? `, ${counted(parkedStreams, 'stream')} parked` : '';
  const rebuilt = rebuild
    ? `, rebuilt to event ${counted(rebuild.processed)} of ${counted(rebuild.total)} at ${counted(Math.round(rebuild.eventsPerSecond))}/s`
    : '';
  return `${state} at event ${counted(position.point)}${behind}${parked}${rebuilt}`;
}
