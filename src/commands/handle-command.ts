import { type AppendRequest, type NewEvent, type StreamVersion } from '../event-store/append-events.ts';
import type { SealedData } from '../event-store/personal-data.ts';
import { UnavailableError } from '../event-store/appender.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { Position } from '../event-store/position.ts';
import type { StoredCommand } from '../event-store/read-stream.ts';
import { type MaybePromise, whenReady } from '../async/maybe-promise.ts';
import type { TraceHeaders } from '../telemetry/tracing.ts';
import { type Aggregate, AggregateCache, type Foldable, type Fresh } from './aggregate-cache.ts';
import type { Actor, Decider, DomainEvent } from './decider.ts';
import { openKeyedQueue } from '../async/keyed-queue.ts';
import type { CommandIssue } from './command-issues.ts';
import { readUntil } from './read-until.ts';

/** Time after which a command that is still being retried fails, ms. */
const commandTimeoutMs = 10_000;
/** Number of conflicts with other nodes after which a command fails. It is decided again after each conflict. */
const maxConflictRetries = 30;

/** Reads another aggregate on which the decision depends. The append then checks that it has not changed. */
export type ReadState = <State>(decider: Foldable<State>, streamId: string) => MaybePromise<State>;

export interface CommandCall<Command> {
  readonly streamId: string;
  readonly command: Command;
  /** The stream version that the caller expects. If it differs from the stored one, the command is rejected. */
  readonly expectedVersion?: number | undefined;
  /** UUID. A second command with the same id is treated as a repeat of the first one. */
  readonly commandId: string;
  /** Hash of the client's request, hex. It distinguishes a repeat from another command with the same id. */
  readonly commandHash: string;
  /**
   * The hash that an earlier release stored for the same request, if it differs. A repeat is also recognised by this
   * hash.
   */
  readonly formerHash?: string | undefined;
  readonly actor: Actor;
  readonly correlationId: string;
  /** The caller's trace. The spans of this command continue it. */
  readonly trace?: TraceHeaders | undefined;
  readonly now: Date;
  /** Adds data of other aggregates (prices, availability) to the command. It is called again for each new decision. */
  readonly enrich?: ((command: Command, read: ReadState) => MaybePromise<Command>) | undefined;
}

export type CommandAnswer<Rejection> =
  | {
      readonly type: 'accepted';
      readonly streamId: string;
      readonly version: number;
      readonly position: Position;
      /** True if an earlier call has stored the events. */
      readonly replayed: boolean;
    }
  | Refusal<Rejection>
  | { readonly type: 'key-reused' }
  | { readonly type: 'invalid-input'; readonly issues: readonly CommandIssue[] };

type Refusal<Rejection> =
  | { readonly type: 'rejected'; readonly rejection: Rejection }
  | { readonly type: 'not-found' }
  | { readonly type: 'version-conflict'; readonly expectedVersion: number; readonly actualVersion: number };

/**
 * Loads, decides and appends, and starts again after a conflict.
 * @param effort counts how often the command was decided
 * @throws OutcomeUnknownError, UnavailableError, ReadOnlyError
 */
export type HandleCommand = <State, Command, Event extends DomainEvent, Rejection>(
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  effort?: Effort,
) => Promise<CommandAnswer<Rejection>>;

export interface Effort {
  attempts: number;
}

export function openHandleCommand(store: EventStore): HandleCommand {
  const cache = new AggregateCache(store);
  const inKeyOrder = openKeyedQueue();
  return function handleCommand(decider, call, effort) {
    // The deadline is set here and not when the command's turn comes: if the database is unreachable, the last of
    // many commands on one stream waits no longer than the first.
    const deadline = performance.now() + commandTimeoutMs;
    return inKeyOrder(call.streamId, () => decideAndAppend(store, cache, decider, call, deadline, effort));
  };
}

