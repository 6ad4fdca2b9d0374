import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore } from '../event-store/event-store.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { UnreadableEventError } from '../event-store/unreadable-event.ts';
import { type Checkpoint, readCheckpoint, readRebuild } from './checkpoint.ts';
import { beginRebuild, readFreed, readRetired, removeGeneration, switchTo } from './generations.ts';
import { park } from './parking.ts';
import { after, projectBatch } from './project-batch.ts';
import type { Projection } from './projection.ts';
import type { StreamName } from './retry-event.ts';

/** Events of one batch: rows are written once a batch, so the more the fewer writes; bounded by memory. */
const batchSize = 5_000;
/** Where another process is faster, it is left to it, and looked after this often, ms. */
const standbyInterval = 1_000;

/** What a rebuild needs beside the events. */
export interface Rebuild extends Projection {
  readonly store: Pick<EventStore, 'readStream' | 'readLog'>;
  /** Has a stream tried again; see retryEvent(). */
  readonly retry: (stream: StreamName) => Promise<unknown>;
  /** Told how far it has come. */
  readonly onProgress: (point: number) => void;
}

/**
 * Folds the whole log into a new generation of every view beside the live one, makes it the live one once it has come
 * as far, and removes the old rows. Projector, queries and subscribers go on meanwhile. It stands in the database, so
 * after a kill, asked for again, it goes on where it was.
 * @returns `removed` where a rebuild had been switched to, and only old rows were left to remove
 * @throws UnknownEventError where the log has an event that this code does not know
 */
export async function rebuild(parts: Rebuild): Promise<'folded' | 'removed' | 'given up'> {
  const { database } = parts;
  const unfinished = (await readRetired(database)).length > 0 && !(await readRebuild(database));
  if (!unfinished) {
    const begun = await beginRebuild(database);
    await foldAll(parts, begun);
    if ((await readCheckpoint(database)).generation < begun.generation) return 'given up';
  }
  for (const generation of await readRetired(database)) {
    // Who subscribed has come further than these rows' last events: only a later position tells them.
    for (const stream of await readFreed(database, generation)) await parts.retry(stream);
    await removeGeneration(database, parts.views, generation);
  }
  return unfinished ? 'removed' : 'folded';
}

/** Until the generation is live, by this process or by another one that rebuilds it. */
async function foldAll(parts: Rebuild, begun: Checkpoint): Promise<void> {
  const { database, onProgress } = parts;
  let from: Checkpoint = begun;
  let ahead: Promise<RecordedEvent[]> | undefined;
  for (;;) {
    const step = await foldNext(parts, from, ahead ?? readOn(parts, from));
    if (step.to) onProgress(step.to.position.point);
    if (step.to && !step.ahead && (await switchTo(database, step.to))) return;
    if (!step.to) await sleep(standbyInterval);
    const next = step.to ?? (await readRebuild(database));
    if (next?.generation !== from.generation) return;
    ahead = step.to && step.ahead;
    from = next;
  }
}

interface Step {
  /** Undefined where another process had moved the checkpoint. */
  readonly to: Checkpoint | undefined;
  /** What comes next, on its way; undefined where the log's end was reached. */
  readonly ahead?: Promise<RecordedEvent[]>;
}

/** Folds what was read, and has what comes next read while it is folded and written. */
async function foldNext(parts: Rebuild, from: Checkpoint, reading: Promise<RecordedEvent[]>): Promise<Step> {
  try {
    const events = await reading;
    const to = after(from, events);
    const ahead = events.length === batchSize ? readOn(parts, to) : undefined;
    return { to: (await projectBatch(parts, from, events)) ? to : undefined, ...(ahead && { ahead }) };
  } catch (error) {
    if (!(error instanceof UnreadableEventError)) throw error;
    return { to: (await park(parts, from, error.event, error)) ? after(from, [error.event]) : undefined };
  }
}

function readOn({ store }: Rebuild, { position }: Checkpoint): Promise<RecordedEvent[]> {
  const reading = store.readLog(position.point, batchSize);
  // Whoever takes it hears of the error; until then nobody does, and that would end the process.
  reading.catch(() => undefined);
  return reading;
}
