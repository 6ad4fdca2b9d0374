import { isUnreachable } from '../database-error.ts';
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

/**
 * Reads entities one by one for those who ask, and together from the database: all that are asked for in one turn of
 * the event loop, by whatever requests, come from one statement. Whose they are is for each asker to check.
 */
export function openBatchedRead<Value>(
  read: (ids: readonly string[]) => Promise<ReadTogether<Value>>,
): (id: string) => Promise<Found<Value>> {
  let waiting: { ids: Set<string>; answer: ReturnType<typeof read> } | undefined;

  function gather(): NonNullable<typeof waiting> {
    const ids = new Set<string>();
    const turn = new Promise<void>(resolve => setImmediate(resolve));
    const answer = turn.then(() => {
      waiting = undefined;
      return read([...ids]);
    });
    return { ids, answer };
  }

  return async id => {
    waiting ??= gather();
    const { ids, answer } = waiting;
    ids.add(id);
    const { position, rows, parked } = await answer.catch((error: unknown) => {
      // What can't be read of one stream is no affair of those who asked for others in the same turn.
      if (ids.size === 1 || isUnreachable(error)) throw error;
      return read([id]);
    });
    return { position, value: rows.get(id), parkedAt: parked?.get(id) };
  };
}
