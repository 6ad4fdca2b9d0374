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

/** How long a command is tried before its caller gets an answer without one, ms. */
const commandTimeout = 10_000;
/** Conflicts with other nodes that a command without an expected version is decided anew after. */
const conflictRetries = 30;

/** Reads another aggregate that the decision rests on; the append then tests that it has not moved. */
export type ReadState = <State>(decider: Foldable<State>, streamId: string) => MaybePromise<State>;

export interface CommandCall<Command> {
  readonly streamId: string;
  readonly command: Command;
  /** The caller's own idea of the stream's version; where it is another, the command is refused. */
  readonly expectedVersion?: number | undefined;
  /** UUID; the same one makes a repeat of the same command. */
  readonly commandId: string;
  /** Hex; over what the client asked for, so that another command under the same id is told from a repeat. */
  readonly commandHash: string;
  /** What an earlier release stored for the same request, if that is another hash: a repeat is known by it, too. */
  readonly formerHash?: string | undefined;
  readonly actor: Actor;
  readonly correlationId: string;
  /** The caller's trace, which this command's spans continue. */
  readonly trace?: TraceHeaders | undefined;
  readonly now: Date;
  /** Puts what other aggregates say (prices, availability) into the command. Called again for each new decision. */
  readonly enrich?: ((command: Command, read: ReadState) => MaybePromise<Command>) | undefined;
}

export type CommandAnswer<Rejection> =
  | {
      readonly type: 'accepted';
      readonly streamId: string;
      readonly version: number;
      readonly position: Position;
      /** An earlier call had stored it. */
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
 * load → decide → append, again on a conflict.
 * @param effort counts how often the command was decided, for whoever wants to know
 * @throws OutcomeUnknownError, UnavailableError
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
  const inOrder = openKeyedQueue();
  return function handleCommand(decider, call, effort) {
    // Counted from here, not from its turn: where the database is gone, the last of many on one stream waits no longer.
    const deadline = performance.now() + commandTimeout;
    return inOrder(call.streamId, () => decideAndAppend(store, cache, decider, call, deadline, effort));
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
    const found = readUntil(deadline, () => loadAndDecide(store, decider, call, new Sight(cache, mayUseCache)));
    const decided = found instanceof Promise ? await found : found;
    if (decided.type === 'answer') {
      if (!decided.restsOnCache) return decided.answer;
      // What is cached may be behind: another node's event may allow it, or an earlier call may have stored it.
      mayUseCache = false;
      continue;
    }

    const { request, own, state } = decided;
    const outcome = await store.append(request, deadline);
    switch (outcome.outcome) {
      case 'appended':
        cache.keep(decider, movedTo(own, outcome, state));
        return acceptedAs(call, outcome.version, { point: outcome.position, hash: outcome.hash }, false);
      case 'replayed':
        return acceptedAs(call, outcome.version, { point: outcome.position, hash: outcome.hash }, true);
      // A lost key: the log is another one (a restored database), and so may be whatever else is cached.
      // The command id stands in the log, so a fresh read finds it, and tells whether it was this command all the same:
      // one that was stored before such hashes were keyed.
      case 'reused':
      case 'key-lost':
      case 'conflict':
        mayUseCache = false;
        if (++conflicts > conflictRetries || performance.now() > deadline) {
          throw new UnavailableError('Other commands kept changing what this one rests on');
        }
        await pause(Math.random() * Math.min(2 ** conflicts, 50));
    }
  }
}

type Decided<State, Rejection> =
  | { readonly type: 'answer'; readonly answer: CommandAnswer<Rejection>; readonly restsOnCache: boolean }
  | {
      readonly type: 'append';
      readonly request: AppendRequest;
      readonly own: Aggregate<State>;
      /** As the request's events leave it. */
      readonly state: State;
    };

/** Stores no event, and so may be done again. At once, where all that it rests on is cached and nothing is sealed. */
function loadAndDecide<State, Command, Event extends DomainEvent, Rejection>(
  store: EventStore,
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  sight: Sight,
): MaybePromise<Decided<State, Rejection>> {
  return whenReady(sight.own(decider, call.streamId, call.commandId), ({ aggregate: own, command }) =>
    command ? answerAgain(store, decider, call, own, command) : decideNew(store, decider, call, own, sight),
  );
}

