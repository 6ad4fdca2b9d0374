import type { RecordedEvent } from '../event-store/recorded-event.ts';
import type { Checkpoint } from './checkpoint.ts';
import { foldBatch } from './fold-batch.ts';
import { readRowsToFold } from './read-rows-to-fold.ts';
import { carryOut } from './carry-out.ts';
import { park } from './park-stream.ts';
import { isPoison } from './poison-error.ts';
import type { Projection } from './projection-context.ts';
import { actOf } from './projection-events.ts';
import { writeRows } from './write-rows.ts';

/**
 * Folds a batch of events, the next ones after the checkpoint, into every view. An event that cannot be folded is
 * found by halving the batch, and its stream is parked.
 * @returns whether the checkpoint moved; false if another projector has moved it: then nothing more was written
 */
export async function projectBatch(
  projection: Projection,
  checkpoint: Checkpoint,
  events: readonly RecordedEvent[],
): Promise<boolean> {
  let from = checkpoint;
  for (const part of betweenActs(events)) {
    if (!(await projectPart(projection, from, part))) return false;
    from = after(from, part);
  }
  return true;
}

/** What operators did is carried out one by one: a retry, for example, depends on the rows before it. */
function betweenActs(events: readonly RecordedEvent[]): RecordedEvent[][] {
  const parts: RecordedEvent[][] = [];
  let part: RecordedEvent[] | undefined;
  for (const event of events) {
    if (actOf(event)) {
      parts.push([event]);
      part = undefined;
    } else if (part) part.push(event);
    else parts.push((part = [event]));
  }
  return parts;
}

async function projectPart(projection: Projection, from: Checkpoint, part: readonly RecordedEvent[]): Promise<boolean> {
  const [first] = part;
  if (!first) return true;
  const act = actOf(first);
  if (act) return carryOut(projection, from, first, act);
  try {
    return await projectEvents(projection, from, part);
  } catch (error) {
    if (!isPoison(error)) throw error;
    if (part.length === 1) return park(projection, from, first, error);
    const [half, rest] = [part.slice(0, part.length >> 1), part.slice(part.length >> 1)];
    return (await projectPart(projection, from, half)) && projectPart(projection, after(from, half), rest);
  }
}

async function projectEvents(
  { database, views, kept }: Projection,
  from: Checkpoint,
  events: readonly RecordedEvent[],
): Promise<boolean> {
  const streams = streamsOf(events);
  const known = new Map(streams.map(({ streamId }) => [streamId, kept?.at(from, streamId)]));
  // A stream whose first event is in the batch has no row yet.
  const wanted = streams.filter(({ streamId, version }) => version > 1 && known.get(streamId) === undefined);
  const { rows, parked } = await readRowsToFold(database, views.folded, from.generation, wanted);
  for (const [streamId, ofViews] of known) {
    ofViews?.forEach((row, view) => {
      if (row) rows[view]?.set(streamId, row);
    });
  }
  const folded = events.filter(event => !parked.has(event.streamId));
  const changed = foldBatch(views, rows, folded);
  const to = after(from, events);
  if (!(await writeRows(database, from, to.position, changed))) return false;
  if (kept) {
    changed.rows.forEach(({ view, rows: written }, index) => {
      for (const row of written) rows[index]?.set(String((row as Record<string, unknown>)[view.key]), row);
    });
    kept.moved(
      to,
      streams.flatMap(({ streamId }) => (parked.has(streamId) ? [] : [streamId])),
      rows,
    );
  }
  return true;
}

/** Each stream with its first event in the batch. */
function streamsOf(events: readonly RecordedEvent[]): RecordedEvent[] {
  const seen = new Map<string, RecordedEvent>();
  for (const event of events) if (!seen.has(event.streamId)) seen.set(event.streamId, event);
  return [...seen.values()];
}

/** The checkpoint after these events. */
export function after(from: Checkpoint, events: readonly Pick<RecordedEvent, 'position' | 'hash'>[]): Checkpoint {
  const last = events.at(-1);
  return last ? { ...from, position: { point: last.position, hash: last.hash } } : from;
}
