import { type Position } from '../event-store/position.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { FrameReceiver, Frame, Pollable } from './frame.ts';
import { type Hub, type RowListener, tick } from './hub.ts';

/*
 * State of a row's watch, and what changes it:
 *
 *   #seenVersion          Version of the newest row that was read or pushed. Undefined while the row is being read.
 *   #changedDuringRead    Newest row that the hub pushed during a read. The end of the read takes it if it is newer.
 *   #resyncCount          Resyncs from the hub. If it changes during a read, the result is dropped and read again.
 *   #slot                 The pending frame. A newer frame replaces it; `poll()` takes it.
 *   #receiver             Waits because the slot was empty. The next frame goes to it instead of the slot.
 *   #unconfirmedPosition  Position of the subscriber that is beyond the end of the log. No update is sent until the
 *                         log has reached it: then the row is read again, which shows whether the log is the same.
 *   #timer                The next check of the unconfirmed position, or the next retry of a failed read.
 *   #ended, #failure      Final: set if the row is gone, or by `return()`.
 */

/** A row that is pushed: its stream's version and the position of the last event that changed it. */
export interface LiveRow {
  readonly version: number;
  readonly position: number;
  readonly hash: string;
}

/** The current state of one row. */
export interface Sighting<Row> {
  readonly row: Row;
  /** False if the subscriber's position is of another log. */
  readonly continues: boolean;
  /** The log has not reached the subscriber's position yet, so it is unknown whether the position is of this log. */
  readonly isAhead?: boolean;
}

export type RowFrame<Row> = Frame & { readonly row: Row };

export interface RowSource<Row> {
  /** Reads the row; undefined if it does not exist, or if the subscriber may not see it. */
  readonly look: () => Promise<Sighting<Row> | undefined>;
  /** Creates the error that a subscriber gets if there is no row. */
  readonly gone: () => Error;
  readonly logger: Logger;
}

/** The last update frame. All watchers of a row that changed send the same object, so that they share its payload. */
let sharedUpdate: RowFrame<LiveRow> | undefined;

function updateOf<Row extends LiveRow>(row: Row): RowFrame<Row> {
  if (sharedUpdate?.row !== row)
    sharedUpdate = { kind: 'UPDATE', position: { point: row.position, hash: row.hash }, row };
  return sharedUpdate as RowFrame<Row>;
}

/**
 * Watches one row. The first frame is a snapshot, unless the subscriber has it already; then each change is a frame.
 * A slow subscriber skips intermediate states, but always receives the newest: only one frame is pending at a time.
 * If a later read fails, it is retried every tick, so an unavailable database does not end the subscription.
 * @param after resume after this position: the subscriber has everything up to it
 * @throws if the first read fails, or `source.gone()` if it finds no row
 */
export async function watchRow<Row extends LiveRow>(
  hub: Pick<Hub<Row>, 'watchRow' | 'notifiedPosition'>,
  id: string,
  after: Position | undefined,
  source: RowSource<Row>,
): Promise<Pollable<RowFrame<Row>>> {
  const watch = new RowWatch(source, hub);
  // The watch is registered before the row is read: otherwise a change between read and registration would be lost.
  const unregister = hub.watchRow(id, watch);
  await watch.begin(after, unregister);
  return watch;
}

/**
 * The whole state of one subscriber is one object, and the hub calls it without a closure in between: when ten thousand
 * subscribers are notified of a change, most of the time is spent on finding their objects in memory.
 */
class RowWatch<Row extends LiveRow> implements Pollable<RowFrame<Row>>, RowListener<Row> {
  readonly #source: RowSource<Row>;
  readonly #hub: Pick<Hub<Row>, 'notifiedPosition'>;
  #slot: RowFrame<Row> | undefined;
  #seenVersion: number | undefined;
  #receiver: FrameReceiver<RowFrame<Row>> | undefined;
  #unconfirmedPosition: Position | undefined;
  #changedDuringRead: Row | undefined;
  #resyncCount = 0;
  #ended = false;
  #failure: Error | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unregister: (() => void) | undefined;

  constructor(source: RowSource<Row>, hub: Pick<Hub<Row>, 'notifiedPosition'>) {
    this.#source = source;
    this.#hub = hub;
  }

