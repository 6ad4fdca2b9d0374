import { LRUCache } from 'lru-cache';
import type { EventStore } from '../event-store/event-store.ts';
import type { StreamVersion } from '../event-store/append-events.ts';
import type { StoredCommand } from '../event-store/read-stream.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import type { Snapshot } from '../event-store/snapshots.ts';
import type { Decider, DomainEvent } from './decider.ts';

const maxCachedAggregates = 20_000;
/**
 * Maximum sum of the weights of all cached aggregates; see weightOf(). It bounds the memory if many aggregates are
 * large.
 */
const maxCachedWeight = 200_000;
/**
 * A snapshot is stored when a stream has this many events after its last one. A command on an uncached aggregate
 * reads at most this many.
 */
const snapshotInterval = 50;

/** The state of an aggregate, and the version and hash of the last event folded into it. */
export interface Aggregate<State = unknown> extends StreamVersion {
  readonly state: State;
  /** The version of the stored snapshot, as far as this node knows. */
  readonly snapshotVersion: number;
}

/** An aggregate, and the result that was stored under the requested command id, if there is one. */
export interface Fresh<State> {
  readonly aggregate: Aggregate<State>;
  readonly command: StoredCommand | undefined;
}

/** The part of a decider that folding needs. */
export type Foldable<State> = Pick<
  Decider<State, never, DomainEvent, unknown>,
  'streamType' | 'initialState' | 'snapshotShape'
> & {
  evolve(state: State, event: never): State;
};

/**
 * Folded aggregates of this node. A cached aggregate may be older than the log, because other nodes append too. That
 * is safe for appending: append_events() checks version and hash. But no command may be rejected on cached state
 * alone.
 */
export class AggregateCache {
  readonly #store: EventStore;
  /**
   * Keyed by the id alone, because the engine caches the hash of a string. If two stream types had the same id, they
   * would only evict each other.
   */
  readonly #aggregates = new LRUCache<string, Aggregate>({
    max: maxCachedAggregates,
    maxSize: maxCachedWeight,
    sizeCalculation: ({ state }) => weightOf(state),
  });

  constructor(store: EventStore) {
    this.#store = store;
  }

  cached<State>({ streamType }: Foldable<State>, streamId: string): Aggregate<State> | undefined {
    const found = this.#aggregates.get(streamId);
    return found?.streamType === streamType ? (found as Aggregate<State>) : undefined;
  }

  /** The aggregate in its state at the end of the log, and the result stored under the command id, from one read. */
  async fresh<State>(decider: Foldable<State>, streamId: string, commandId?: string): Promise<Fresh<State>> {
    const { streamType } = decider;
    const cached = this.cached(decider, streamId);
    // The read starts with the cached version itself: if its hash differs, the cached aggregate is of another log.
    const part = cached ? { fromVersion: cached.version } : { snapshotShape: decider.snapshotShape };
    const { snapshot, events, command } = await this.#store.readStream({ streamType, streamId, ...part }, commandId);
    if (cached && events[0]?.hash !== cached.hash) {
      this.#aggregates.delete(streamId);
      return this.fresh(decider, streamId, commandId);
    }
    const start = cached ?? startOf(decider, streamId, snapshot);
    const aggregate = events.reduce((before, event) => after(decider, before, event), start);
    this.keep(decider, aggregate);
    return { aggregate, command };
  }

  keep<State>(decider: Foldable<State>, aggregate: Aggregate<State>): void {
    // A missing stream is not cached: it is cheap to read again, and requests with random ids would fill the cache.
    if (aggregate.version === 0) return;
    this.#aggregates.set(aggregate.streamId, this.#withSnapshot(decider, aggregate));
  }

  /**
   * Requests a snapshot if the last one is too old. The result is not awaited; if storing fails, a later snapshot
   * replaces it.
   */
  #withSnapshot<State>(decider: Foldable<State>, aggregate: Aggregate<State>): Aggregate<State> {
    const { snapshotShape: shape } = decider;
    if (shape === undefined || aggregate.version - aggregate.snapshotVersion < snapshotInterval) return aggregate;
    const { streamType, streamId, version, hash, state } = aggregate;
    this.#store.saveSnapshot({ streamType, streamId, version, hash, shape, state });
    return { ...aggregate, snapshotVersion: version };
  }
}

function startOf<State>(
  { streamType, initialState }: Foldable<State>,
  streamId: string,
  snapshot: Snapshot | undefined,
): Aggregate<State> {
  if (!snapshot) return { streamType, streamId, version: 0, hash: null, state: initialState, snapshotVersion: 0 };
  const { version, hash, state } = snapshot;
  return { streamType, streamId, version, hash, state: state as State, snapshotVersion: version };
}

function after<State>(decider: Foldable<State>, before: Aggregate<State>, event: RecordedEvent): Aggregate<State> {
  if (event.version <= before.version) return before;
  return { ...before, version: event.version, hash: event.hash, state: decider.evolve(before.state, event as never) };
}

/**
 * The weight depends on the state and not on the number of events: changing one number a thousand times does
 * not make it larger.
 */
function weightOf(state: unknown): number {
  if (typeof state !== 'object' || state === null) return 1;
  let sum = 1;
  for (const name in state) sum += sizeOf((state as Readonly<Record<string, unknown>>)[name]);
  return sum;
}

function sizeOf(part: unknown): number {
  if (typeof part !== 'object' || part === null) return 0;
  if (part instanceof Map || part instanceof Set) return part.size;
  return Array.isArray(part) ? part.length : Object.keys(part).length;
}
