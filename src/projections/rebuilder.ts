import { pause } from '../async/pause.ts';
import type { Database } from '../database/database.ts';
import { isReadOnly } from '../database/database-error.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Checkpoint, readRequestedRebuild } from './checkpoint.ts';
import { readRetired } from './generations.ts';
import { NewerSchemaError } from './newer-schema.ts';
import type { StreamName } from './projection-events.ts';
import { removeRetired, resumeRebuild } from './rebuild.ts';
import type { Views } from './view.ts';

/** Smaller than that of a terminal command: this process also projects, and may serve requests. */
const batchSize = 1_000;
/** How often it looks for a requested rebuild, ms. */
const pollIntervalMs = 1_000;
/**
 * How often retired rows must be found before they are deleted here: the process that replaced them deletes them, if it
 * lives.
 */
const retiredPolls = 3;
/** Pause after an error, ms: other parts of the process report that the database is away. */
const errorPauseMs = 5_000;

export interface Rebuilder {
  /** Ends after the current batch. Another process resumes the rebuild, or this one after its restart. */
  stop(): Promise<void>;
}

/**
 * Carries out the rebuilds that operators request by the API, beside the projector of a process. The projector starts a
 * rebuild when it comes to the request (carry-out.ts). From then on its progress is in the database. Each process with a
 * projector looks for it, and takes it if it is new or has not moved for a second: so it survives the death of any
 * process. Two processes that take the same one are as safe as two projectors.
 */
export function startRebuilder(parts: {
  database: Database;
  store: EventStore;
  views: Views;
  logger: Logger;
  /** Retries a stream that was parked in the old generation only. */
  retry: (stream: StreamName) => Promise<unknown>;
}): Rebuilder {
  const { database, store, views, logger, retry } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  const rebuild = {
    database,
    store,
    views,
    batchSize,
    retry,
    signal,
    onParked: (stream: StreamName, error: unknown) => {
      logger.error({ err: error, ...stream }, 'the rebuild cannot fold a stream and parks it; other streams continue');
    },
    onProgress: () => undefined,
  };

  async function run(): Promise<void> {
    let seen: Checkpoint | undefined;
    let retiredSeen = 0;
    while (!signal.aborted) {
      let pauseMs = pollIntervalMs;
      try {
        const found = await readRequestedRebuild(database);
        if (found && isUnattended(found, seen)) await carryOut(found);
        retiredSeen = (await readRetired(database)).length > 0 ? retiredSeen + 1 : 0;
        if (retiredSeen >= retiredPolls) await removeRetired(rebuild);
        seen = found;
      } catch (error) {
        // The projector has logged why this process must not project any more.
        if (error instanceof NewerSchemaError) return;
        if (!isReadOnly(error)) logger.error({ err: error }, 'the rebuild failed; it is tried again');
        pauseMs = errorPauseMs;
      }
      await pause(pauseMs, signal);
    }
  }

  async function carryOut(found: Checkpoint): Promise<void> {
    logger.info({ generation: found.generation, from: found.position.point }, 'rebuilding the views');
    await resumeRebuild(rebuild, found);
    if (signal.aborted) return;
    await removeRetired(rebuild);
    logger.info({ generation: found.generation }, 'the rebuild is over');
  }

  const ended = run();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/** Whether no process folds this rebuild: it has only been started, or has not moved since it was last seen. */
function isUnattended({ generation, position }: Checkpoint, seen: Checkpoint | undefined): boolean {
  if (position.point === 0) return true;
  return seen?.generation === generation && seen.position.point === position.point;
}
