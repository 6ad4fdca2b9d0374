import { type Position } from '../event-store/position.ts';
import type { Logger } from '../logger.ts';
import type { Frame } from './frame.ts';
import { type Hub, tick } from './hub.ts';

/** A row that is pushed: its stream's version and the position of the last event that changed it. */
export interface LiveRow {
  readonly version: number;
  readonly position: number;
  readonly hash: string;
}

/** One row as it is now, and whether the position that the watcher came with is of this log. */
export interface Sighting<Row> {
  readonly row: Row;
  readonly continues: boolean;
}

export type RowFrame<Row> = Frame & { readonly row: Row };

interface Taker<Row> {
  readonly resolve: (result: IteratorResult<RowFrame<Row>>) => void;
  readonly reject: (error: Error) => void;
}

export interface RowSource<Row> {
  /** Reads the row now; undefined where there is none (any more) that the watcher may see. */
  readonly look: () => Promise<Sighting<Row> | undefined>;
  /** What whoever watches such a row is told. */
  readonly gone: () => Error;
  readonly logger: Logger;
}

/**
 * Watches one row: as it is now, unless `after` has it already, then after every change; the newest always arrives,
 * a slow reader skips what came between. One pending slot is all it holds. A look that fails once it has begun is
 * repeated in the hub's rhythm: a database that is away for a while ends nothing.
 * @throws where the first look fails, or finds no such row
 */
export async function watchRow<Row extends LiveRow>(
  hub: Pick<Hub<Row>, 'watchRow'>,
  id: string,
  after: Position | undefined,
  { look, gone, logger }: RowSource<Row>,
): Promise<AsyncIterableIterator<RowFrame<Row>>> {
  let slot: RowFrame<Row> | undefined;
  /** The version that was seen last; undefined while the row is looked at. */
  let seen: number | undefined;
  /** The newest that the hub told meanwhile. */
  let missed: Row | undefined;
  /** How often the hub said that the log is another one. */
  let resyncs = 0;
  let taker: Taker<Row> | undefined;
  let ended = false;
  let failure: Error | undefined;
  let retry: NodeJS.Timeout | undefined;

  function put(kind: Frame['kind'], row: Row): void {
    // A pending state that nobody took gives way to the newer one, but not what it said of the log.
    const pending = slot?.kind === 'SNAPSHOT' || slot?.kind === 'RESYNC' ? slot.kind : kind;
    slot = { kind: kind === 'UPDATE' ? pending : kind, position: { point: row.position, hash: row.hash }, row };
    hand();
  }

  function hand(): void {
    if (!taker || !slot) return;
    const { resolve } = taker;
    const value = slot;
    taker = slot = undefined;
    resolve({ value, done: false });
  }

  function changed(row: Row): void {
    if (seen === undefined) missed = row;
    else if (row.version > seen) {
      seen = row.version;
      put('UPDATE', row);
    }
  }

  /**
   * Looks at the row while what the hub tells is kept aside, and goes on with what of it is newer.
   * @param kindOf what to say of the row as it was found; undefined: nothing
   * @returns whether there is a row
   */
  async function lookAt(kindOf: (sighting: Sighting<Row>) => Frame['kind'] | undefined): Promise<boolean> {
    for (;;) {
      const before = resyncs;
      seen = missed = undefined;
      const sighting = await look();
      // It may be of the log that is gone.
      if (resyncs !== before) continue;
      if (!sighting) return false;
      seen = sighting.row.version;
      const kind = kindOf(sighting);
      if (kind) put(kind, sighting.row);
      catchUp();
      return true;
    }
  }

  function catchUp(): void {
    if (missed) changed(missed);
    missed = undefined;
  }

  async function resync(failures = 0): Promise<void> {
    try {
      if ((await lookAt(() => 'RESYNC')) || ended) return;
      failure = gone();
      end();
    } catch (error) {
      if (ended) return;
      // Once: a database that is away would fill the log with what every subscriber meets every second.
      logger[failures > 0 ? 'debug' : 'warn']({ err: error }, 'a row could not be read again; it is tried again');
      retry = setTimeout(() => void resync(failures + 1), tick);
    }
  }

  function end(): void {
    ended = true;
    clearTimeout(retry);
    endInterest();
    if (failure) taker?.reject(failure);
    else taker?.resolve({ value: undefined, done: true });
    taker = undefined;
  }

  // Before the row is read: what changes after that read then finds the interest standing, and nothing falls between.
  const endInterest = hub.watchRow(id, change => {
    if (change.type === 'row') {
      changed(change.row);
      return;
    }
    resyncs++;
    // A look that is under way repeats itself.
    if (seen !== undefined) void resync();
  });

  function firstKind({ row, continues }: Sighting<Row>): Frame['kind'] | undefined {
    if (!continues) return 'RESYNC';
    return after === undefined || row.position > after.point ? 'SNAPSHOT' : undefined;
  }
  try {
    if (!(await lookAt(firstKind))) throw gone();
  } catch (error) {
    endInterest();
    throw error;
  }

  const frames: AsyncIterableIterator<RowFrame<Row>> = {
    [Symbol.asyncIterator]: () => frames,
    next() {
      if (failure) return Promise.reject(failure);
      if (ended) return Promise.resolve({ value: undefined, done: true });
      return new Promise((resolve, reject) => {
        taker = { resolve, reject };
        hand();
      });
    },
    return() {
      failure = undefined;
      end();
      return Promise.resolve({ value: undefined, done: true });
    },
  };
  return frames;
}
