import { setImmediate as turn } from 'node:timers/promises';
import type { Position } from '../event-store/position.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Bus, Topic } from './bus.ts';

/*
 * State of a hub, and what changes it:
 *
 *   hint │ timer │ awaitPosition() ──▶ readRequested ──▶ reading ──▶ readPosition ──▶ notifying ──▶ notifiedPosition
 *
 *   readRequested     A hint, the timer or a waiter requested a read. The start of a read clears it.
 *   reading           A read is in flight. It ends if no further read was requested.
 *   readPosition      Changes up to here were read. Only the result of a read moves it, never a hint.
 *   notifying         Settles when all listeners have the changes of the last read. The next read runs in parallel.
 *   notifiedPosition  Listeners have all changes up to here. It follows `readPosition`.
 *   late              Ids and scopes that were registered during a read which does not include them.
 *   catchUpFrom       Position before that read. One more read from here, for `late` only, clears both.
 *   waiters           Callers of awaitPosition(). A move of `readPosition` wakes them.
 *   closed            Final: no read starts any more, and all waiters are resolved.
 */

/** Interval of reads without a hint, ms. It limits how late a change arrives if its hint is lost. */
export const tick = 1_000;
/** The same while the bus is disconnected and no hints arrive. */
const disconnectedTickMs = 250;
/**
 * Listeners of rows send their frames when they are notified. Notifying ten thousand of them at once would block the
 * process for a tenth of a second, so the hub yields to the event loop after this time.
 */
const maxSliceMs = 5;
/** Listeners notified between two checks of the clock. */
const listenersPerClockCheck = 64;

/** What has changed in the views after a position, read by one statement. */
export interface Changes<Row> {
  /** Position of the views. */
  readonly position: Position;
  /**
   * False if the requested position is not part of this log: a backup was restored, and events that subscribers have
   * received may not exist any more. True if the database server that was read has not reached the position yet.
   */
  readonly continues: boolean;
  /** Changed rows among the requested ids. */
  readonly rows: readonly { readonly id: string; readonly row: Row }[];
  /** Requested scopes in which a row changed. */
  readonly scopes: readonly string[];
}

/** The scope that contains every row. */
export const everything = '*';

export type ReadChanges<Row> = (
  after: Position,
  interest: { ids: readonly string[]; scopes: readonly string[] },
) => Promise<Changes<Row>>;

/** A watcher of one row. */
export interface RowListener<Row> {
  changed(row: Row): void;
  /** The log was replaced: the row must be read again. */
  resync(): void;
}

/** @param to the scope changed at or before this position: a read that is behind it may not contain the change */
export type ScopeListener = (to: Position) => void;

export interface Hub<Row> {
  /** @returns a function that ends the registration */
  watchRow(id: string, listener: RowListener<Row>): () => void;
  /** Notifies that rows of a scope changed, not which: a list reads them itself when its socket accepts frames. */
  watchScope(scope: string, listener: ScopeListener): () => void;
  /** All listeners were notified of all changes up to this position. */
  readonly notifiedPosition: Position;
  /** Resolves when a read shows that the views have reached a position, or after the timeout. */
  awaitPosition(target: Position, timeoutMs: number): Promise<void>;
  close(): void;
}

/**
 * Each node has one hub. It reads the changes for all subscribers of the node in one statement, after a hint or when
 * the timer fires. Only the result of that read moves the hub: a hint that is late, repeated, forged or of another log
 * costs one read and has no other effect.
 */
