import type { Position } from '../event-store/position.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Frame } from './frame.ts';
import { everything, type Hub, type ScopeListener, tick } from './hub.ts';
import type { LiveRow } from './watch-row.ts';

/*
 * State of a list's watch, and what changes it:
 *
 *   position        The subscriber's position: changes up to here are in the buffer or delivered. A read moves it; if
 *                   nothing changed, the hub's notified position does.
 *   buffer          Frames that were read and not taken. A read starts only when it is empty.
 *   isDirty         The list must read: the hub reported a change, a read was full, or a read failed. A read clears it.
 *   notifiedTo      The hub reported a change of the scope up to here.
 *   isBehind        The last read came from a server that had not reached `notifiedTo`: the list reads again every tick.
 *   endUnconfirmed  Set while `position` is beyond the end of the log. Every change then causes a read, because a
 *                   different event may follow there. A read that reaches `position` calls it.
 *   wake            Set while `next()` waits. A change, or `return()`, calls it.
 *   ended           Final: set by `return()`.
 */

/** Interval of progress frames while nothing changes, ms. */
const progressIntervalMs = 15_000;
/** Maximum number of rows per read, which is what a subscriber keeps in memory. */
const readSize = 50;

export type ListFrame<Row> = Frame & { readonly row: Row | undefined };

/** The rows of a list that changed after a position, oldest change first, and the position of the views. */
export interface ListChanges<Row> {
  readonly rows: readonly Row[];
  readonly position: Position;
  /** False if the requested position is not part of this log. */
  readonly continues: boolean;
}

export interface ListSource<Row> {
  /** Reads what changed after a position; without one, only the position of the views. */
  readonly read: (after: Position | undefined, limit: number) => Promise<ListChanges<Row>>;
  readonly logger: Logger;
}

/**
 * Watches a list. The view is read like a log that contains each row once, at its last change, and only after the
 * subscriber has taken the frames of the read before. So the positions of frames increase, a slow subscriber skips
 * intermediate states, and the position of a frame means that everything up to it was delivered. If a later read
 * fails, it is retried every tick, so an unavailable database does not end the subscription.
 * @param after resume after this position; default: the current position of the views
 * @throws if the first read fails
 */
export async function watchList<Row extends Pick<LiveRow, 'position' | 'hash'>>(
  hub: Pick<Hub<Row>, 'watchScope' | 'notifiedPosition'>,
  scope: string,
  after: Position | undefined,
  { read, logger }: ListSource<Row>,
): Promise<AsyncIterableIterator<ListFrame<Row>>> {
  const buffer: ListFrame<Row>[] = [];
  let isDirty = true;
  let notifiedTo: Position | undefined = hub.notifiedPosition;
  let ended = false;
  let failing = false;
  let isBehind = false;
  let wake: (() => void) | undefined;
  let lastFrameAt = performance.now();

  const onChange: ScopeListener = to => {
    isDirty = true;
    notifiedTo = to;
    wake?.();
  };
  const unregister = hub.watchScope(scope, onChange);
  let endUnconfirmed: (() => void) | undefined;

  let position: Position;
  try {
    // Without `after`, the watch starts at the current position: earlier changes are not delivered.
    position = after ?? (await read(undefined, 0)).position;
    if (after) await fill();
  } catch (error) {
    unregister();
    endUnconfirmed?.();
    throw error;
  }
  // If the log was replaced, RESYNC comes first: `after` is then no position up to which everything was delivered.
  if (buffer[0]?.kind !== 'RESYNC') buffer.unshift({ kind: 'PROGRESS', position: after ?? position, row: undefined });

  async function fill(): Promise<void> {
    isDirty = false;
    const expected = notifiedTo;
    const changes = await read(position, readSize);
    // What is registered now would never be unregistered.
    if (ended) return;
    const isFull = changes.rows.length === readSize;
    if (!changes.continues) {
      position = changes.position;
      notifiedTo = undefined;
      confirmPosition();
      buffer.push({ kind: 'RESYNC', position, row: undefined });
      return;
    }
    for (const row of changes.rows) {
      buffer.push({ kind: 'UPDATE', position: { point: row.position, hash: row.hash }, row });
    }
    const last = buffer.at(-1);
    // After a full read there may be more rows: the next read resumes after the last one.
    if (isFull) isDirty = true;
    const { point } = changes.position;
    if (point >= position.point) confirmPosition();
    // A separate listener function: registering `onChange` again for `everything` would not add it a second time, and
    // a list of everything would lose its only registration when this one ends.
    else endUnconfirmed ??= hub.watchScope(everything, to => onChange(to));
    isBehind = expected !== undefined && notifiedTo === expected && point < expected.point;
    if (last && isFull) position = last.position;
    // Views that are behind the position (after the subscriber's own write) do not move it back.
    else if (changes.position.point > position.point) position = changes.position;
  }

  /** It is now known whether `position` is of this log. */
  function confirmPosition(): void {
    endUnconfirmed?.();
    endUnconfirmed = undefined;
    isBehind = false;
  }

  /** @returns false if the read failed */
  async function tryToFill(): Promise<boolean> {
    try {
      await fill();
      failing = false;
    } catch (error) {
      isDirty = true;
      // Warns once: while the database is unavailable, every subscriber fails every second and would fill the log.
      logger[failing ? 'debug' : 'warn'](
        { err: error },
        'a subscribed list could not read its changes; it tries again',
      );
      failing = true;
    }
    return !failing;
  }

  /** Resolves to true after a change or the end of the watch, to false after the timeout. */
  function waitForChange(timeoutMs: number): Promise<boolean> {
    return new Promise(resolve => {
      const timer = setTimeout(() => {
        wake = undefined;
        resolve(false);
      }, timeoutMs);
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
        lastFrameAt = performance.now();
        return { value: frame, done: false };
      }
      const mayMiss = isBehind || endUnconfirmed !== undefined;
      const quiet = !isDirty && !(await waitForChange(mayMiss ? tick : progressIntervalMs));
      if (quiet) {
        if (mayMiss) isDirty = true;
        // No read is needed: the hub would have reported a change up to its notified position.
        else if (hub.notifiedPosition.point > position.point) position = hub.notifiedPosition;
        if (mayMiss && performance.now() < lastFrameAt + progressIntervalMs) continue;
        buffer.push({ kind: 'PROGRESS', position, row: undefined });
      } else if (isDirty && !(await tryToFill())) await waitForChange(tick);
    }
    return { value: undefined, done: true };
  }

  const frames: AsyncIterableIterator<ListFrame<Row>> = {
    [Symbol.asyncIterator]: () => frames,
    next,
    return() {
      ended = true;
      unregister();
      endUnconfirmed?.();
      wake?.();
      return Promise.resolve({ value: undefined, done: true });
    },
  };
  return frames;
}
