import { pause } from '../async/pause.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { UnreadableEventError } from '../event-store/unreadable-event.ts';
import { type Checkpoint, readCheckpoint, readRebuild } from './checkpoint.ts';
import { beginRebuild, continueRebuild, readFreed, readRetired, removeGeneration, switchTo } from './generations.ts';
import { park } from './park-stream.ts';
import { after, projectBatch } from './project-batch.ts';
import type { Projection } from './projection-context.ts';
import type { StreamName } from './projection-events.ts';

/** If another process is faster, this one lets it continue and checks again after this time, ms. */
const standbyIntervalMs = 1_000;

/** The parts that a rebuild needs in addition to the events. */
export interface Rebuild extends Projection {
  readonly store: Pick<EventStore, 'readStream' | 'readLog'>;
  /** Retries a parked stream; see retryEvent(). */
  readonly retry: (stream: StreamName) => Promise<unknown>;
  /**
   * Maximum number of events in a batch. Each row is written once per batch, so larger batches write less. Memory limits
   * the size, and in a process that serves requests the time for which a batch holds the event loop. Default: that of a
   * process that does nothing else.
   */
  readonly batchSize?: number;
  /** Called with its progress. */
  readonly onProgress: (point: number) => void;
  /** Ends it early, as a kill would: another call resumes. */
  readonly signal?: AbortSignal;
}

const largeBatch = 5_000;

/**
 * Folds the whole log into a new generation of every view beside the live one, makes it live when it has reached the
 * live position, and deletes the old rows. Projector, queries and subscribers continue. Its progress is stored in the
 * database, so a second call after a kill resumes.
 * @returns `removed` if a rebuild had been switched to live before, and only old rows were left to delete; `given up`
 * if the rebuild was abandoned
 * @throws UnknownEventError if the log has an event that this code does not know
 */
export async function rebuild(parts: Rebuild): Promise<'folded' | 'removed' | 'given up'> {
  const { database } = parts;
  const unfinished = (await readRetired(database)).length > 0 && !(await readRebuild(database));
  if (!unfinished) {
    const started = await beginRebuild(database);
    await foldAll(parts, started);
    if ((await readCheckpoint(database)).generation < started.generation) return 'given up';
  }
  await removeRetired(parts);
  return unfinished ? 'removed' : 'folded';
}

/**
 * Continues a rebuild that was started, until it is live, abandoned, or `signal` ends it. Never starts one: if it is
 * over in the meantime, nothing is done.
 */
export async function resumeRebuild(parts: Rebuild, started: Checkpoint): Promise<void> {
  if (await continueRebuild(parts.database, started)) await foldAll(parts, started);
}

/** Deletes the rows of generations that were replaced or abandoned. */
export async function removeRetired({ database, views, retry, signal }: Rebuild): Promise<void> {
  for (const generation of await readRetired(database)) {
    // Subscribers are past the last events of these rows, and only a change at a later position is sent to them.
    for (const stream of await readFreed(database, generation)) await retry(stream);
    await removeGeneration(database, views, generation, signal);
  }
}

/** Folds until the generation is live, switched by this process or by another one that rebuilds it. */
async function foldAll(parts: Rebuild, started: Checkpoint): Promise<void> {
  const { database, onProgress, signal } = parts;
  let from: Checkpoint = started;
  let ahead: Promise<RecordedEvent[]> | undefined;
  while (!signal?.aborted) {
    const step = await foldNext(parts, from, ahead ?? readBatch(parts, from));
    if (step.to) onProgress(step.to.position.point);
    if (step.to && !step.ahead && (await switchTo(database, step.to))) return;
    if (!step.to) await pause(standbyIntervalMs, signal);
    const next = step.to ?? (await readRebuild(database));
    if (next?.generation !== from.generation) return;
    ahead = step.to && step.ahead;
    from = next;
    // The embedded database answers within a turn of the event loop: without this, a rebuild would block all requests.
    await new Promise(resolve => setImmediate(resolve));
  }
}

interface Step {
  /** Undefined if another process has moved the checkpoint. */
  readonly to: Checkpoint | undefined;
  /** The read of the next batch, in flight; undefined at the end of the log. */
  readonly ahead?: Promise<RecordedEvent[]>;
}

/** Folds and writes a batch, while the next one is read. */
async function foldNext(parts: Rebuild, from: Checkpoint, reading: Promise<RecordedEvent[]>): Promise<Step> {
  try {
    const events = await reading;
    const to = after(from, events);
    const ahead = events.length === batchSizeOf(parts) ? readBatch(parts, to) : undefined;
    return { to: (await projectBatch(parts, from, events)) ? to : undefined, ...(ahead && { ahead }) };
  } catch (error) {
    if (!(error instanceof UnreadableEventError)) throw error;
    return { to: (await park(parts, from, error.event, error)) ? after(from, [error.event]) : undefined };
  }
}

function batchSizeOf({ batchSize = largeBatch }: Rebuild): number {
  return batchSize;
}

function readBatch(parts: Rebuild, { position }: Checkpoint): Promise<RecordedEvent[]> {
  const reading = parts.store.readLog(position.point, batchSizeOf(parts));
  // The next step gets the error. Without this handler an unhandled rejection would end the process before.
  reading.catch(() => undefined);
  return reading;
}
