import type { Database } from '../database/database.ts';
import { openEventStore } from '../event-store/event-store.ts';
import { appendRetry } from '../operator/append-retry.ts';
import { readParked } from '../projections/park-stream.ts';
import { types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { catchUp } from './catch-up.ts';
import { counted } from './progress.ts';
import { awaitViews } from './await-views.ts';

/**
 * `orderstream parked`: prints the streams that cannot be folded, with their errors. @returns whether there are none
 */
export async function printParked(database: Database): Promise<boolean> {
  const parked = await readParked(database);
  for (const { streamId, version, position, attempts, triedAt, error } of parked) {
    console.log(
      `${streamId} before version ${version} (event ${position}), tried ${counted(attempts, 'time')}, last at ${triedAt}: ${error}`,
    );
  }
  if (parked.length === 0) console.log('no stream is parked');
  return parked.length === 0;
}

/**
 * `orderstream retry all` or `retry STREAM`: makes the projector retry parked streams, and waits for the result.
 * @param embedded true: no projector runs, so this command folds the views itself
 * @returns whether none of them is parked any more
 * @throws StartError if no such stream is parked
 */
export async function retry(database: Database, embedded: boolean, which: string): Promise<boolean> {
  const parked = (await readParked(database)).filter(({ streamId }) => which === 'all' || streamId === which);
  if (parked.length === 0 && which !== 'all') throw new StartError(`${which} is not parked: nothing was retried`);
  const store = openEventStore(database, types, () => undefined);
  let position = 0;
  for (const stream of parked) position = await appendRetry(store, stream);
  if (embedded) await catchUp(database, store, views);
  if (!(await awaitViews(database, position))) {
    console.log('the retry is stored, but no projector has reached it: start a server');
    return false;
  }
  const retriedIds = new Set(parked.map(({ streamId }) => streamId));
  const left = (await readParked(database)).filter(({ streamId }) => retriedIds.has(streamId));
  for (const { streamId, error } of left) console.log(`${streamId}: ${error}`);
  console.log(
    `${counted(retriedIds.size, 'stream')} retried: ${left.length === 0 ? 'all continue' : `${counted(left.length)} still parked`}`,
  );
  return left.length === 0;
}
