import type { Database } from '../database.ts';
import { openEventStore } from '../event-store/event-store.ts';
import { readHead } from '../event-store/read-log.ts';
import { readRebuild } from '../projections/checkpoint.ts';
import { rebuild } from '../projections/rebuild.ts';
import { coreGroup } from '../projections/view-sql.ts';
import { types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { appendRetry } from './parked.ts';
import { counted, openProgress } from './progress.ts';

const names = [...views.folded, ...views.derived, ...views.summed].map(view => view.name);

/**
 * `orderstream rebuild VIEW`: folds the log anew into a view and those that share its checkpoint, beside the ones that
 * are read meanwhile. Killed and asked for again, it goes on where it was.
 * @throws StartError where there is no such view
 */
export async function rebuildView(database: Database, name: string): Promise<true> {
  if (name !== coreGroup && !names.includes(name)) {
    throw new StartError(`there is no view ${name}: there are ${names.join(', ')}`);
  }
  const store = openEventStore(database, types, () => undefined);
  const progress = openProgress(process.stderr, { what: 'event', total: (await readHead(database)).point });
  let reached = (await readRebuild(database))?.position.point ?? 0;
  progress.add(0, reached);
  const folded = await rebuild({
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
  console.log(
    folded
      ? `${what}: ${counted(reached, 'event')} folded anew`
      : `${what}: had been folded anew, and what was before is removed now`,
  );
  return true;
}
