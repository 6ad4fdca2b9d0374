import type { Database } from '../database/database.ts';
import { isReadOnly, isUnreachable } from '../database/database-error.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { Position } from '../event-store/position.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Checkpoint, noteFailure, readCheckpoint } from './checkpoint.ts';
import { ProjectorRowCache } from './projector-row-cache.ts';
import { NewerSchemaError } from './newer-schema.ts';
import { projectNext } from './project-next.ts';
import type { StreamName } from './retry-event.ts';
import type { Views } from './view.ts';

/** Events a batch holds at most: bounds the memory of a catch-up; live batches are as small as what has come. */
const batchSize = 1_000;
/**
 * Pause after a batch that several events had come for, ms for each and at most: a batch costs as much as twenty events
 * do, so under load fewer and larger ones leave more of the machine to commands. A single event never waits, and a
 * projector that is a whole batch behind goes on at once.
 */
const breath = 0.25;
const longestBreath = 100;
/** An idle projector looks at the log this often, ms, where no wake-up came: wake-ups may be lost. */
const pollInterval = 250;
/** A projector that another one overtook looks this often, ms, and takes over when events wait and nobody moves. */
const standbyInterval = 1_000;
/** After an error, ms: doubled with each one that follows, up to the longest. Most pass at once, some stay. */
const errorPause = 50;
const longestErrorPause = 1_000;

export interface Projector {
  /** Says that events may have been stored. Never needed for correctness. */
  wake(): void;
  /** Finishes the batch under way and ends. */
  stop(): Promise<void>;
}

/**
 * Folds the log into the views, for ever: catch-up and live are this one loop. It ends by itself only where a newer
 * program has migrated the database.
 * @param onProjected told after each commit how far the views have come; only a hint
 * @param onEnded told where it has ended by itself
 */
export function startProjector(parts: {
  database: Database;
  store: EventStore;
  views: Views;
  logger: Logger;
  onProjected: (to: Position) => void;
  onEnded?: () => void;
}): Projector {
  const { database, store, views, logger, onProjected, onEnded } = parts;
  const projection = {
    database,
    store,
    views,
    kept: new ProjectorRowCache(),
    onParked: (stream: StreamName, error: unknown) => {
      logger.error({ err: error, ...stream }, 'a stream can not be folded: it is parked, the others go on');
    },
  };
  let stopped = false;
  let woken = false;
  /** Whether a wake-up may end the pause: not one after an error, or each command would bring the same error again. */
  let idle = false;
  let endPause: (() => void) | undefined;

  function pause(ms: number): Promise<void> {
    if (stopped) return Promise.resolve();
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function run(): Promise<void> {
    let checkpoint: Checkpoint | undefined;
    let failures = 0;
    /** What one before this one noted may be over too. */
    let noted = true;
    let foundNothing = false;
    let readOnly = false;
    while (!stopped) {
      let from: Checkpoint | undefined;
      try {
        from = checkpoint ?? (await readCheckpoint(database));
        woken = false;
        // Fewer after each failure: a batch that is too large for a statement, or its time, must not come again as it was.
        const limit = Math.max(1, batchSize >> Math.min(failures, 10));
        const to = await projectNext(projection, from, limit);
        if (to && to !== from) onProjected(to.position);
        if (noted) await noteFailure(database, from, null);
        noted = false;
        if (readOnly) logger.info('the database takes writes again: the projector goes on');
        readOnly = false;
        failures = 0;
        if (to && to !== from) await breathe(to.position.point - from.position.point, limit);
        const idleBefore = foundNothing;
        foundNothing = to === from;
        if (!foundNothing) checkpoint = to ?? (await standBy(from));
        else {
          const isWoken = await untilWoken();
          // Woken twice and nothing found: the log may be another one, restored to before this checkpoint.
          checkpoint = isWoken && !idleBefore ? from : undefined;
        }
      } catch (error) {
        checkpoint = undefined;
        if (error instanceof NewerSchemaError) {
          logger.error(`${error.message}: start the newer one in its place`);
          onEnded?.();
          return;
        }
        if (isReadOnly(error)) {
          // Once: a standby may stay one for years, and may be promoted at any moment.
          if (!readOnly) logger.warn('the database takes no writes: the projector waits until it does');
          readOnly = true;
          await pause(longestErrorPause);
          continue;
        }
        logger.error({ err: error }, 'the projector could not go on; it tries again');
        noted = true;
        if (from) await tellFailure(from, error);
        await pause(Math.min(errorPause * 2 ** failures++, longestErrorPause));
      }
    }
  }

  /** Not in a catch-up: what its readers wait for is far away. */
  async function breathe(events: number, limit: number): Promise<void> {
    const ms = events < limit ? Math.min(events * breath, longestBreath) : 0;
    if (ms >= 1) await pause(ms);
    // The embedded database answers within a turn of the event loop: a catch-up would leave requests none.
    else await new Promise(resolve => setImmediate(resolve));
  }

  /** Whoever asks for the views' state sees what holds them up. */
  async function tellFailure(at: Checkpoint, error: unknown): Promise<void> {
    if (isUnreachable(error)) return;
    try {
      await noteFailure(database, at, error instanceof Error ? error.message : String(error));
    } catch (cause) {
      logger.warn({ err: cause }, 'what holds the projector up could not be noted');
    }
  }

  /**
   * Waits for a wake-up, for a bounded time. Without one the checkpoint is read again, so that one that another process
   * moved, or a restore put back, is seen here and not only at a write.
   * @returns whether a wake-up came
   */
  async function untilWoken(): Promise<boolean> {
    idle = true;
    if (!woken) await pause(pollInterval);
    idle = false;
    return woken;
  }

  /** Another projector is at work: stays out of its way until it stands still although events wait. */
  async function standBy(from: Checkpoint): Promise<Checkpoint | undefined> {
    let seen = await readCheckpoint(database);
    // A rebuild was switched to, and whoever did so may be gone: nobody else is known to be at work.
    if (seen.generation !== from.generation) return seen;
    while (!stopped) {
      await pause(standbyInterval);
      const now = await readCheckpoint(database);
      const moved = now.position.point !== seen.position.point || now.generation !== seen.generation;
      if (!moved && (await store.readLog(now.position.point, 1)).length > 0) return now;
      seen = now;
    }
    return undefined;
  }

  const ended = run();
  return {
    wake() {
      woken = true;
      if (idle) endPause?.();
    },
    async stop() {
      stopped = true;
      endPause?.();
      await ended;
    },
  };
}
