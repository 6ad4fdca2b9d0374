import type { Database } from '../database/database.ts';
import { isReadOnly, isUnreachable } from '../database/database-error.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { Position } from '../event-store/position.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Checkpoint, noteFailure, readCheckpoint } from './checkpoint.ts';
import { ProjectorRowCache } from './projector-row-cache.ts';
import { NewerSchemaError } from './newer-schema.ts';
import { projectNext } from './project-next.ts';
import type { StreamName } from './projection-events.ts';
import type { Views } from './view.ts';

/**
 * Maximum number of events in a batch, which limits the memory of a catch-up. Live batches are as small as the events
 * that have arrived.
 */
const batchSize = 1_000;
/**
 * Pause after a batch of several events, ms per event and maximum. A batch costs as much as twenty events, so under
 * load fewer, larger batches leave more of the machine to commands. A single event never waits, and a projector that
 * is a whole batch behind does not pause.
 */
const pausePerEventMs = 0.25;
const maxPauseMs = 100;
/** Poll interval of an idle projector without a wake-up, ms: wake-ups can be lost. */
const pollIntervalMs = 250;
/**
 * Poll interval of a projector that another one has overtaken, ms. It takes over if events wait and the checkpoint
 * does not move.
 */
const standbyIntervalMs = 1_000;
/**
 * Pause after an error, ms: it doubles with each consecutive error, up to the maximum. Most errors pass at once, some
 * stay.
 */
const errorPauseMs = 50;
const maxErrorPauseMs = 1_000;

/**
 * What a projector does. `active`: it folds events as they arrive. `standby`: another one is faster, and this one
 * takes over if that one stops. `failed`: it tries again. `read_only`: the database takes no writes. `ended`: a newer
 * release has migrated the database.
 */
export const projectorStates = ['active', 'standby', 'failed', 'read_only', 'ended'] as const;
export type ProjectorState = (typeof projectorStates)[number];

export interface Projector {
  readonly state: ProjectorState;
  /** Reports that events may have been stored. Never needed for correctness. */
  wake(): void;
  /** Finishes the current batch and ends. */
  stop(): Promise<void>;
}

/**
 * Folds the log into the views until it is stopped: catch-up and live projection are the same loop. It ends by itself
 * only if a newer release has migrated the database.
 * @param onProjected called after each commit with the position of the views; only a hint
 * @param onEnded called if it has ended by itself
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
      logger.error({ err: error, ...stream }, 'a stream cannot be folded and is parked; other streams continue');
    },
  };
  let state: ProjectorState = 'active';
  let stopped = false;
  let woken = false;
  /** Whether a wake-up may end the pause. Never one after an error: each command would repeat the error. */
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
    /** Initially true: a process before this one may have stored a failure that is over now. */
    let failureStored = true;
    let foundNothing = false;
    let readOnly = false;
    while (!stopped) {
      let from: Checkpoint | undefined;
      try {
        from = checkpoint ?? (await readCheckpoint(database));
        woken = false;
        // Smaller after each failure: a batch that is too large for a statement or its timeout must not be tried
        // again at the same size.
        const limit = Math.max(1, batchSize >> Math.min(failures, 10));
        const to = await projectNext(projection, from, limit);
        if (to && to !== from) onProjected(to.position);
        if (failureStored) await noteFailure(database, from, null);
        failureStored = false;
        if (readOnly) logger.info('the database accepts writes again: the projector continues');
        readOnly = false;
        failures = 0;
        state = to ? 'active' : 'standby';
        if (to && to !== from) await pauseAfterBatch(to.position.point - from.position.point, limit);
        const idleBefore = foundNothing;
        foundNothing = to === from;
        if (!foundNothing) checkpoint = to ?? (await standBy(from));
        else {
          const isWoken = await awaitWakeUp();
          // Two wake-ups and no new event: the log may have been replaced by a restore to before this checkpoint.
          checkpoint = isWoken && !idleBefore ? from : undefined;
        }
      } catch (error) {
        checkpoint = undefined;
        if (error instanceof NewerSchemaError) {
          logger.error(`${error.message}: start the newer one in its place`);
          state = 'ended';
          onEnded?.();
          return;
        }
        if (isReadOnly(error)) {
          // Warns once: a standby may stay one for years, and may be promoted at any moment.
          if (!readOnly) logger.warn('the database takes no writes: the projector waits until it accepts them');
          readOnly = true;
          state = 'read_only';
          await pause(maxErrorPauseMs);
          continue;
        }
        logger.error({ err: error }, 'the projector failed; it tries again');
        failureStored = true;
        state = 'failed';
        if (from) await storeFailure(from, error);
        await pause(Math.min(errorPauseMs * 2 ** failures++, maxErrorPauseMs));
      }
    }
  }

  /** No pause during a catch-up: it is not near the events that readers wait for. */
  async function pauseAfterBatch(events: number, limit: number): Promise<void> {
    const ms = events < limit ? Math.min(events * pausePerEventMs, maxPauseMs) : 0;
    if (ms >= 1) await pause(ms);
    // The embedded database answers within a turn of the event loop: without this, a catch-up would block all
    // requests.
    else await new Promise(resolve => setImmediate(resolve));
  }

  /** Stores the failure, so that `status` and the API's `projections` can show it. */
  async function storeFailure(at: Checkpoint, error: unknown): Promise<void> {
    if (isUnreachable(error)) return;
    try {
      await noteFailure(database, at, error instanceof Error ? error.message : String(error));
    } catch (cause) {
      logger.warn({ err: cause }, "the projector's failure could not be stored");
    }
  }

  /**
   * Waits for a wake-up, for a limited time. Without one, the checkpoint is read again, so that a checkpoint that
   * another process moved, or that a restore reset, is noticed before the next write.
   * @returns whether a wake-up came
   */
  async function awaitWakeUp(): Promise<boolean> {
    idle = true;
    if (!woken) await pause(pollIntervalMs);
    idle = false;
    return woken;
  }

  /** Another projector is active: waits until its checkpoint does not move although events wait. */
  async function standBy(from: Checkpoint): Promise<Checkpoint | undefined> {
    let seen = await readCheckpoint(database);
    // A rebuild was switched to live, and the process that did so may have ended: no other projector is known to be
    // active.
    if (seen.generation !== from.generation) return seen;
    while (!stopped) {
      await pause(standbyIntervalMs);
      const now = await readCheckpoint(database);
      const moved = now.position.point !== seen.position.point || now.generation !== seen.generation;
      if (!moved && (await store.readLog(now.position.point, 1)).length > 0) return now;
      seen = now;
    }
    return undefined;
  }

  const ended = run();
  return {
    get state() {
      return state;
    },
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