  /** Reads the row for the first time. @throws if that fails or finds no row: the watch is then unregistered */
  async begin(after: Position | undefined, unregister: () => void): Promise<void> {
    this.#unregister = unregister;
    const firstKind = ({ row, continues, isAhead }: Sighting<Row>): Frame['kind'] | undefined => {
      if (after && isAhead) this.#rereadAtPosition(after);
      if (!continues) return 'RESYNC';
      return after === undefined || row.position > after.point ? 'SNAPSHOT' : undefined;
    };
    try {
      if (!(await this.#read(firstKind))) throw this.#source.gone();
    } catch (error) {
      unregister();
      throw error;
    }
  }

  /** Called by the hub. */
  changed(row: Row): void {
    if (this.#seenVersion === undefined) this.#changedDuringRead = row;
    else if (row.version > this.#seenVersion) {
      this.#seenVersion = row.version;
      // The subscriber has the changes before its position; changes after it may be of another log.
      if (!this.#unconfirmedPosition) this.#put('UPDATE', row);
      else if (row.position >= this.#unconfirmedPosition.point) this.#confirmPosition(this.#unconfirmedPosition);
    }
  }

  /** Called by the hub. A read in flight repeats itself. */
  resync(): void {
    this.#resyncCount++;
    if (this.#seenVersion !== undefined) void this.#reread();
  }

  #put(kind: Frame['kind'], row: Row): void {
    const slot = this.#slot;
    // A newer state replaces a pending frame, but the kind stays: the subscriber must still see SNAPSHOT or RESYNC.
    const pending = slot?.kind === 'SNAPSHOT' || slot?.kind === 'RESYNC' ? slot.kind : kind;
    const next = kind === 'UPDATE' ? pending : kind;
    const frame = next === 'UPDATE' ? updateOf(row) : { ...updateOf(row), kind: next };
    const receiver = this.#receiver;
    this.#receiver = undefined;
    if (receiver) receiver.receive(frame);
    else this.#slot = frame;
  }

  poll(receiver: FrameReceiver<RowFrame<Row>>): IteratorResult<RowFrame<Row>> | undefined {
    if (this.#failure) throw this.#failure;
    if (this.#ended) return { value: undefined, done: true };
    const value = this.#slot;
    if (value === undefined) {
      this.#receiver = receiver;
      return undefined;
    }
    this.#slot = undefined;
    return { value, done: false };
  }

  /**
   * Reads the row. A change that the hub pushes during the read is applied afterwards, if it is newer.
   * @param kindOf returns the kind of the frame to send, or undefined for no frame
   * @returns whether there is a row
   */
  async #read(kindOf: (sighting: Sighting<Row>) => Frame['kind'] | undefined): Promise<boolean> {
    for (;;) {
      const before = this.#resyncCount;
      this.#seenVersion = this.#changedDuringRead = undefined;
      const sighting = await this.#source.look();
      // The log was replaced during the read: this row may be of the old one.
      if (this.#resyncCount !== before) continue;
      if (!sighting) return false;
      this.#seenVersion = sighting.row.version;
      const kind = kindOf(sighting);
      if (kind) this.#put(kind, sighting.row);
      this.#applyChangeDuringRead();
      return true;
    }
  }

  #applyChangeDuringRead(): void {
    if (this.#changedDuringRead) this.changed(this.#changedDuringRead);
    this.#changedDuringRead = undefined;
  }

  /** Reads again when the log has reached the subscriber's position: a different event may be there. */
  #rereadAtPosition(after: Position): void {
    // A read may have been in flight when the watch ended: its timer would never be cleared.
    if (this.#ended) return;
    this.#unconfirmedPosition = after;
    this.#timer = setTimeout(() => {
      const isReached = this.#hub.notifiedPosition.point >= after.point;
      if (this.#seenVersion !== undefined && isReached) this.#confirmPosition(after);
      else this.#rereadAtPosition(after);
    }, tick);
  }

  #confirmPosition(after: Position): void {
    clearTimeout(this.#timer);
    this.#unconfirmedPosition = undefined;
    void this.#reread(({ row, continues, isAhead }) => {
      if (!continues) return 'RESYNC';
      if (isAhead) this.#rereadAtPosition(after);
      return row.position > after.point ? 'UPDATE' : undefined;
    });
  }

  async #reread(
    kindOf: (sighting: Sighting<Row>) => Frame['kind'] | undefined = () => 'RESYNC',
    failures = 0,
  ): Promise<void> {
    const { gone, logger } = this.#source;
    try {
      if ((await this.#read(kindOf)) || this.#ended) return;
      this.#failure = gone();
      this.#end();
    } catch (error) {
      if (this.#ended) return;
      // Warns once: while the database is unavailable, every subscriber fails every second and would fill the log.
      logger[failures > 0 ? 'debug' : 'warn']({ err: error }, 'a subscribed row could not be read; it is tried again');
      this.#timer = setTimeout(() => void this.#reread(kindOf, failures + 1), tick);
    }
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#unregister?.();
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.sourceEnded();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<RowFrame<Row>>> {
    return new Promise((resolve, reject) => {
      const poll = (): void => {
        try {
          const result = this.poll({ receive: value => resolve({ value, done: false }), sourceEnded: poll });
          if (result) resolve(result);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      poll();
    });
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#failure = undefined;
    this.#end();
    return Promise.resolve({ value: undefined, done: true });
  }
}
