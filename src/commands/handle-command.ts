import { openKeyedQueue } from '../async/keyed-queue.ts';
import { UnavailableError } from '../event-store/appender.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { Position } from '../event-store/position.ts';
import type { TraceHeaders } from '../telemetry/tracing.ts';
import { type Aggregate, AggregateCache } from './aggregate-cache.ts';
import { appendRequest } from './append-request.ts';
import type { CommandIssue } from './command-issues.ts';
import { DecisionReads } from './decision-reads.ts';
import type { Actor, Decider, Decision, DomainCommand, DomainEvent } from './decider.ts';
import { type DependentCommand, isDependent, type ReadState } from './dependent-command.ts';
import type { CommandIdentity } from './is-repeat.ts';
import { retryRead } from './retry-read.ts';

/** Time after which a command that is still being retried fails. */
const commandTimeoutMs = 10_000;
/** Number of conflicts with other nodes after which a command fails. It is decided again after each conflict. */
const maxConflictRetries = 30;

export interface CommandCall<Command extends DomainCommand> extends CommandIdentity {
  readonly command: Command | DependentCommand<Command>;
  /** The stream version that the caller expects. If it differs from the stored one, the command is rejected. */
  readonly expectedVersion?: number | undefined;
  readonly actor: Actor;
  readonly correlationId: string;
  /** The caller's trace. The spans of this command continue it. */
  readonly trace?: TraceHeaders | undefined;
  readonly now: Date;
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
  | { readonly type: 'rejected'; readonly rejection: Rejection }
  | Unmet
  | { readonly type: 'key-reused' }
  | { readonly type: 'invalid-input'; readonly issues: readonly CommandIssue[] };

/** The aggregate is not there for the actor, or at another version than the caller expects. */
type Unmet =
  | { readonly type: 'not-found' }
  | { readonly type: 'version-conflict'; readonly expectedVersion: number; readonly actualVersion: number };

/**
 * Loads, decides and appends, and starts again after a conflict.
 * @param effort counts how often the command was decided
 * @throws OutcomeUnknownError, UnavailableError, ReadOnlyError
 */
export type HandleCommand = <State, Command extends DomainCommand, Event extends DomainEvent, Rejection>(
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  effort?: Effort,
) => Promise<CommandAnswer<Rejection>>;

export interface Effort {
  attempts: number;
}

export function openHandleCommand(store: EventStore): HandleCommand {
  const cache = new AggregateCache(store);
  const inStreamOrder = openKeyedQueue();
  return function handleCommand(decider, call, effort = { attempts: 0 }) {
    // The deadline is set here and not when the command's turn comes: if the database is unreachable, the last of
    // many commands on one stream waits no longer than the first.
    const deadline = performance.now() + commandTimeoutMs;
    return inStreamOrder(call.streamId, () => loadDecideAppend(store, cache, decider, call, deadline, effort));
  };
}

async function loadDecideAppend<State, Command extends DomainCommand, Event extends DomainEvent, Rejection>(
  store: EventStore,
  cache: AggregateCache,
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  deadline: number,
  effort: Effort,
): Promise<CommandAnswer<Rejection>> {
  let mayUseCache = true;
  for (let conflicts = 0; ; ) {
    effort.attempts++;

    const reads = new DecisionReads(store, cache, mayUseCache, deadline);
    const { aggregate, stored } = await reads.own(decider, call);
    if (stored) return stored.isRepeat ? acceptedAs(call, stored, true) : { type: 'key-reused' };

    const decision = await decide(decider, call, aggregate, reads.other);
    if (decision.type !== 'accepted') {
      if (!reads.usedCache) return decision;
      // The cached state may be old: another node's event may allow the command, or an earlier call may have stored
      // it. So decide again on fresh state.
      mayUseCache = false;
      continue;
    }

    const { events } = decision;
    const state = events.reduce(decider.evolve, aggregate.state);
    const decided = { aggregate, reads: reads.versions, events, state };
    const sealerOf = (subject: string) => retryRead(deadline, () => store.sealerOf(subject));
    const outcome = await store.append(await appendRequest(decider, call, decided, sealerOf), deadline);
    switch (outcome.outcome) {
      case 'appended':
        cache.keep(decider, aggregateAfter(aggregate, outcome, state));
        return acceptedAs(call, outcome, false);
      case 'replayed':
        return acceptedAs(call, outcome, true);
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

/**
 * The order of checks: the aggregate exists and is visible, its version is the expected one, the decider accepts the
 * command.
 */
async function decide<State, Command extends DomainCommand, Event extends DomainEvent, Rejection>(
  decider: Decider<State, Command, Event, Rejection>,
  { command, expectedVersion, actor }: CommandCall<Command>,
  { version, state }: Aggregate<State>,
  read: ReadState,
): Promise<Decision<Event, Rejection> | Unmet> {
  const missing = version === 0 || !decider.isVisibleTo(state, actor);
  if (missing && !decider.creates(command)) return { type: 'not-found' };
  if (expectedVersion !== undefined && expectedVersion !== version) {
    return { type: 'version-conflict', expectedVersion, actualVersion: version };
  }
  return decider.decide(isDependent(command) ? await command.complete(read) : command, state);
}

/** Fields are listed, because a spread would be slower, and this runs thousands of times a second. */
function aggregateAfter<State>(
  { streamType, streamId, snapshotVersion }: Aggregate<State>,
  { version, hash }: { readonly version: number; readonly hash: string },
  state: State,
): Aggregate<State> {
  return { streamType, streamId, version, hash, state, snapshotVersion };
}

function acceptedAs<Rejection>(
  { streamId }: CommandIdentity,
  { version, position, hash }: { readonly version: number; readonly position: number; readonly hash: string },
  replayed: boolean,
): CommandAnswer<Rejection> {
  return { type: 'accepted', streamId, version, position: { point: position, hash }, replayed };
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
