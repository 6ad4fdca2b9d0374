import { LRUCache } from 'lru-cache';
import type { EventStore } from '../event-store/event-store.ts';
import type { StreamVersion } from '../event-store/append-events.ts';
import type { StoredCommand } from '../event-store/read-stream.ts';
import type { RecordedEvent } from '../event-store/recorded-event.ts';
import type { Snapshot } from '../event-store/snapshots.ts';
import type { Decider, DomainEvent } from './decider.ts';

const cachedAggregates = 20_000;
/** Aggregates, and what stands in their lists, all together: what bounds their memory where many are large. */
const cachedWeight = 200_000;
/** Events that may stand between a stream's end and its snapshot: what a command has to read at most, cold. */
const snapshotDistance = 50;

/** An aggregate's state and the point of its stream that it was folded to. */
export interface Aggregate<State = unknown> extends StreamVersion {
  readonly state: State;
  /** Version that the stored snapshot has, as far as this node knows. */
  readonly snapshotVersion: number;
}

/** An aggregate, and what the command id that was asked for has stored. */
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
 * Folded aggregates of this node. What stands here may be behind other nodes: an append tests the version and the
 * hash that it names, so nothing wrong is stored; but nobody may be refused on it.
 */
export class AggregateCache {
  readonly #store: EventStore;
  /** By id alone, whose hash the engine keeps: were there another type's under the same one, they would only take turns. */
  readonly #aggregates = new LRUCache<string, Aggregate>({
    max: cachedAggregates,
    maxSize: cachedWeight,
    sizeCalculation: ({ state }) => weightOf(state),
  });

  constructor(store: EventStore) {
    this.#store = store;
  }

  cached<State>({ streamType }: Foldable<State>, streamId: string): Aggregate<State> | undefined {
    const found = this.#aggregates.get(streamId);
    return found?.streamType === streamType ? (found as Aggregate<State>) : undefined;
  }

  /** The aggregate as the log has it now, and what the command id has stored, from one read. */
  async fresh<State>(decider: Foldable<State>, streamId: string, commandId?: string): Promise<Fresh<State>> {
    const { streamType } = decider;
    const cached = this.cached(decider, streamId);
    // From the cached version on, itself included: where its hash differs, what is cached is of another log.
    const part = cached ? { fromVersion: cached.version } : { snapshotShape: decider.snapshotShape };
    const { snapshot, events, command } = await this.#store.readStream({ streamType, streamId, ...part }, commandId);
    if (cached && events[0]?.hash !== cached.hash) {
      this.#aggregates.delete(streamId);
      return this.fresh(decider, streamId, commandId);
    }
    const known = cached ?? startOf(decider, streamId, snapshot);
    const aggregate = events.reduce((before, event) => after(decider, before, event), known);
    this.keep(decider, aggregate);
    return { aggregate, command };
  }

  keep<State>(decider: Foldable<State>, aggregate: Aggregate<State>): void {
    // A missing stream is not kept: it is cheap to look for again, and asking for ids at random would fill the cache.
    if (aggregate.version === 0) return;
    this.#aggregates.set(aggregate.streamId, this.#withSnapshot(decider, aggregate));
  }

  /** Has a snapshot stored where the last one is far behind. Nobody waits for it; for one that fails there is the next. */
  #withSnapshot<State>(decider: Foldable<State>, aggregate: Aggregate<State>): Aggregate<State> {
    const { snapshotShape: shape } = decider;
    if (shape === undefined || aggregate.version - aggregate.snapshotVersion < snapshotDistance) return aggregate;
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

/** Not by its events: an order whose quantities change a thousand times is as small as it was. */
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
