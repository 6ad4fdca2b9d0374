import type { Database } from '../database/database.ts';
import { openEventStore } from '../event-store/event-store.ts';
import { readHead } from '../event-store/read-log.ts';
import { readRebuild } from '../projections/checkpoint.ts';
import { abandonRebuild, readRetired, removeGeneration } from '../projections/generations.ts';
import { rebuild } from '../projections/rebuild.ts';
import { coreGroup } from '../projections/view-sql.ts';
import { types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { appendRetry } from './parked.ts';
import { counted, openProgress } from './progress.ts';

const names = [...views.folded, ...views.derived, ...views.summed].map(view => view.name);

/**
 * `orderstream abandon-rebuild`: removes what a rebuild has made so far, for one that was begun by a faulty release, or
 * holds what was erased since. @returns whether there was one
 */
export async function abandonBegunRebuild(database: Database): Promise<boolean> {
  const begun = await readRebuild(database);
  await abandonRebuild(database);
  for (const generation of await readRetired(database)) await removeGeneration(database, views, generation);
  console.log(begun ? 'the rebuild is given up, and its rows are removed' : 'no rebuild was under way');
  return begun !== undefined;
}

/**
 * `orderstream rebuild VIEW`: folds the log anew into a view and those that share its checkpoint, beside the ones that
 * are read meanwhile. Killed and asked for again, it goes on where it was.
 * @throws StartError where there is no such view
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
          `${streamId} can't be folded and is parked: ${error instanceof Error ? error.message : String(error)}`,
        );
      });
    },
    onProgress: point => {
      progress.add(point - reached);
      reached = point;
    },
  });
  progress.end();
  const what = `${name}${names.length > 1 ? ' and the views beside it' : ''}`;
  const outcomes = {
    folded: `${counted(reached, 'event')} folded anew`,
    removed: 'had been folded anew, and what was before is removed now',
    'given up': 'the rebuild was given up: orderstream abandon-rebuild',
  };
  console.log(`${what}: ${outcomes[outcome]}`);
  return outcome !== 'given up';
}
