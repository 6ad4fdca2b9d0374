import { isPassing } from '../database/database-error.ts';
import type { Position } from '../event-store/position.ts';
import { StalePositionError } from './stale-position.ts';

/** An entity, or that there is none, and the position that this reflects. */
export interface Found<Value, At = Position> {
  readonly position: At;
  readonly value: Value | undefined;
  /** Position of an event that its view can't fold: the value stands still before it. */
  readonly parkedAt?: number | undefined;
}

export interface ReadTogether<Value, At = Position> {
  readonly position: At;
  readonly rows: ReadonlyMap<string, Value>;
  readonly parked?: ReadonlyMap<string, number>;
}

/** Statements under way at once: what is asked for meanwhile goes into the next one, so the busier, the fewer a row. */
const atOnce = 2;
/** Entities of a statement: what is read of them is parsed in one go, and may be large. */
const most = 100;
/** One that takes longer, ms, waits for a lock or on a dead connection: it must not keep the others waiting, too. */
const longest = 100;

interface Batch<Value, At> {
  readonly ids: Set<string>;
  readonly answer: Promise<ReadTogether<Value, At>>;
  readonly settle: (answer: Promise<ReadTogether<Value, At>>) => void;
}

/**
 * Reads entities one by one for those who ask, and together from the database: all that are asked for in one turn of
 * the event loop, by whatever requests, come from one statement, and so do all that are asked for while two are under
 * way, a hundred at a time. Whose they are is for each asker to check.
 */
export function openBatchedRead<Value, At = Position>(
  read: (ids: readonly string[]) => Promise<ReadTogether<Value, At>>,
): (id: string) => Promise<Found<Value, At>> {
  const waiting: Batch<Value, At>[] = [];
  let underWay = 0;

  function batchFor(id: string): Batch<Value, At> {
    const last = waiting.at(-1);
    if (last && (last.ids.size < most || last.ids.has(id))) return last;
    setImmediate(send);
    let settle: Batch<Value, At>['settle'] = () => undefined;
    const answer = new Promise<ReadTogether<Value, At>>(resolve => (settle = resolve));
    const batch = { ids: new Set<string>(), answer, settle };
    waiting.push(batch);
    return batch;
  }

  function send(): void {
    if (underWay >= atOnce) return;
    const batch = waiting.shift();
    if (!batch) return;
    const { ids, settle } = batch;
    underWay++;
    let counted = true;
    const passed = (): void => {
      if (!counted) return;
      counted = false;
      underWay--;
      send();
    };
    const late = setTimeout(passed, longest);
    const reading = read([...ids]);
    // Before anybody is told of this answer: the database works on the next one while they make theirs of it.
    const ended = (): void => {
      clearTimeout(late);
      passed();
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
        // One stream that can't be read fails only those who asked for it; a position of another log fails everyone.
        if (ids.size === 1 || isPassing(error) || error instanceof StalePositionError) throw error;
        return foundIn(await read([id]), id);
      },
    );
  };
}

/**
 * The same for reads with arguments: what is asked for with the same ones, in one turn of the event loop, comes from one
 * statement, a hundred ids at a time. So a list below each row of a list costs one statement, not one a row.
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

/** Reads of entities, apart for each position that they have to be of the same log as; mostly none is given. */
export function openEntityRead<Value>(
  read: (ids: readonly string[], atLeast: Position | undefined) => Promise<ReadTogether<Value>>,
): (id: string, atLeast?: Position) => Promise<Found<Value>> {
  const plain = openBatchedRead<Value>(ids => read(ids, undefined));
  const atLeastOf = openBatchedReadWith(read);
  return (id, atLeast) => (atLeast ? atLeastOf(id, atLeast) : plain(id));
}
