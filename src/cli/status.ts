import type { Database } from '../database/database.ts';
import { formatPosition } from '../event-store/position.ts';
import { readHead } from '../event-store/read-log.ts';
import { readProjections, type ProjectionStatus } from '../projections/read-projections.ts';
import type { Views } from '../projections/view.ts';
import { counted } from './progress.ts';
import type { Report } from './report.ts';

/**
 * `orderstream status`: the end of the log, and the state of every read model. It is ok if all are healthy: a projector
 * follows, no failure, and no parked stream.
 */
export async function status(database: Database, views: Views): Promise<Report> {
  const projections = await readProjections(database, views);
  const head = formatPosition(await readHead(database));
  const width = Math.max(...projections.map(({ name }) => name.length));
  const failure = projections.find(one => one.failure !== null)?.failure ?? null;
  return {
    ok: projections.every(({ state, parkedStreams }) => {
      return (state === 'LIVE' || state === 'REBUILDING') && parkedStreams === 0;
    }),
    lines: [
      ...projections.map(one => `${one.name.padEnd(width)}  ${statusLine(one)}`),
      ...(failure === null ? [] : [`failed: ${failure}`]),
      `the log ends at position ${head}`,
    ],
    value: { position: head, failure, views: projections.map(valueOf) },
  };
}

function valueOf({ failure: _ofAll, position, ...rest }: ProjectionStatus): object {
  return { ...rest, position: formatPosition(position) };
}

function statusLine({ state, position, lagEvents, lagSeconds, parkedStreams, rebuild }: ProjectionStatus): string {
  const behind = lagEvents > 0 ? `, ${counted(lagEvents, 'event')} and ${lagSeconds.toFixed(1)} s behind` : '';
  const parked = parkedStreams > 0 ? `, ${counted(parkedStreams, 'stream')} parked` : '';
  const rebuilt = rebuild
    ? `, rebuilt to event ${counted(rebuild.processed)} of ${counted(rebuild.total)} at ${counted(Math.round(rebuild.eventsPerSecond))}/s`
    : '';
  return `${state} at event ${counted(position.point)}${behind}${parked}${rebuilt}`;
}