async function decideAndAppend<State, Command, Event extends DomainEvent, Rejection>(
  store: EventStore,
  cache: AggregateCache,
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  deadline: number,
  effort: Effort | undefined,
): Promise<CommandAnswer<Rejection>> {
  let mayUseCache = true;
  for (let conflicts = 0; ; ) {
    if (effort) effort.attempts++;
    const decision = readUntil(deadline, () => loadAndDecide(store, decider, call, new Reads(cache, mayUseCache)));
    const decided = decision instanceof Promise ? await decision : decision;
    if (decided.type === 'answer') {
      if (!decided.usedCache) return decided.answer;
      // The cached state may be old: another node's event may allow the command, or an earlier call may have stored
      // it. So decide again on fresh state.
      mayUseCache = false;
      continue;
    }

    const { request, own, state } = decided;
    const outcome = await store.append(request, deadline);
    switch (outcome.outcome) {
      case 'appended':
        cache.keep(decider, aggregateAfter(own, outcome, state));
        return acceptedAs(call, outcome.version, { point: outcome.position, hash: outcome.hash }, false);
      case 'replayed':
        return acceptedAs(call, outcome.version, { point: outcome.position, hash: outcome.hash }, true);
      // `key-lost`: the log is another one (a restored database), so all cached data may be wrong.
      // `reused`: the log contains the command id. A fresh read finds the stored command and checks whether it is the
      // same one: its hash may have been stored before such hashes were keyed.
      case 'reused':
      case 'key-lost':
      case 'conflict':
        mayUseCache = false;
        if (++conflicts > maxConflictRetries || performance.now() > deadline) {
          throw new UnavailableError('Other commands kept changing the streams on which this command depends');
        }
        await pause(Math.random() * Math.min(2 ** conflicts, 50));
    }
  }
}

type Decided<State, Rejection> =
  | { readonly type: 'answer'; readonly answer: CommandAnswer<Rejection>; readonly usedCache: boolean }
  | {
      readonly type: 'append';
      readonly request: AppendRequest;
      readonly own: Aggregate<State>;
      /** The state after the events of the request. */
      readonly state: State;
    };

/**
 * Stores nothing, so it can be repeated. The result is available without a promise if all required state is cached
 * and nothing is encrypted.
 */
function loadAndDecide<State, Command, Event extends DomainEvent, Rejection>(
  store: EventStore,
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  reads: Reads,
): MaybePromise<Decided<State, Rejection>> {
  return whenReady(reads.own(decider, call.streamId, call.commandId), ({ aggregate: own, command }) =>
    command ? answerRepeat(store, decider, call, own, command) : decideNew(store, decider, call, own, reads),
  );
}

async function answerRepeat<State, Command, Event extends DomainEvent, Rejection>(
  store: EventStore,
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  own: Aggregate<State>,
  command: StoredCommand,
): Promise<Decided<State, Rejection>> {
  const isSame = await isRepeat(store, call, command, decider.subject(own.state));
  return { type: 'answer', answer: isSame ? replayOf(call, command) : { type: 'key-reused' }, usedCache: false };
}

function decideNew<State, Command, Event extends DomainEvent, Rejection>(
  store: EventStore,
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  own: Aggregate<State>,
  reads: Reads,
): MaybePromise<Decided<State, Rejection>> {
  return whenReady(decideOn(decider, call, own, reads.other), (decision): MaybePromise<Decided<State, Rejection>> => {
    if (decision.type !== 'accepted') return { type: 'answer', answer: decision, usedCache: reads.usedCache };
    const state = decision.events.reduce(decider.evolve, own.state);
    const request = appendRequest(store, decider, call, own, reads.versions, decision.events, state);
    return whenReady(request, one => ({ type: 'append', request: one, own, state }));
  });
}

/** The aggregates that one decision has read, and whether any of them came from this node's cache. */
class Reads {
  readonly #cache: AggregateCache;
  readonly #mayUseCache: boolean;
  readonly #others = new Map<string, MaybePromise<Aggregate>>();
  readonly versions: StreamVersion[] = [];
  usedCache = false;

  constructor(cache: AggregateCache, mayUseCache: boolean) {
    this.#cache = cache;
    this.#mayUseCache = mayUseCache;
  }

  own<State>(decider: Foldable<State>, streamId: string, commandId: string): MaybePromise<Fresh<State>> {
    const cached = this.#fromCache(decider, streamId);
    return cached ? { aggregate: cached, command: undefined } : this.#cache.fresh(decider, streamId, commandId);
  }

  /**
   * Reads each stream only once, however often the command names it. So one decision sees one state of it, and the
   * append checks it once.
   */
  readonly other: ReadState = <State>(decider: Foldable<State>, streamId: string) => {
    const stream = `${decider.streamType} ${streamId}`;
    const aggregate = this.#others.get(stream) ?? this.#readOther(decider, streamId);
    this.#others.set(stream, aggregate);
    return whenReady(aggregate, ({ state }) => state as State);
  };

  #readOther<State>(decider: Foldable<State>, streamId: string): MaybePromise<Aggregate<State>> {
    const read =
      this.#fromCache(decider, streamId) ?? this.#cache.fresh(decider, streamId).then(({ aggregate }) => aggregate);
    return whenReady(read, aggregate => {
      const { streamType, version, hash } = aggregate;
      this.versions.push({ streamType, streamId, version, hash });
      return aggregate;
    });
  }

  #fromCache<State>(decider: Foldable<State>, streamId: string): Aggregate<State> | undefined {
    const cached = this.#mayUseCache ? this.#cache.cached(decider, streamId) : undefined;
    this.usedCache ||= cached !== undefined;
    return cached;
  }
}

