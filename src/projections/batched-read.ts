import { isPassing } from '../database-error.ts';
import type { Position } from '../event-store/position.ts';

/** An entity, or that there is none, and the position that this reflects. */
export interface Found<Value> {
  readonly position: Position;
  readonly value: Value | undefined;
  /** Position of an event that its view can't fold: the value stands still before it. */
  readonly parkedAt?: number | undefined;
}

interface ReadTogether<Value> {
  readonly position: Position;
  readonly rows: ReadonlyMap<string, Value>;
  readonly parked?: ReadonlyMap<string, number>;
}

/** Statements under way at once: what is asked for meanwhile goes into the next one, so the busier, the fewer a row. */
const atOnce = 2;
/** Entities of a statement: what is read of them is parsed in one go, and may be large. */
const most = 100;
/** One that takes longer, ms, waits for a lock or on a dead connection: it must not keep the others waiting, too. */
const longest = 100;

interface Batch<Value> {
  readonly ids: Set<string>;
  readonly answer: Promise<ReadTogether<Value>>;
  readonly settle: (answer: Promise<ReadTogether<Value>>) => void;
}

/**
 * Reads entities one by one for those who ask, and together from the database: all that are asked for in one turn of
 * the event loop, by whatever requests, come from one statement, and so do all that are asked for while two are under
 * way, a hundred at a time. Whose they are is for each asker to check.
 */
export function openBatchedRead<Value>(
  read: (ids: readonly string[]) => Promise<ReadTogether<Value>>,
): (id: string) => Promise<Found<Value>> {
  const waiting: Batch<Value>[] = [];
  let underWay = 0;

  function batchFor(id: string): Batch<Value> {
    const last = waiting.at(-1);
    if (last && (last.ids.size < most || last.ids.has(id))) return last;
    setImmediate(send);
    let settle: Batch<Value>['settle'] = () => undefined;
    const answer = new Promise<ReadTogether<Value>>(resolve => (settle = resolve));
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

  function foundIn({ position, rows, parked }: ReadTogether<Value>, id: string): Found<Value> {
    return { position, value: rows.get(id), parkedAt: parked?.get(id) };
  }

  return id => {
    const { ids, answer } = batchFor(id);
    ids.add(id);
    return answer.then(
      one => foundIn(one, id),
      async (error: unknown) => {
        // What can't be read of one stream is no affair of those who asked for others in the same turn.
        if (ids.size === 1 || isPassing(error)) throw error;
        return foundIn(await read([id]), id);
      },
    );
  };
}
