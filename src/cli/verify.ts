import type { Database } from '../database/database.ts';
import { formatPosition } from '../event-store/position.ts';
import { readHead } from '../event-store/read-log.ts';
import { type LogFault, verifyLog } from '../event-store/verify-log.ts';
import { saveVerification } from '../operator/verification.ts';
import type { ReadSource } from '../projections/read-entities.ts';
import type { Views } from '../projections/view.ts';
import { verifyViews } from '../projections/verify-views.ts';
import { counted, openProgress } from './progress.ts';
import type { Report } from './report.ts';

const rangeSize = 5_000;

/**
 * `orderstream verify`: checks that the log is complete and that every view row is the fold of its events, while
 * commands and projector run. It is ok if there is no fault. Stores when it ran and what it found, for the metrics.
 */
export async function verify(source: ReadSource, views: Views): Promise<Report> {
  const head = await readHead(source.database);
  const { point } = head;
  const broken = await verifyWholeLog(source.database, point);
  const progress = openProgress(process.stderr, { what: 'row', total: undefined });
  const differing = await verifyViews(source, views, rows => {
    progress.add(rows);
  });
  progress.end();
  const found = broken.length + differing.length;
  if (!(await saveVerification(source.database, { position: point, faults: found }))) {
    console.error('The database takes no writes from this user: the metrics do not report this run.');
  }
  return {
    ok: found === 0,
    lines: [
      ...broken.map(({ position, fault }) => `event ${position}: ${fault}`),
      ...differing.map(({ view, id, fault }) => `${view} ${id}: ${fault}`),
      `${counted(point, 'event')} verified: ${found === 0 ? 'all is well' : counted(found, 'fault')}`,
    ],
    value: {
      position: formatPosition(head),
      events: point,
      logFaults: broken.map(({ position, fault }) => ({ event: position, fault })),
      viewFaults: differing,
    },
  };
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