async function answerAgain<State, Command, Event extends DomainEvent, Rejection>(
  store: EventStore,
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  own: Aggregate<State>,
  command: StoredCommand,
): Promise<Decided<State, Rejection>> {
  const isSame = await isRepeat(store, call, command, decider.subject(own.state));
  return { type: 'answer', answer: isSame ? replayOf(call, command) : { type: 'key-reused' }, restsOnCache: false };
}

function decideNew<State, Command, Event extends DomainEvent, Rejection>(
  store: EventStore,
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  own: Aggregate<State>,
  sight: Sight,
): MaybePromise<Decided<State, Rejection>> {
  return whenReady(decideOn(decider, call, own, sight.other), (decision): MaybePromise<Decided<State, Rejection>> => {
    if (decision.type !== 'accepted') return { type: 'answer', answer: decision, restsOnCache: sight.restsOnCache };
    const state = decision.events.reduce(decider.evolve, own.state);
    const request = appendRequest(store, decider, call, own, sight.reads, decision.events, state);
    return whenReady(request, one => ({ type: 'append', request: one, own, state }));
  });
}

/** What one decision has read, and whether any of it came from this node's cache. */
class Sight {
  readonly #cache: AggregateCache;
  readonly #mayUseCache: boolean;
  readonly #others = new Map<string, MaybePromise<Aggregate>>();
  readonly reads: StreamVersion[] = [];
  restsOnCache = false;

  constructor(cache: AggregateCache, mayUseCache: boolean) {
    this.#cache = cache;
    this.#mayUseCache = mayUseCache;
  }

  own<State>(decider: Foldable<State>, streamId: string, commandId: string): MaybePromise<Fresh<State>> {
    const cached = this.#fromCache(decider, streamId);
    return cached ? { aggregate: cached, command: undefined } : this.#cache.fresh(decider, streamId, commandId);
  }

  /** Once a stream, however often the command names it: one decision sees one state of it, and the append tests it once. */
  readonly other: ReadState = <State>(decider: Foldable<State>, streamId: string) => {
    const stream = `${decider.streamType} ${streamId}`;
    const known = this.#others.get(stream) ?? this.#readOther(decider, streamId);
    this.#others.set(stream, known);
    return whenReady(known, ({ state }) => state as State);
  };

  #readOther<State>(decider: Foldable<State>, streamId: string): MaybePromise<Aggregate<State>> {
    const read =
      this.#fromCache(decider, streamId) ?? this.#cache.fresh(decider, streamId).then(({ aggregate }) => aggregate);
    return whenReady(read, aggregate => {
      const { streamType, version, hash } = aggregate;
      this.reads.push({ streamType, streamId, version, hash });
      return aggregate;
    });
  }

  #fromCache<State>(decider: Foldable<State>, streamId: string): Aggregate<State> | undefined {
    const cached = this.#mayUseCache ? this.#cache.cached(decider, streamId) : undefined;
    this.restsOnCache ||= cached !== undefined;
    return cached;
  }
}

/** The design's order of checks: own aggregate, version, then what the decider says. */
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

  /** The hash is keyed, too: over what was asked, it would confirm to who has the log what they guess of it. */
  async function sealed(owner: string): Promise<AppendRequest> {
    const sealer = await store.sealerOf(owner);
    const newEvents = events.map(event =>
      newEvent(event, event.personal ? sealer.seal(streamId, event.personal) : null),
    );
    return request(sealer.keyedHash(call.commandHash), newEvents);
  }

  const personal = events.find(event => event.personal);
  if (personal) {
    if (subject === undefined) throw new Error(`${personal.type} holds personal data of nobody`);
    return sealed(subject);
  }
  return request(
    call.commandHash,
    events.map(event => newEvent(event, null)),
  );
}

/** Field by field: spread, each of thousands a second would be copied by its names. */
function movedTo<State>(
  { streamType, streamId, snapshotVersion }: Aggregate<State>,
  { version, hash }: { readonly version: number; readonly hash: string },
  state: State,
): Aggregate<State> {
  return { streamType, streamId, version, hash, state, snapshotVersion };
}

/**
 * Whether what a command id has stored is what is sent now. If the key was thrown away, that can't be known; then the
 * answer is no, because a command that may never have been sent must not be reported as done. The key is read from the
 * database: a cached one may be of another log, and no rejection may depend on it.
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
