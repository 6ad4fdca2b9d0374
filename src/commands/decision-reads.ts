import type { StreamVersion } from '../event-store/append-events.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { StoredCommand } from '../event-store/read-stream.ts';
import type { Aggregate, AggregateCache, Foldable } from './aggregate-cache.ts';
import type { Decider, DomainEvent } from './decider.ts';
import type { ReadState } from './dependent-command.ts';
import { type CommandIdentity, isRepeat } from './is-repeat.ts';
import { retryRead } from './retry-read.ts';

/** The aggregate of a command, and what the log contains under the command's id. */
interface Loaded<State> {
  readonly aggregate: Aggregate<State>;
  readonly stored: (StoredCommand & { readonly isRepeat: boolean }) | undefined;
}

/** The aggregates that one decision reads, and whether any of them came from this node's cache. */
export class DecisionReads {
  readonly #store: EventStore;
  readonly #cache: AggregateCache;
  readonly #mayUseCache: boolean;
  readonly #deadline: number;
  readonly #others = new Map<string, Promise<Aggregate>>();
  /** The versions of the other aggregates that were read. */
  readonly versions: StreamVersion[] = [];
  usedCache = false;

  /** @param deadline a time of performance.now() */
  constructor(store: EventStore, cache: AggregateCache, mayUseCache: boolean, deadline: number) {
    this.#store = store;
    this.#cache = cache;
    this.#mayUseCache = mayUseCache;
    this.#deadline = deadline;
  }

  /**
   * The command's own aggregate. The log is searched for the command id only if the aggregate is not cached: if it is,
   * the append does that.
   * @throws the errors of retryRead()
   */
  async own<State>(
    decider: Foldable<State> & Pick<Decider<State, never, DomainEvent, unknown>, 'subject'>,
    sent: CommandIdentity,
  ): Promise<Loaded<State>> {
    const { streamId, commandId } = sent;
    const cached = this.#cached(decider, streamId);
    if (cached) return { aggregate: cached, stored: undefined };
    // One retry for all of it: the key has to be of the log that the stored command was read from.
    return retryRead(this.#deadline, async () => {
      const { aggregate, command } = await this.#cache.fresh(decider, streamId, commandId);
      if (!command) return { aggregate, stored: undefined };
      const isSame = await isRepeat(this.#store, sent, command, decider.subject(aggregate.state));
      return { aggregate, stored: { ...command, isRepeat: isSame } };
    });
  }

  /**
   * Reads each stream only once, however often the command names it. So one decision sees one state of it, and the
   * append checks it once.
   * @throws the errors of retryRead()
   */
  readonly other: ReadState = async <State>(decider: Foldable<State>, streamId: string) => {
    const stream = `${decider.streamType} ${streamId}`;
    const aggregate = this.#others.get(stream) ?? this.#readOther(decider, streamId);
    this.#others.set(stream, aggregate);
    return (await aggregate).state as State;
  };

  async #readOther<State>(decider: Foldable<State>, streamId: string): Promise<Aggregate<State>> {
    const aggregate = this.#cached(decider, streamId) ?? (await this.#fresh(decider, streamId));
    const { streamType, version, hash } = aggregate;
    this.versions.push({ streamType, streamId, version, hash });
    return aggregate;
  }

  async #fresh<State>(decider: Foldable<State>, streamId: string): Promise<Aggregate<State>> {
    const { aggregate } = await retryRead(this.#deadline, () => this.#cache.fresh(decider, streamId));
    return aggregate;
  }

  #cached<State>(decider: Foldable<State>, streamId: string): Aggregate<State> | undefined {
    const cached = this.#mayUseCache ? this.#cache.cached(decider, streamId) : undefined;
    this.usedCache ||= cached !== undefined;
    return cached;
  }
}
