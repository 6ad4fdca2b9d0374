import type { RecordedEvent } from '../event-store/recorded-event.ts';
import { UnreadableEventError } from '../event-store/unreadable-event.ts';
import { type Sql, sql } from '../database/sql.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type Again, foldBatch, foldStream, noChanges } from './fold-batch.ts';
import { type EventName, insertParked } from './park-stream.ts';
import { isPoison } from './poison-error.ts';
import type { Projection } from './projection-context.ts';
import type { StreamName } from './projection-events.ts';
import { readRowsToFold } from './read-rows-to-fold.ts';
import { readSkippedOf } from './skipped-events.ts';
import { coreGroup } from './view-sql.ts';
import { writeRows } from './write-rows.ts';

/** An event before which the rows of a stream end, and why. */
interface Stop {
  readonly at: EventName;
  readonly error: unknown;
}

interface Read {
  readonly events: readonly RecordedEvent[];
  /** Undefined if all events of the stream could be read. */
  readonly stop?: Stop;
}

/**
 * Folds one stream again, for an event that retries it or skips one of its events. If an event cannot be folded, the
 * rows end before it, and the stream is parked there.
 *
 * A retry continues from the rows as they are, and does nothing if the stream is not parked. A skip starts from the
 * first event: in this generation the skipped event may have been folded, and the rows must not depend on that.
 * @param event the retry or skip. Only events before it are folded: later ones are folded in their turn, and a rebuild
 * must produce the same rows
 * @returns whether the checkpoint moved
 */
export async function foldAgain(
  projection: Projection,
  from: Checkpoint,
  event: RecordedEvent,
  { stream, fromStart }: { readonly stream: StreamName; readonly fromStart: boolean },
): Promise<boolean> {
  const { database, views } = projection;
  const { position, hash } = event;
  const { rows, parked } = await readRowsToFold(database, views.folded, from.generation, [stream]);
  const skipped = await readSkippedOf(database, stream, position);
  const fromVersion = fromStart ? 1 : parked.get(stream.streamId);
  const read: Read =
    fromVersion === undefined
      ? { events: [] }
      : await readUntilStop(projection, stream, fromVersion, position, skipped);
  const again: Again = { ...stream, position, hash, skipped, fromStart };

  let { stop } = read;
  for (let count = read.events.length; ; ) {
    const events = read.events.slice(0, count);
    try {
      // If a retry gets no further, its rows have not changed.
      const isUnchanged = stop !== undefined && count === 0 && !fromStart;
      const changes = isUnchanged ? noChanges : foldBatch(views, rows, events, again);
      const beside = [stop ? parkAt(from, stop) : unpark(from, stream)];
      const moved = await writeRows(database, from, { point: position, hash }, changes, beside);
      if (moved && stop) projection.onParked?.(stream, stop.error);
      return moved;
    } catch (error) {
      if (!isPoison(error)) throw error;
      // Not even the rows as they are can be written again: the log continues without them.
      if (count === 0) return writeRows(database, from, { point: position, hash }, noChanges);
      count = firstUnfoldable(projection, rows, events, again) ?? count - 1;
      const at = read.events[count];
      if (at) stop = { at, error };
    }
  }
}

/** The events of a stream, up to the first one that cannot be read. */
async function readUntilStop(
  { store }: Projection,
  stream: StreamName,
  fromVersion: number,
  before: number,
  withoutData: ReadonlySet<number>,
): Promise<Read> {
  const part = { ...stream, fromVersion, withoutData };
  try {
    return { events: (await store.readStream({ ...part, before })).events };
  } catch (error) {
    if (!(error instanceof UnreadableEventError)) throw error;
    const { events } = await store.readStream({ ...part, before: error.event.position });
    return { events, stop: { at: error.event, error } };
  }
}

/**
 * The index of the first event on which a fold throws; undefined if none does. Then a row cannot be derived or written,
 * and the caller tries one event less.
 */
function firstUnfoldable(
  { views }: Projection,
  before: readonly ReadonlyMap<string, object>[],
  events: readonly RecordedEvent[],
  again: Again,
): number | undefined {
  const indices = views.folded.flatMap((view, index) => {
    if (view.streamType !== again.streamType) return [];
    const row = again.fromStart ? undefined : before[index]?.get(again.streamId);
    let rows: ReadonlyMap<string, object> = row ? new Map([[again.streamId, row]]) : new Map<string, object>();
    const failed = events.findIndex(event => {
      try {
        const next = foldStream(view, rows, [event], { ...again, fromStart: false });
        rows = next ? new Map([[again.streamId, next]]) : new Map<string, object>();
        return false;
      } catch {
        return true;
      }
    });
    return failed < 0 ? [] : [failed];
  });
  return indices.length === 0 ? undefined : Math.min(...indices);
}

/** Stores where the stream stops. Attempts are counted for each event that stops it. */
function parkAt(from: Checkpoint, { at, error }: Stop): Sql {
  return sql`
    ${insertParked(from, at, error)}
    ON CONFLICT (group_name, generation, stream_type, stream_id) DO UPDATE SET
      version = excluded.version,
      position = excluded.position,
      error = excluded.error,
      attempts = CASE WHEN parked_streams.version = excluded.version THEN parked_streams.attempts + 1 ELSE 1 END,
      tried_at = excluded.tried_at`;
}

function unpark({ generation }: Checkpoint, { streamType, streamId }: StreamName): Sql {
  return sql`
    DELETE FROM parked_streams
    WHERE EXISTS (SELECT FROM moved) AND group_name = ${coreGroup} AND generation = ${generation}::int
      AND stream_type = ${streamType} AND stream_id = ${streamId}`;
}
