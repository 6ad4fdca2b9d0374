import { type AppendRequest, type NewEvent, type StreamVersion } from '../event-store/append-events.ts';
import { UnavailableError } from '../event-store/appender.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { Position } from '../event-store/position.ts';
import type { StoredCommand } from '../event-store/read-stream.ts';
import { type Aggregate, AggregateCache, type Foldable } from './aggregate-cache.ts';
import type { Actor, Decider, DomainEvent } from './decider.ts';
import { openInOrder } from './in-order.ts';
import type { CommandIssue } from './command-issues.ts';
import { readUntil } from './read-until.ts';

/** How long a command is tried before its caller gets an answer without one, ms. */
const commandTimeout = 10_000;
/** Conflicts with other nodes that a command without an expected version is decided anew after. */
const conflictRetries = 30;

/** Reads another aggregate that the decision rests on; the append then tests that it has not moved. */
export type ReadState = <State>(decider: Foldable<State>, streamId: string) => Promise<State>;

export interface CommandCall<Command> {
  readonly streamId: string;
  readonly command: Command;
  /** The caller's own idea of the stream's version; where it is another, the command is refused. */
  readonly expectedVersion?: number | undefined;
  /** UUID; the same one makes a repeat of the same command. */
  readonly commandId: string;
  /** Hex; over what the client asked for, so that another command under the same id is told from a repeat. */
  readonly commandHash: string;
  readonly actor: Actor;
  readonly correlationId: string;
  readonly now: Date;
  /** Puts what other aggregates say (prices, availability) into the command. Called again for each new decision. */
  readonly enrich?: (command: Command, read: ReadState) => Promise<Command>;
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
  const inOrder = openInOrder();
  return function handleCommand(decider, call, effort) {
    // Counted from here, not from its turn: where the database is gone, the last of many on one stream waits no longer.
    const deadline = performance.now() + commandTimeout;
    return inOrder(`${decider.streamType} ${call.streamId}`, () =>
      decideAndAppend(store, cache, decider, call, deadline, effort),
    );
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
    const decided = await readUntil(deadline, () => loadAndDecide(store, decider, call, new Sight(cache, mayUseCache)));
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
        cache.keep(decider, { ...own, version: outcome.version, hash: outcome.hash, state });
        return acceptedAs(call, outcome.version, { point: outcome.position, hash: outcome.hash }, false);
      case 'replayed':
        return acceptedAs(call, outcome.version, { point: outcome.position, hash: outcome.hash }, true);
      // The command id stands in the log, so a fresh read finds it, and tells whether it was this command all the same:
      // one that was stored before such hashes were keyed.
      case 'reused':
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

/** Stores no event, and so may be done again. */
async function loadAndDecide<State, Command, Event extends DomainEvent, Rejection>(
  store: EventStore,
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  sight: Sight,
): Promise<Decided<State, Rejection>> {
  const { aggregate: own, command } = await sight.own(decider, call.streamId, call.commandId);
  if (command) {
    const isSame = await isRepeat(store, call, command, decider.subject(own.state));
    return { type: 'answer', answer: isSame ? replayOf(call, command) : { type: 'key-reused' }, restsOnCache: false };
  }

  const decision = await decideOn(decider, call, own, sight.other);
  if (decision.type !== 'accepted') return { type: 'answer', answer: decision, restsOnCache: sight.restsOnCache };

  const state = decision.events.reduce(decider.evolve, own.state);
  const request = await appendRequest(store, decider, call, own, sight.reads, decision.events, state);
  return { type: 'append', request, own, state };
}

/** What one decision has read, and whether any of it came from this node's cache. */
class Sight {
  readonly #cache: AggregateCache;
  readonly #mayUseCache: boolean;
  readonly #others = new Map<string, Promise<Aggregate>>();
  readonly reads: StreamVersion[] = [];
  restsOnCache = false;

  constructor(cache: AggregateCache, mayUseCache: boolean) {
    this.#cache = cache;
    this.#mayUseCache = mayUseCache;
  }

  async own<State>(decider: Foldable<State>, streamId: string, commandId: string) {
    const cached = this.#fromCache(decider, streamId);
    return cached ? { aggregate: cached, command: undefined } : this.#cache.fresh(decider, streamId, commandId);
  }

  /** Once a stream, however often the command names it: one decision sees one state of it, and the append tests it once. */
  readonly other: ReadState = async <State>(decider: Foldable<State>, streamId: string) => {
    const stream = `${decider.streamType} ${streamId}`;
    const known = this.#others.get(stream) ?? this.#readOther(decider, streamId);
    this.#others.set(stream, known);
    return (await known).state as State;
  };

  async #readOther<State>(decider: Foldable<State>, streamId: string): Promise<Aggregate<State>> {
    const aggregate = this.#fromCache(decider, streamId) ?? (await this.#cache.fresh(decider, streamId)).aggregate;
    const { streamType, version, hash } = aggregate;
    this.reads.push({ streamType, streamId, version, hash });
    return aggregate;
  }

  #fromCache<State>(decider: Foldable<State>, streamId: string): Aggregate<State> | undefined {
    const cached = this.#mayUseCache ? this.#cache.cached(decider, streamId) : undefined;
    this.restsOnCache ||= cached !== undefined;
    return cached;
  }
}

