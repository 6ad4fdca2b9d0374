import type { EventStore } from '../event-store/event-store.ts';
import { OutcomeUnknownError, ReadOnlyError, UnavailableError } from '../event-store/appender.ts';
import type { Logger } from '../logger.ts';
import type { Tracing } from '../tracing.ts';
import type { Actor, Decider, DomainEvent, Right } from './decider.ts';
import {
  type CommandAnswer,
  type CommandCall,
  type Effort,
  type HandleCommand,
  openHandleCommand,
} from './handle-command.ts';
import { commandIssues } from './command-issues.ts';

/** What became of a command, in words that are few enough for a label. */
export type CommandOutcome =
  | Exclude<CommandAnswer<unknown>['type'], 'accepted'>
  | 'accepted'
  | 'replayed'
  | 'forbidden'
  | 'unavailable'
  | 'read-only'
  | 'unknown'
  | 'failed';

/** One command, settled. */
export interface CommandReport {
  readonly streamType: string;
  readonly streamId: string;
  readonly command: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly outcome: CommandOutcome;
  /** How often it was decided and its append tried: 1, and more after conflicts and refusals on cached state. */
  readonly attempts: number;
  readonly milliseconds: number;
}

/** Who is told of commands. What is left out costs nothing. */
export interface CommandWatch {
  readonly logger?: Logger;
  readonly settled?: (report: CommandReport) => void;
  readonly tracing?: Tracing | undefined;
}

/** An actor asks for what their role may not. The door refuses it first; what comes here came by another way. */
export class ForbiddenCommandError extends Error {
  override readonly name = 'ForbiddenCommandError';
}

/** A command of these takes this long at most unless something is wrong, ms. */
const slow = 2_000;

/** Any aggregate's decider, as a list of them has it. */
export type AnyDecider = Pick<Decider<unknown, never, DomainEvent, unknown>, 'streamType'> & {
  readonly rights: Readonly<Record<string, Right>>;
};

/**
 * The one way in for the commands of every aggregate: whoever may ask (the decider's rights), well-formed input,
 * idempotency, decision and append, and around all of it the trace, the log line and the metric. An aggregate has all
 * of that by being listed.
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
      throw new Error(`${decider.streamType} is not listed: nobody would read its events`);
    const { correlationId } = call;
    const command = typeOf(call.command);
    const effort = { attempts: 0 };
    const start = performance.now();
    let outcome: CommandOutcome = 'failed';
    let failure: unknown;
    try {
      const answer = tracing
        ? await tracing.span(
            `command ${command}`,
            { correlationId, attributes: { 'orderstream.stream': call.streamId } },
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
      const level = failure !== undefined || milliseconds > slow ? 'warn' : 'debug';
      // Thousands a second: nothing is put together that nobody wants.
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

function attempt<State, Command, Event extends DomainEvent, Rejection>(
  handle: HandleCommand,
  decider: Decider<State, Command, Event, Rejection>,
  call: CommandCall<Command>,
  command: string,
  effort: Effort,
): Promise<CommandAnswer<Rejection>> {
  const right = (decider.rights as Readonly<Record<string, Right>>)[command];
  if (right === undefined) throw new Error(`${decider.streamType} says of no one that they may ask for ${command}`);
  if (!has(call.actor, right)) throw new ForbiddenCommandError(`${command} is for ${right} only`);
  const issues = commandIssues(call);
  return issues.length > 0 ? Promise.resolve({ type: 'invalid-input', issues }) : handle(decider, call, effort);
}

function has({ role }: Actor, right: Right): boolean {
  return right === 'authenticated' || role === right;
}

function typeOf(command: unknown): string {
  return (command as { readonly type: string }).type;
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
      tracing.span('append', { correlationId: request.metadata.correlationId }, () => store.append(request, deadline)),
  };
}
