import type { EventStore } from '../event-store/event-store.ts';
import { OutcomeUnknownError, ReadOnlyError, UnavailableError } from '../event-store/appender.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import {
  type AnyDecider,
  type Decider,
  type DomainCommand,
  type DomainEvent,
  hasRight,
  type Right,
} from './decider.ts';
import {
  type CommandAnswer,
  type CommandCall,
  type Effort,
  type HandleCommand,
  openHandleCommand,
} from './handle-command.ts';
import { commandIssues } from './command-issues.ts';

/** The outcome of a command, in few enough values for a metric label. */
export type CommandOutcome =
  | Exclude<CommandAnswer<unknown>['type'], 'accepted'>
  | 'accepted'
  | 'replayed'
  | 'forbidden'
  | 'unavailable'
  | 'read-only'
  | 'unknown'
  | 'failed';

/** The report of one settled command. */
export interface CommandReport {
  readonly streamType: string;
  readonly streamId: string;
  readonly command: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly outcome: CommandOutcome;
  /** How often it was decided and its append attempted: 1, or more after conflicts and rejections on cached state. */
  readonly attempts: number;
  readonly milliseconds: number;
}

/** Observers of commands. An observer that is left out costs nothing. */
export interface CommandWatch {
  readonly logger?: Logger;
  readonly settled?: (report: CommandReport) => void;
  readonly tracing?: Tracing | undefined;
}

/**
 * An actor sent a command that their role may not send. The GraphQL layer rejects such commands first, so this one
 * came from other code.
 */
export class ForbiddenCommandError extends Error {
  override readonly name = 'ForbiddenCommandError';
}

/** Commands that take longer are logged as warnings. */
const slowCommandMs = 2_000;

/**
 * The only way in for the commands of every aggregate: rights (from the decider), input checks, idempotency, decision
 * and append, with trace, log line and metric around them. An aggregate gets all of it by its entry in the list.
 */
export function openCommandBus(
  store: EventStore,
  deciders: readonly AnyDecider[],
  watch: CommandWatch = {},
): HandleCommand {
  const listed = new Set(deciders.map(({ streamType }) => streamType));
  const { logger, settled, tracing } = watch;
  const handle = openHandleCommand(tracing ? traced(store, tracing) : store);

  return async function commandBus(decider, call) {
    if (!listed.has(decider.streamType))
      throw new Error(`${decider.streamType} is not in the list of deciders: its events could not be read`);
    const { correlationId } = call;
    const command = call.command.type;
    const effort = { attempts: 0 };
    const start = performance.now();
    let outcome: CommandOutcome = 'failed';
    let failure: unknown;
    try {
      const answer = tracing
        ? await tracing.span(
            `command ${command}`,
            { correlationId, ...call.trace },
            { 'orderstream.stream': call.streamId },
            () => attempt(handle, decider, call, command, effort),
          )
        : await attempt(handle, decider, call, command, effort);
      outcome = answer.type === 'accepted' && answer.replayed ? 'replayed' : answer.type;
      return answer;
    } catch (error) {
      failure = error;
      outcome = outcomeOf(error);
      throw error;
    } finally {
      const milliseconds = performance.now() - start;
      const level = failure !== undefined || milliseconds > slowCommandMs ? 'warn' : 'debug';
      // Thousands of commands a second run through here, so the report is only built if an observer needs it.
      if (settled || logger?.isLevelEnabled(level)) {
        const { streamType } = decider;
        const { streamId, commandId } = call;
        const { attempts } = effort;
        const report = { streamType, streamId, command, commandId, correlationId, outcome, attempts, milliseconds };
        settled?.(report);
        logger?.[level](failure === undefined ? report : { ...report, err: failure }, 'command settled');
      }
    }
  };
}

function attempt<State, Command extends DomainCommand, Event extends DomainEvent, Rejection>(
  handle: HandleCommand,
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  command: string,
  effort: Effort,
): Promise<CommandAnswer<Rejection>> {
  const right = (decider.rights as Readonly<Record<string, Right>>)[command];
  if (right === undefined) throw new Error(`${decider.streamType} declares no right for ${command}`);
  if (!hasRight(call.actor, right)) throw new ForbiddenCommandError(`Only ${right} may send ${command}`);
  const issues = commandIssues(call);
  return issues.length > 0 ? Promise.resolve({ type: 'invalid-input', issues }) : handle(decider, call, effort);
}

function outcomeOf(error: unknown): CommandOutcome {
  if (error instanceof OutcomeUnknownError) return 'unknown';
  if (error instanceof UnavailableError) return 'unavailable';
  if (error instanceof ReadOnlyError) return 'read-only';
  return error instanceof ForbiddenCommandError ? 'forbidden' : 'failed';
}

function traced(store: EventStore, tracing: Tracing): EventStore {
  return {
    ...store,
    append: (request, deadline) =>
      tracing.span('append', request.metadata, {}, () => {
        const metadata = { ...request.metadata, traceparent: tracing.traceparent() };
        return store.append({ ...request, metadata }, deadline);
      }),
  };
}