/** The design's order of checks: own aggregate, version, then what the decider says. */
async function decideOn<State, Command, Event extends DomainEvent, Rejection>(
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  own: Aggregate<State>,
  read: ReadState,
): Promise<{ type: 'accepted'; events: readonly [Event, ...Event[]] } | Refusal<Rejection>> {
  const { expectedVersion } = call;
  const missing = own.version === 0 || !decider.isVisibleTo(own.state, call.actor);
  if (missing && !decider.creates(call.command)) return { type: 'not-found' };
  if (expectedVersion !== undefined && expectedVersion !== own.version) {
    return { type: 'version-conflict', expectedVersion, actualVersion: own.version };
  }
  const command = call.enrich ? await call.enrich(call.command, read) : call.command;
  return decider.decide(command, own.state);
}

async function appendRequest<State, Command, Event extends DomainEvent, Rejection>(
  store: EventStore,
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  own: Aggregate<State>,
  reads: readonly StreamVersion[],
  events: readonly Event[],
  state: State,
): Promise<AppendRequest> {
  const { streamType, streamId, version, hash } = own;
  const subject = decider.subject(state);

  async function newEvent({ type, data, personal }: Event): Promise<NewEvent> {
    if (personal && subject === undefined) throw new Error(`${type} holds personal data of nobody`);
    const number = decider.numbered?.[type as Event['type']];
    return {
      type,
      schemaVersion: decider.schemaVersions[type as Event['type']],
      data,
      personal: personal && subject !== undefined ? await store.seal(subject, streamId, personal) : null,
      ...(number === undefined ? {} : { number }),
    };
  }

  const isPersonal = subject !== undefined && events.some(({ personal }) => personal);
  return {
    streamType,
    streamId,
    version,
    hash,
    reads,
    commandId: call.commandId,
    commandHash: isPersonal ? await store.keyedHash(subject, call.commandHash) : call.commandHash,
    metadata: { actor: call.actor, correlationId: call.correlationId },
    occurredAt: call.now.toISOString(),
    events: await Promise.all(events.map(newEvent)),
  };
}

/**
 * Whether what a command id has stored is what is asked for now. Where the key is thrown away nobody can tell, and then
 * it is not: nothing is said to be done that may never have been asked for.
 */
async function isRepeat(
  store: EventStore,
  { commandHash }: { readonly commandHash: string },
  stored: StoredCommand,
  subject: string | undefined,
): Promise<boolean> {
  if (stored.commandHash === commandHash) return true;
  return subject !== undefined && stored.commandHash === (await store.keyedHash(subject, commandHash));
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
