import { setImmediate as turn } from 'node:timers/promises';
import type { Position } from '../event-store/position.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Bus, Topic } from './bus.ts';

/** Looks this often without a hint, ms: bounds what a lost hint costs. */
export const tick = 1_000;
/** The same while no hints can arrive. */
const disconnectedTick = 250;
/**
 * Who watches rows is told for so long in one go, ms, and then all else has its turn: their frames are sent as they are told, and
 * ten thousand would hold up the process for a tenth of a second. So many are told between two looks at the clock.
 */
const oneGo = 5;
const looks = 64;

/** What has changed in the views since a position, as one statement saw it. */
export interface Changes<Row> {
  /** How far the views have come. */
  readonly position: Position;
  /**
   * False if the position asked after is not of this log: it was restored, and what was sent may be undone. True if this
   * server has not come to it yet.
   */
  readonly continues: boolean;
  /** Changed rows among those asked for. */
  readonly rows: readonly { readonly id: string; readonly row: Row }[];
  /** Scopes among those asked for in which some row changed. */
  readonly scopes: readonly string[];
}

/** Scope of whoever watches every row. */
export const everything = '*';

export type ReadChanges<Row> = (
  after: Position,
  interest: { ids: readonly string[]; scopes: readonly string[] },
) => Promise<Changes<Row>>;

/** Who watches a row. */
export interface RowListener<Row> {
  changed(row: Row): void;
  /** The log is another one: everything must be read again. */
  resync(): void;
}

/** @param to position up to which the scope has changed: a read that is behind it does not show the change yet */
export type ScopeListener = (to: Position) => void;

export interface Hub<Row> {
  /** @returns ends it */
  watchRow(id: string, listener: RowListener<Row>): () => void;
  /** Tells when rows of a scope have changed, not which: a list reads them itself, as its socket drains. */
  watchScope(scope: string, listener: ScopeListener): () => void;
  /** Whatever changed up to here, everybody was told of. */
  readonly told: Position;
  /** Resolves when the views are known to have reached a position, or after that many ms. */
  reached(target: Position, timeout: number): Promise<void>;
  close(): void;
}

/**
 * One a node: reads for all its subscribers what changed, in one statement, whenever a hint or the timer says so.
 * That answer alone moves the hub: a hint that is late, repeated, forged or of another log costs one read.
 */
export function openHub<Row>(parts: {
  read: ReadChanges<Row>;
  start: Position;
  bus: Bus;
  logger: Logger;
  /** Whose hints wake it. */
  topic?: Topic;
}): Hub<Row> {
  const { read, bus, logger, topic = 'projected' } = parts;
  const rows = new Map<string, Set<RowListener<Row>>>();
  const scopes = new Map<string, Set<ScopeListener>>();
  const waiting = new Set<() => void>();
  /** First watched while a read was under way that did not ask for them. */
  const late = { ids: new Set<string>(), scopes: new Set<string>() };
  /** Where that read went on from: what changed after this, `late` may not know. */
  let owedFrom: Position | undefined;
  /** How far was read. */
  let position = parts.start;
  /** How far everybody was told. */
  let told = parts.start;
  /** What was read last is being told, while the next is read. */
  let telling = Promise.resolve();
  let reading = false;
  let again = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    if (closed) return;
    again = true;
    if (reading) return;
    clearTimeout(timer);
    reading = true;
    void readUntilQuiet().finally(() => {
      reading = false;
      if (!closed) timer = setTimeout(look, bus.isConnected() ? tick : disconnectedTick);
    });
  }

  async function readUntilQuiet(): Promise<void> {
    while (again && !closed) {
      again = false;
      if (rows.size === 0 && scopes.size === 0 && waiting.size === 0) return;
      try {
        await readOn();
        await readForLate();
      } catch (error) {
        logger.warn({ err: error }, 'the hub could not read what changed; it looks again');
      }
    }
  }

  /** Reads while what the read before has brought is still being told, and has that told to its end first. */
  async function readOn(): Promise<void> {
    if (!owedFrom) forgetLate();
    const before = position;
    const changes = await read(before, { ids: [...rows.keys()], scopes: [...scopes.keys()] });
    position = further(position, changes);
    for (const wake of waiting) wake();
    await telling;
    if (late.ids.size > 0 || late.scopes.size > 0) owedFrom ??= before;
    telling = deliver(changes, before);
  }

  /**
   * Whoever came while that read waited for its turn may have seen less than it did. The hub has moved past what lies
   * between and would never tell them; those who come from here on have seen at least as much.
   */
  async function readForLate(): Promise<void> {
    if (!owedFrom || closed) return;
    const changes = await read(owedFrom, { ids: [...late.ids], scopes: [...late.scopes] });
    await telling;
    await tell(changes);
    forgetLate();
    owedFrom = undefined;
  }

  function forgetLate(): void {
    late.ids.clear();
    late.scopes.clear();
  }

  async function deliver(changes: Changes<Row>, before: Position): Promise<void> {
    try {
      if (!changes.continues) {
        const now = changes.position;
        logger.warn({ before, now }, 'the log is another one: every subscriber is told to read again');
        for (const listeners of rows.values()) for (const listener of listeners) listener.resync();
        for (const listeners of scopes.values()) for (const listener of listeners) listener(now);
      }
      await tell(changes);
    } catch (error) {
      logger.error({ err: error }, 'somebody could not be told what changed');
    }
    told = further(told, changes);
  }

  /** Scopes first: whoever watches one only notes it, and would wait for thousands who are sent something. */
  async function tell(changes: Changes<Row>): Promise<void> {
    for (const scope of changes.scopes) {
      for (const listener of scopes.get(scope) ?? []) listener(changes.position);
    }
    let since = performance.now();
    let inOneGo = 0;
    for (const { id, row } of changes.rows) {
      for (const listener of rows.get(id) ?? []) {
        listener.changed(row);
        if (++inOneGo % looks !== 0 || performance.now() - since < oneGo) continue;
        await turn();
        if (closed) return;
        since = performance.now();
      }
    }
  }

  const endHints = bus.subscribe(topic, look);
  timer = setTimeout(look, tick);

  return {
    watchRow(id, listener) {
      if (reading && !rows.has(id)) late.ids.add(id);
      return add(rows, id, listener);
    },
    watchScope(scope, listener) {
      if (reading && !scopes.has(scope)) late.scopes.add(scope);
      return add(scopes, scope, listener);
    },
    get told() {
      // Those who came during a read are told of what it skipped by the one after it.
      return owedFrom ?? told;
    },
    reached: (target, timeout) =>
      new Promise(resolve => {
        const limit = setTimeout(done, timeout);
        function done(): void {
          clearTimeout(limit);
          waiting.delete(wake);
          resolve();
        }
        function wake(): void {
          if (closed || position.point >= target.point) done();
        }
        if (closed) {
          done();
          return;
        }
        waiting.add(wake);
        // The hint may have come before anybody waited.
        look();
      }),
    close() {
      closed = true;
      clearTimeout(timer);
      endHints();
      for (const wake of waiting) wake();
    },
  };
}

/**
 * How far a hub is after a read. Within one log never back: behind a pooler that splits reads, a read may come from a
 * server that is behind the one that was read before.
 */
function further(
  before: Position,
  { position, continues }: Pick<Changes<unknown>, 'position' | 'continues'>,
): Position {
  return continues && position.point < before.point ? before : position;
}

function add<Listener>(all: Map<string, Set<Listener>>, key: string, listener: Listener): () => void {
  const listeners = all.get(key) ?? new Set();
  all.set(key, listeners.add(listener));
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && all.get(key) === listeners) all.delete(key);
  };
}
