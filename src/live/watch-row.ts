import { type Position } from '../event-store/position.ts';
import type { Logger } from '../logger.ts';
import type { Asker, Frame, Pollable } from './frame.ts';
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

export interface RowSource<Row> {
  /** Reads the row now; undefined where there is none (any more) that the watcher may see. */
  readonly look: () => Promise<Sighting<Row> | undefined>;
  /** What whoever watches such a row is told. */
  readonly gone: () => Error;
  readonly logger: Logger;
}

/** What all watchers of a row were told last, as the frame that most of them make of it: one for all. */
let latest: RowFrame<LiveRow> | undefined;

function updateOf<Row extends LiveRow>(row: Row): RowFrame<Row> {
  if (latest?.row !== row) latest = { kind: 'UPDATE', position: { point: row.position, hash: row.hash }, row };
  return latest as RowFrame<Row>;
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
): Promise<Pollable<RowFrame<Row>>> {
  let slot: RowFrame<Row> | undefined;
  /** The version that was seen last; undefined while the row is looked at. */
  let seen: number | undefined;
  /** The newest that the hub told meanwhile. */
  let missed: Row | undefined;
  /** How often the hub said that the log is another one. */
  let resyncs = 0;
  /** Who asked while there was nothing. */
  let waiting: Asker<RowFrame<Row>> | undefined;
  let ended = false;
  let failure: Error | undefined;
  let retry: NodeJS.Timeout | undefined;

  function put(kind: Frame['kind'], row: Row): void {
    // A pending state that nobody took gives way to the newer one, but not what it said of the log.
    const pending = slot?.kind === 'SNAPSHOT' || slot?.kind === 'RESYNC' ? slot.kind : kind;
    const next = kind === 'UPDATE' ? pending : kind;
    const frame = next === 'UPDATE' ? updateOf(row) : { ...updateOf(row), kind: next };
    const asker = waiting;
    waiting = undefined;
    if (asker) asker.take(frame);
    else slot = frame;
  }

  function poll(asker: Asker<RowFrame<Row>>): IteratorResult<RowFrame<Row>> | undefined {
    if (failure) throw failure;
    if (ended) return { value: undefined, done: true };
    if (slot === undefined) {
      waiting = asker;
      return undefined;
    }
    const value = slot;
    slot = undefined;
    return { value, done: false };
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
    const asker = waiting;
    waiting = undefined;
    asker?.over();
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

  const frames: Pollable<RowFrame<Row>> = {
    [Symbol.asyncIterator]: () => frames,
    poll,
    next: () =>
      new Promise((resolve, reject) => {
        function look(): void {
          try {
            const result = poll({ take: value => resolve({ value, done: false }), over: look });
            if (result) resolve(result);
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        }
        look();
      }),
    return() {
      failure = undefined;
      end();
      return Promise.resolve({ value: undefined, done: true });
    },
  };
  return frames;
}
