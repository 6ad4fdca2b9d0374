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
 * way. Whose they are is for each asker to check.
 */
export function openBatchedRead<Value>(
  read: (ids: readonly string[]) => Promise<ReadTogether<Value>>,
): (id: string) => Promise<Found<Value>> {
  let waiting: Batch<Value> | undefined;
  let underWay = 0;

  function gather(): Batch<Value> {
    setImmediate(send);
    let settle: Batch<Value>['settle'] = () => undefined;
    const answer = new Promise<ReadTogether<Value>>(resolve => (settle = resolve));
    return { ids: new Set(), answer, settle };
  }

  function send(): void {
    if (!waiting || underWay >= atOnce) return;
    const { ids, settle } = waiting;
    waiting = undefined;
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
    waiting ??= gather();
    const { ids, answer } = waiting;
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