export function openHub<Row>(options: {
  read: ReadChanges<Row>;
  start: Position;
  bus: Bus;
  logger: Logger;
  /** Topic of the hints that cause a read. */
  topic?: Topic;
}): Hub<Row> {
  const { read, bus, logger, topic = 'projected' } = options;
  const rowListeners = new Map<string, Set<RowListener<Row>>>();
  const scopeListeners = new Map<string, Set<ScopeListener>>();
  const waiters = new Set<() => void>();
  const late = { ids: new Set<string>(), scopes: new Set<string>() };
  let catchUpFrom: Position | undefined;
  let readPosition = options.start;
  let notifiedPosition = options.start;
  let notifying = Promise.resolve();
  let reading = false;
  let readRequested = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  function requestRead(): void {
    if (closed) return;
    readRequested = true;
    if (reading) return;
    clearTimeout(timer);
    reading = true;
    void readUntilQuiet().finally(() => {
      reading = false;
      if (!closed) timer = setTimeout(requestRead, bus.isConnected() ? tick : disconnectedTickMs);
    });
  }

  async function readUntilQuiet(): Promise<void> {
    while (readRequested && !closed) {
      readRequested = false;
      if (rowListeners.size === 0 && scopeListeners.size === 0 && waiters.size === 0) return;
      try {
        await readNext();
        await readForLate();
      } catch (error) {
        logger.warn({ err: error }, 'the hub could not read the changes; it tries again');
      }
    }
  }

  /** Reads while listeners still receive the changes of the read before, then waits until they have all of them. */
  async function readNext(): Promise<void> {
    if (!catchUpFrom) clearLate();
    const before = readPosition;
    const changes = await read(before, { ids: [...rowListeners.keys()], scopes: [...scopeListeners.keys()] });
    readPosition = advance(readPosition, changes);
    for (const wake of waiters) wake();
    await notifying;
    if (late.ids.size > 0 || late.scopes.size > 0) catchUpFrom ??= before;
    notifying = deliver(changes, before);
  }

  /**
   * A listener that registers during a read may have an older snapshot than the read. The hub has then moved past the
   * changes in between and would never report them, so they are read once more. Listeners that register later have a
   * snapshot that is at least as new.
   */
  async function readForLate(): Promise<void> {
    if (!catchUpFrom || closed) return;
    const changes = await read(catchUpFrom, { ids: [...late.ids], scopes: [...late.scopes] });
    await notifying;
    await notify(changes);
    clearLate();
    catchUpFrom = undefined;
  }

  function clearLate(): void {
    late.ids.clear();
    late.scopes.clear();
  }

  async function deliver(changes: Changes<Row>, before: Position): Promise<void> {
    try {
      if (!changes.continues) {
        const now = changes.position;
        logger.warn({ before, now }, 'the log was replaced: every subscriber must read again');
        for (const listeners of rowListeners.values()) for (const listener of listeners) listener.resync();
        for (const listeners of scopeListeners.values()) for (const listener of listeners) listener(now);
      }
      await notify(changes);
    } catch (error) {
      logger.error({ err: error }, 'a subscriber could not be notified of a change');
    }
    notifiedPosition = advance(notifiedPosition, changes);
  }

  /** Scopes first: their listeners only set a flag, and would otherwise wait for thousands of frames to be sent. */
  async function notify(changes: Changes<Row>): Promise<void> {
    for (const scope of changes.scopes) {
      for (const listener of scopeListeners.get(scope) ?? []) listener(changes.position);
    }
    let sliceStart = performance.now();
    let notified = 0;
    for (const { id, row } of changes.rows) {
      for (const listener of rowListeners.get(id) ?? []) {
        listener.changed(row);
        if (++notified % listenersPerClockCheck !== 0 || performance.now() - sliceStart < maxSliceMs) continue;
        await turn();
        if (closed) return;
        sliceStart = performance.now();
      }
    }
  }

  const endHints = bus.subscribe(topic, requestRead);
  timer = setTimeout(requestRead, tick);

  return {
    watchRow(id, listener) {
      if (reading && !rowListeners.has(id)) late.ids.add(id);
      return add(rowListeners, id, listener);
    },
    watchScope(scope, listener) {
      if (reading && !scopeListeners.has(scope)) late.scopes.add(scope);
      return add(scopeListeners, scope, listener);
    },
    get notifiedPosition() {
      // Until the catch-up read, late listeners have not been notified of what changed after this.
      return catchUpFrom ?? notifiedPosition;
    },
    awaitPosition: (target, timeoutMs) =>
      new Promise(resolve => {
        const limit = setTimeout(done, timeoutMs);
        function done(): void {
          clearTimeout(limit);
          waiters.delete(wake);
          resolve();
        }
        function wake(): void {
          if (closed || readPosition.point >= target.point) done();
        }
        if (closed) {
          done();
          return;
        }
        waiters.add(wake);
        // The hint may have arrived before this call, while nothing was watched and the hub did not read.
        requestRead();
      }),
    close() {
      closed = true;
      clearTimeout(timer);
      endHints();
      for (const wake of waiters) wake();
    },
  };
}

/**
 * Returns a hub's position after a read. Within one log it never decreases: behind a pooler that distributes reads, a
 * read may come from a server that is behind the server of the read before.
 */
function advance(
  before: Position,
  { position, continues }: Pick<Changes<unknown>, 'position' | 'continues'>,
): Position {
  return continues && position.point < before.point ? before : position;
}

function add<Listener>(listenersByKey: Map<string, Set<Listener>>, key: string, listener: Listener): () => void {
  const listeners = listenersByKey.get(key) ?? new Set();
  listenersByKey.set(key, listeners.add(listener));
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && listenersByKey.get(key) === listeners) listenersByKey.delete(key);
  };
}
