import type { Database } from '../database/database.ts';
import type { Actor } from '../commands/decider.ts';
import { type EventStore, openEventStore } from '../event-store/event-store.ts';
import { appendAct } from '../operator/append-act.ts';
import { appendRetry } from '../operator/append-retry.ts';
import { readHead } from '../event-store/read-log.ts';
import { readRebuild } from '../projections/checkpoint.ts';
import { abandonRebuild, beginRebuild, readRetired, removeGeneration } from '../projections/generations.ts';
import { rebuildAbandonedEvent, rebuildRequestedEvent } from '../projections/projection-events.ts';
import { rebuild } from '../projections/rebuild.ts';
import { viewNames } from '../projections/view.ts';
import { coreGroup } from '../projections/view-sql.ts';
import { types, views } from '../slices.ts';
import { StartError } from '../start-error.ts';
import { awaitViews } from './await-views.ts';
import { catchUp } from './catch-up.ts';
import { counted, openProgress } from './progress.ts';
import type { Report } from './report.ts';

const names = viewNames(views);

const notReached =
  'no projector has reached its event yet: start no other rebuild before orderstream status shows that one has';

/**
 * `orderstream abandon-rebuild`: removes the rows of an unfinished rebuild, for example if a faulty release started
 * it or it contains data that was erased since.
 */
export async function abandonBegunRebuild(database: Database, embedded: boolean, actor?: Actor): Promise<Report> {
  const unfinished = (await readRebuild(database)) !== undefined;
  const store = openEventStore(database, types, () => undefined);
  // The event comes first: if this process dies after it, a projector abandons the rebuild.
  const point = unfinished ? await appendAct(store, rebuildAbandonedEvent, actor) : 0;
  await abandonRebuild(database);
  for (const generation of await readRetired(database)) await removeGeneration(database, views, generation);
  if (embedded) await catchUp(database, store, views);
  // A projector that comes to the event later would abandon a rebuild that was started in the meantime.
  const reached = await awaitViews(database, point);
  const done = unfinished ? 'the rebuild is abandoned, and its rows are removed' : 'there is no unfinished rebuild';
  return {
    ok: true,
    lines: reached ? [done] : [done, notReached],
    value: { abandoned: unfinished, reached },
  };
}

/**
 * `orderstream rebuild VIEW`: folds the log again into a view and all views with the same checkpoint, beside the live
 * rows. If it was killed, a second call resumes it.
 * @throws StartError if there is no such view
 */
export async function rebuildView(database: Database, name: string, actor?: Actor): Promise<Report> {
  if (name !== coreGroup && !names.includes(name)) {
    throw new StartError(`there is no view ${name}: there are ${names.join(', ')}`);
  }
  const store = openEventStore(database, types, () => undefined);
  const isStarted = (await readRebuild(database)) !== undefined;
  const isLive = (await readRetired(database)).length > 0;
  if (!isStarted && !isLive) {
    // It is started before its event is appended, so a projector that comes to the event starts no second one.
    await beginRebuild(database);
    await appendAct(store, rebuildRequestedEvent(name), actor);
  }
  return fold(database, store, name, actor);
}

async function fold(database: Database, store: EventStore, name: string, actor?: Actor): Promise<Report> {
  const progress = openProgress(process.stderr, { what: 'event', total: (await readHead(database)).point });
  let reached = (await readRebuild(database))?.position.point ?? 0;
  progress.add(0, reached);
  const parked: { streamId: string; error: string }[] = [];
  const outcome = await rebuild({
    database,
    store,
    views,
    retry: stream => appendRetry(store, stream, actor),
    onParked: ({ streamId }, cause) => {
      const error = cause instanceof Error ? cause.message : String(cause);
      parked.push({ streamId, error });
      progress.say(() => {
        console.error(`${streamId} cannot be folded and is parked: ${error}`);
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
  return {
    ok: outcome !== 'given up',
    lines: [`${what}: ${outcomes[outcome]}`],
    value: { view: name, outcome, events: reached, parked },
  };
}
