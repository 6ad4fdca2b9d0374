// Collects the ids that several callers request into one read, whatever that reads.
import { isPassing } from '../database/database-error.ts';
import type { Position } from '../event-store/position.ts';
import { StalePositionError } from './stale-position.ts';

/** An entity, or undefined if there is none, and the position that the result reflects. */
export interface Found<Value, At = Position> {
  readonly position: At;
  readonly value: Value | undefined;
  /** Position of an event that the view cannot fold: the value does not include that event or any later one. */
  readonly parkedAt?: number | undefined;
}

export interface ReadTogether<Value, At = Position> {
  readonly position: At;
  readonly rows: ReadonlyMap<string, Value>;
  readonly parked?: ReadonlyMap<string, number>;
}

/**
 * Maximum number of statements in flight. Ids requested in the meantime wait for the next one, so under load batches
 * grow.
 */
const maxInFlight = 2;
/** Maximum number of entities in a statement: its rows are parsed in one turn of the event loop, and may be large. */
const maxBatchSize = 100;
/**
 * After this time, ms, a statement does not count as in flight any more: it may wait for a lock or on a dead
 * connection, and must not block the others.
 */
const slowStatementMs = 100;

interface Batch<Value, At> {
  readonly ids: Set<string>;
  readonly answer: Promise<ReadTogether<Value, At>>;
  readonly settle: (answer: Promise<ReadTogether<Value, At>>) => void;
}

/**
 * Batches reads of single entities. All entities that are requested in one turn of the event loop, by any requests,
 * come from one statement. The same is true for entities requested while two statements are in flight, up to a
 * hundred per statement. Each caller must check itself whether it may see the entity.
 */
export function openBatchedRead<Value, At = Position>(
  read: (ids: readonly string[]) => Promise<ReadTogether<Value, At>>,
): (id: string) => Promise<Found<Value, At>> {
  const pending: Batch<Value, At>[] = [];
  let inFlight = 0;

  function batchFor(id: string): Batch<Value, At> {
    const last = pending.at(-1);
    if (last && (last.ids.size < maxBatchSize || last.ids.has(id))) return last;
    setImmediate(send);
    let settle: Batch<Value, At>['settle'] = () => undefined;
    const answer = new Promise<ReadTogether<Value, At>>(resolve => (settle = resolve));
    const batch = { ids: new Set<string>(), answer, settle };
    pending.push(batch);
    return batch;
  }

  function send(): void {
    if (inFlight >= maxInFlight) return;
    const batch = pending.shift();
    if (!batch) return;
    const { ids, settle } = batch;
    inFlight++;
    let isCounted = true;
    const release = (): void => {
      if (!isCounted) return;
      isCounted = false;
      inFlight--;
      send();
    };
    const slowTimer = setTimeout(release, slowStatementMs);
    const reading = read([...ids]);
    // This handler runs before the callers' handlers: the database executes the next statement while callers use this
    // result.
    const ended = (): void => {
      clearTimeout(slowTimer);
      release();
    };
    reading.then(ended, ended);
    settle(reading);
  }

  function foundIn({ position, rows, parked }: ReadTogether<Value, At>, id: string): Found<Value, At> {
    return { position, value: rows.get(id), parkedAt: parked?.get(id) };
  }

  return id => {
    const { ids, answer } = batchFor(id);
    ids.add(id);
    return answer.then(
      one => foundIn(one, id),
      async (error: unknown) => {
        // A stream that cannot be read fails only the callers that requested it. A position of another log fails all
        // callers.
        if (ids.size === 1 || isPassing(error) || error instanceof StalePositionError) throw error;
        return foundIn(await read([id]), id);
      },
    );
  };
}

/**
 * The same for reads with arguments: ids that are requested with the same arguments in one turn of the event loop
 * come from one statement, up to a hundred at a time. So a list below each row of a list costs one statement, not one
 * per row.
 */
export function openBatchedReadWith<Arguments, Value, At = Position>(
  read: (ids: readonly string[], args: Arguments) => Promise<ReadTogether<Value, At>>,
): (id: string, args: Arguments) => Promise<Found<Value, At>> {
  const reads = new Map<string, (id: string) => Promise<Found<Value, At>>>();
  return (id, args) => {
    const key = JSON.stringify(args);
    const known = reads.get(key);
    if (known) return known(id);
    const one = openBatchedRead<Value, At>(ids => read(ids, args));
    reads.set(key, one);
    setImmediate(() => reads.delete(key));
    return one(id);
  };
}

/** Batched reads of entities, one batch for each `atLeast`. Most reads have none and share one batch. */
export function openEntityRead<Value>(
  read: (ids: readonly string[], atLeast: Position | undefined) => Promise<ReadTogether<Value>>,
): (id: string, atLeast?: Position) => Promise<Found<Value>> {
  const plain = openBatchedRead<Value>(ids => read(ids, undefined));
  const atLeastOf = openBatchedReadWith(read);
  return (id, atLeast) => (atLeast ? atLeastOf(id, atLeast) : plain(id));
}
