import { type Position } from '../event-store/position.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { FrameReceiver, Frame, Pollable } from './frame.ts';
import { type Hub, type RowListener, tick } from './hub.ts';

/** A row that is pushed: its stream's version and the position of the last event that changed it. */
export interface LiveRow {
  readonly version: number;
  readonly position: number;
  readonly hash: string;
}

/** One row as it is now. */
export interface Sighting<Row> {
  readonly row: Row;
  /** False if the position that the watcher came with is of another log. */
  readonly continues: boolean;
  /** The log that was read has not come to that position: whether it is of this log shows when it gets there. */
  readonly isAhead?: boolean;
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
  hub: Pick<Hub<Row>, 'watchRow' | 'told'>,
  id: string,
  after: Position | undefined,
  source: RowSource<Row>,
): Promise<Pollable<RowFrame<Row>>> {
  const watch = new RowWatch(source, hub);
  // Before the row is read: what changes after that read then finds the interest standing, and nothing falls between.
  const endInterest = hub.watchRow(id, watch);
  await watch.begin(after, endInterest);
  return watch;
}

/**
 * All of one watcher in one object, which the hub tells without a function between: to find one thing after the other in
 * memory is what telling ten thousand of a change takes longest for.
 */
class RowWatch<Row extends LiveRow> implements Pollable<RowFrame<Row>>, RowListener<Row> {
  readonly #source: RowSource<Row>;
  readonly #hub: Pick<Hub<Row>, 'told'>;
  #slot: RowFrame<Row> | undefined;
  /** The version that was seen last; undefined while the row is looked at. */
  #seen: number | undefined;
  /** Who asked while there was nothing. */
  #waiting: FrameReceiver<RowFrame<Row>> | undefined;
  /** The position that the watcher came with, while the log has not come to it. */
  #doubt: Position | undefined;
  /** The newest that the hub told while the row was looked at. */
  #missed: Row | undefined;
  /** How often the hub said that the log is another one. */
  #resyncs = 0;
  #ended = false;
  #failure: Error | undefined;
  #retry: NodeJS.Timeout | undefined;
  #endInterest: (() => void) | undefined;

  constructor(source: RowSource<Row>, hub: Pick<Hub<Row>, 'told'>) {
    this.#source = source;
    this.#hub = hub;
  }

  /** The first look. @throws where it fails, or finds no such row: then nothing is watched any more */
  async begin(after: Position | undefined, endInterest: () => void): Promise<void> {
    this.#endInterest = endInterest;
    const firstKind = ({ row, continues, isAhead }: Sighting<Row>): Frame['kind'] | undefined => {
      if (after && isAhead) this.#lookOnceReached(after);
      if (!continues) return 'RESYNC';
      return after === undefined || row.position > after.point ? 'SNAPSHOT' : undefined;
    };
    try {
      if (!(await this.#lookAt(firstKind))) throw this.#source.gone();
    } catch (error) {
      endInterest();
      throw error;
    }
  }

  /** By the hub. */
  changed(row: Row): void {
    if (this.#seen === undefined) this.#missed = row;
    else if (row.version > this.#seen) {
      this.#seen = row.version;
      // The watcher has what comes before that position; what comes after it may be of another log.
      if (!this.#doubt) this.#put('UPDATE', row);
      else if (row.position >= this.#doubt.point) this.#settleDoubt(this.#doubt);
    }
  }

  /** By the hub. A look that is under way repeats itself. */
  resync(): void {
    this.#resyncs++;
    if (this.#seen !== undefined) void this.#lookAgain();
  }

  #put(kind: Frame['kind'], row: Row): void {
    const slot = this.#slot;
    // A pending state that nobody took gives way to the newer one, but not what it said of the log.
    const pending = slot?.kind === 'SNAPSHOT' || slot?.kind === 'RESYNC' ? slot.kind : kind;
    const next = kind === 'UPDATE' ? pending : kind;
    const frame = next === 'UPDATE' ? updateOf(row) : { ...updateOf(row), kind: next };
    const asker = this.#waiting;
    this.#waiting = undefined;
    if (asker) asker.take(frame);
    else this.#slot = frame;
  }

  poll(asker: FrameReceiver<RowFrame<Row>>): IteratorResult<RowFrame<Row>> | undefined {
    if (this.#failure) throw this.#failure;
    if (this.#ended) return { value: undefined, done: true };
    const value = this.#slot;
    if (value === undefined) {
      this.#waiting = asker;
      return undefined;
    }
    this.#slot = undefined;
    return { value, done: false };
  }

  /**
   * Looks at the row while what the hub tells is kept aside, and goes on with what of it is newer.
   * @param kindOf what to say of the row as it was found; undefined: nothing
   * @returns whether there is a row
   */
  async #lookAt(kindOf: (sighting: Sighting<Row>) => Frame['kind'] | undefined): Promise<boolean> {
    for (;;) {
      const before = this.#resyncs;
      this.#seen = this.#missed = undefined;
      const sighting = await this.#source.look();
      // It may be of the log that is gone.
      if (this.#resyncs !== before) continue;
      if (!sighting) return false;
      this.#seen = sighting.row.version;
      const kind = kindOf(sighting);
      if (kind) this.#put(kind, sighting.row);
      this.#catchUp();
      return true;
    }
  }

  #catchUp(): void {
    if (this.#missed) this.changed(this.#missed);
    this.#missed = undefined;
  }

  /** Looks again once the log has come to the position that the watcher came with: the event there may be another one. */
  #lookOnceReached(after: Position): void {
    this.#doubt = after;
    this.#retry = setTimeout(() => {
      if (this.#seen !== undefined && this.#hub.told.point >= after.point) this.#settleDoubt(after);
      else this.#lookOnceReached(after);
    }, tick);
  }

  #settleDoubt(after: Position): void {
    clearTimeout(this.#retry);
    this.#doubt = undefined;
    void this.#lookAgain(({ row, continues, isAhead }) => {
      if (!continues) return 'RESYNC';
      if (isAhead) this.#lookOnceReached(after);
      return row.position > after.point ? 'UPDATE' : undefined;
    });
  }

  async #lookAgain(
    kindOf: (sighting: Sighting<Row>) => Frame['kind'] | undefined = () => 'RESYNC',
    failures = 0,
  ): Promise<void> {
    const { gone, logger } = this.#source;
    try {
      if ((await this.#lookAt(kindOf)) || this.#ended) return;
      this.#failure = gone();
      this.#end();
    } catch (error) {
      if (this.#ended) return;
      // Once: a database that is away would fill the log with what every subscriber meets every second.
      logger[failures > 0 ? 'debug' : 'warn']({ err: error }, 'a row could not be read again; it is tried again');
      this.#retry = setTimeout(() => void this.#lookAgain(kindOf, failures + 1), tick);
    }
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#retry);
    this.#endInterest?.();
    const asker = this.#waiting;
    this.#waiting = undefined;
    asker?.over();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<RowFrame<Row>>> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        try {
          const result = this.poll({ take: value => resolve({ value, done: false }), over: look });
          if (result) resolve(result);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      look();
    });
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#failure = undefined;
    this.#end();
    return Promise.resolve({ value: undefined, done: true });
  }
}
