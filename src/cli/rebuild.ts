import type { Database } from '../database/database.ts';
import { openEventStore } from '../event-store/event-store.ts';
import { appendRetry } from '../operator/append-retry.ts';
import { readHead } from '../event-store/read-log.ts';
import { readRebuild } from '../projections/checkpoint.ts';
import { abandonRebuild, readRetired, removeGeneration } from '../projections/generations.ts';
import { rebuild } from '../projections/rebuild.ts';
import { viewNames } from '../projections/view.ts';
import { coreGroup } from '../projections/view-sql.ts';
import { types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { counted, openProgress } from './progress.ts';

const names = viewNames(views);

/**
 * `orderstream abandon-rebuild`: removes the rows of an unfinished rebuild, for example if a faulty release started
 * it or it contains data that was erased since. @returns whether there was one
 */
export async function abandonBegunRebuild(database: Database): Promise<boolean> {
  const unfinished = await readRebuild(database);
  await abandonRebuild(database);
  for (const generation of await readRetired(database)) await removeGeneration(database, views, generation);
  console.log(unfinished ? 'the rebuild is abandoned, and its rows are removed' : 'there is no unfinished rebuild');
  return unfinished !== undefined;
}

/**
 * `orderstream rebuild VIEW`: folds the log again into a view and all views with the same checkpoint, beside the live
 * rows. If it was killed, a second call resumes it.
 * @throws StartError if there is no such view
 */
export async function rebuildView(database: Database, name: string): Promise<boolean> {
  if (name !== coreGroup && !names.includes(name)) {
    throw new StartError(`there is no view ${name}: there are ${names.join(', ')}`);
  }
  const store = openEventStore(database, types, () => undefined);
  const progress = openProgress(process.stderr, { what: 'event', total: (await readHead(database)).point });
  let reached = (await readRebuild(database))?.position.point ?? 0;
  progress.add(0, reached);
  const outcome = await rebuild({
    database,
    store,
    views,
    retry: stream => appendRetry(store, stream),
    onParked: ({ streamId }, error) => {
      progress.say(() => {
        console.error(
          `${streamId} cannot be folded and is parked: ${error instanceof Error ? error.message : String(error)}`,
        );
      });
    },
    onProgress: point => {
      progress.add(point - reached);
      reached = point;
    },
  });
  progress.end();
  const what = `${name}${names.length > 1 ? ' and the views with the same checkpoint' : ''}`;
  const outcomes = {
    folded: `${counted(reached, 'event')} folded again`,
    removed: 'the rebuild was complete, and the old rows are now removed',
    'given up': 'the rebuild was abandoned by orderstream abandon-rebuild',
  };
  console.log(`${what}: ${outcomes[outcome]}`);
  return outcome !== 'given up';
}
