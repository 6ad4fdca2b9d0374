import type { Position } from '../event-store/position.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Frame } from './frame.ts';
import { everything, type Hub, type ScopeListener, tick } from './hub.ts';
import type { LiveRow } from './watch-row.ts';

/** Without a change, a list says this often, ms, how far it has come. */
const progressInterval = 15_000;
/** Rows a read takes at most: what a subscriber holds in memory. */
const readSize = 50;

export type ListFrame<Row> = Frame & { readonly row: Row | undefined };

/** The rows of a list that changed after a position, oldest change first, and how far the views had come. */
export interface ListChanges<Row> {
  readonly rows: readonly Row[];
  readonly position: Position;
  /** False where the position asked after is not of this log. */
  readonly continues: boolean;
}

export interface ListSource<Row> {
  /** Reads what changed after a position; without one only where the views stand. */
  readonly read: (after: Position | undefined, limit: number) => Promise<ListChanges<Row>>;
  readonly logger: Logger;
}

/**
 * Watches a list: the view is read as a log in which each row stands once, at its last change, whenever the reader
 * has taken what was read before. So frames rise in position, a slow reader skips what came between, and the position
 * of each frame means that everything up to there was delivered. A read that fails once it has begun is tried again in
 * the hub's rhythm: a database that is away for a while ends nothing.
 * @param after go on from there; left out, from now
 * @throws where the first read fails
 */
export async function watchList<Row extends LiveRow>(
  hub: Pick<Hub<Row>, 'watchScope' | 'told'>,
  scope: string,
  after: Position | undefined,
  { read, logger }: ListSource<Row>,
): Promise<AsyncIterableIterator<ListFrame<Row>>> {
  const buffer: ListFrame<Row>[] = [];
  let dirty = true;
  /** What changed up to here, this list was told of. A read that has not come to it does not show it yet. */
  let toldTo: Position | undefined = hub.told;
  let ended = false;
  let failing = false;
  /** The last read came from a server that is behind what this list was told of. */
  let isBehind = false;
  let wake: (() => void) | undefined;
  let framedAt = performance.now();

  const hear: ScopeListener = to => {
    dirty = true;
    toldTo = to;
    wake?.();
  };
  const endInterest = hub.watchScope(scope, hear);
  /** While `after` is beyond the log's end every change is looked at: the event that comes there may be another one. */
  let endDoubt: (() => void) | undefined;

  let mine: Position;
  try {
    // Without a position to go on from, what is there now is where it starts; what changed before is not news.
    mine = after ?? (await read(undefined, 0)).position;
    if (after) await fill();
  } catch (error) {
    endInterest();
    endDoubt?.();
    throw error;
  }
  // Nobody has everything up to a position of another log: there, what fill() has put comes first.
  if (buffer[0]?.kind !== 'RESYNC') buffer.unshift({ kind: 'PROGRESS', position: after ?? mine, row: undefined });

  async function fill(): Promise<void> {
    dirty = false;
    const wanted = toldTo;
    const changes = await read(mine, readSize);
    if (!changes.continues) {
      mine = changes.position;
      toldTo = undefined;
      settle();
      buffer.push({ kind: 'RESYNC', position: mine, row: undefined });
      return;
    }
    for (const row of changes.rows) {
      buffer.push({ kind: 'UPDATE', position: { point: row.position, hash: row.hash }, row });
    }
    const last = buffer.at(-1);
    // A full read may not be the whole: go on after its last row. Views behind `mine` (an own write) do not set it back.
    if (changes.rows.length === readSize) dirty = true;
    const { point } = changes.position;
    if (point >= mine.point) settle();
    // A listener of its own: the list of everything would lose its only one when the doubt ends.
    else endDoubt ??= hub.watchScope(everything, to => hear(to));
    isBehind = wanted !== undefined && toldTo === wanted && point < wanted.point;
    if (last && changes.rows.length === readSize) mine = last.position;
    else if (changes.position.point > mine.point) mine = changes.position;
  }

  /** It is known whether `mine` is of this log. */
  function settle(): void {
    endDoubt?.();
    endDoubt = undefined;
    isBehind = false;
  }

  /** @returns false if the read failed */
  async function tryToFill(): Promise<boolean> {
    try {
      await fill();
      failing = false;
    } catch (error) {
      dirty = true;
      // Once: a database that is away would fill the log with what every subscriber meets every second.
      logger[failing ? 'debug' : 'warn']({ err: error }, 'a list could not read what changed; it tries again');
      failing = true;
    }
    return !failing;
  }

  /** Until something changed, or it is over: true; until that many ms have passed: false. */
  function changed(milliseconds: number): Promise<boolean> {
    return new Promise(resolve => {
      const timer = setTimeout(() => {
        wake = undefined;
        resolve(false);
      }, milliseconds);
      wake = () => {
        clearTimeout(timer);
        wake = undefined;
        resolve(true);
      };
    });
  }

  async function next(): Promise<IteratorResult<ListFrame<Row>>> {
    while (!ended) {
      const frame = buffer.shift();
      if (frame) {
        framedAt = performance.now();
        return { value: frame, done: false };
      }
      const mayMiss = isBehind || endDoubt !== undefined;
      const quiet = !dirty && !(await changed(mayMiss ? tick : progressInterval));
      if (quiet) {
        if (mayMiss) dirty = true;
        // Nothing to read: of what has changed up to there, this list would have been told.
        else if (hub.told.point > mine.point) mine = hub.told;
        if (mayMiss && performance.now() < framedAt + progressInterval) continue;
        buffer.push({ kind: 'PROGRESS', position: mine, row: undefined });
      } else if (dirty && !(await tryToFill())) await changed(tick);
    }
    return { value: undefined, done: true };
  }

  const frames: AsyncIterableIterator<ListFrame<Row>> = {
    [Symbol.asyncIterator]: () => frames,
    next,
    return() {
      ended = true;
      endInterest();
      endDoubt?.();
      wake?.();
      return Promise.resolve({ value: undefined, done: true });
    },
  };
  return frames;
}
