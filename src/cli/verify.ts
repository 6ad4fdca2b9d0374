import type { Database } from '../database/database.ts';
import { readHead } from '../event-store/read-log.ts';
import { type LogFault, verifyLog } from '../event-store/verify-log.ts';
import type { ReadSource } from '../projections/read-entities.ts';
import type { Views } from '../projections/view.ts';
import { verifyViews } from '../projections/verify-views.ts';
import { counted, openProgress } from './progress.ts';

const rangeSize = 5_000;

/**
 * `orderstream verify`: checks that the log is complete and that every view row is the fold of its events, while
 * commands and projector run. Prints each fault.
 * @returns whether there is none
 */
export async function verify(source: ReadSource, views: Views): Promise<boolean> {
  const { point } = await readHead(source.database);
  const broken = await verifyWholeLog(source.database, point);
  const progress = openProgress(process.stderr, { what: 'row', total: undefined });
  const differing = await verifyViews(source, views, rows => {
    progress.add(rows);
  });
  progress.end();
  for (const { position, fault } of broken) console.log(`event ${position}: ${fault}`);
  for (const { view, id, fault } of differing) console.log(`${view} ${id}: ${fault}`);
  const found = broken.length + differing.length;
  console.log(`${counted(point, 'event')} verified: ${found === 0 ? 'all is well' : counted(found, 'fault')}`);
  return found === 0;
}

async function verifyWholeLog(database: Database, head: number): Promise<LogFault[]> {
  const progress = openProgress(process.stderr, { what: 'event', total: head });
  const faults: LogFault[] = [];
  for (let after = 0; after < head; after += rangeSize) {
    const to = Math.min(after + rangeSize, head);
    faults.push(...(await verifyLog(database, after, to)));
    progress.add(to - after);
  }
  progress.end();
  return faults;
}