/**
 * The order of checks: the aggregate exists and is visible, its version is the expected one, the decider accepts the
 * command.
 */
function decideOn<State, Command, Event extends DomainEvent, Rejection>(
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  own: Aggregate<State>,
  read: ReadState,
): MaybePromise<{ type: 'accepted'; events: readonly [Event, ...Event[]] } | Refusal<Rejection>> {
  const { expectedVersion, enrich } = call;
  const missing = own.version === 0 || !decider.isVisibleTo(own.state, call.actor);
  if (missing && !decider.creates(call.command)) return { type: 'not-found' };
  if (expectedVersion !== undefined && expectedVersion !== own.version) {
    return { type: 'version-conflict', expectedVersion, actualVersion: own.version };
  }
  const enriched = enrich ? enrich(call.command, read) : call.command;
  return whenReady(enriched, command => decider.decide(command, own.state));
}

function appendRequest<State, Command, Event extends DomainEvent, Rejection>(
  store: EventStore,
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  own: Aggregate<State>,
  reads: readonly StreamVersion[],
  events: readonly Event[],
  state: State,
): MaybePromise<AppendRequest> {
  const { streamType, streamId, version, hash } = own;
  const subject = decider.subject(state);

  function newEvent({ type, data }: Event, personal: SealedData | null): NewEvent {
    const number = decider.numbered?.[type as Event['type']];
    const schemaVersion = decider.schemaVersions[type as Event['type']];
    return { type, schemaVersion, data, personal, ...(number === undefined ? {} : { number }) };
  }

  function request(commandHash: string, newEvents: readonly NewEvent[]): AppendRequest {
    const { commandId, actor, correlationId, now } = call;
    const metadata = { actor, correlationId };
    const occurredAt = now.toISOString();
    return {
      streamType,
      streamId,
      version,
      hash,
      reads,
      commandId,
      commandHash,
      metadata,
      occurredAt,
      events: newEvents,
    };
  }

  /**
   * The command hash is keyed with the same key. A plain hash of the request would let a person who has the log check
   * guesses of the personal data.
   */
  async function sealed(owner: string): Promise<AppendRequest> {
    const sealer = await store.sealerOf(owner);
    const newEvents = events.map(event =>
      newEvent(event, event.personal ? sealer.seal(streamId, event.personal) : null),
    );
    return request(sealer.keyedHash(call.commandHash), newEvents);
  }

  const personal = events.find(event => event.personal);
  if (personal) {
    if (subject === undefined)
      throw new Error(`${personal.type} contains personal data, but the decider names no subject`);
    return sealed(subject);
  }
  return request(
    call.commandHash,
    events.map(event => newEvent(event, null)),
  );
}

/** Fields are listed, because a spread would be slower, and this runs thousands of times a second. */
function aggregateAfter<State>(
  { streamType, streamId, snapshotVersion }: Aggregate<State>,
  { version, hash }: { readonly version: number; readonly hash: string },
  state: State,
): Aggregate<State> {
  return { streamType, streamId, version, hash, state, snapshotVersion };
}

/**
 * Whether the stored command and the sent one are the same. If the subject's key was deleted, this can't be known,
 * and the result is false: a command that may never have been sent must not be reported as stored. The key is read
 * from the database, because a cached key may belong to another log, and no rejection may depend on it.
 */
async function isRepeat(
  store: EventStore,
  { commandHash, formerHash = commandHash }: Pick<CommandCall<unknown>, 'commandHash' | 'formerHash'>,
  stored: StoredCommand,
  subject: string | undefined,
): Promise<boolean> {
  if (stored.commandHash === commandHash || stored.commandHash === formerHash) return true;
  if (subject === undefined) return false;
  for (const hash of new Set([commandHash, formerHash])) {
    if (stored.commandHash === (await store.keyedHash(subject, hash))) return true;
  }
  return false;
}

function replayOf<Rejection>(
  call: { readonly streamId: string },
  { version, position, hash }: StoredCommand,
): CommandAnswer<Rejection> {
  return acceptedAs(call, version, { point: position, hash }, true);
}

function acceptedAs<Rejection>(
  call: { readonly streamId: string },
  version: number,
  position: Position,
  replayed: boolean,
): CommandAnswer<Rejection> {
  return { type: 'accepted', streamId: call.streamId, version, position, replayed };
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
