import { type CommandName, commandDocument, readDocument } from './command-document.ts';
import { type CommandError, type CommandInputs, commandTypes } from './command-inputs.ts';
import type { Data } from './data.ts';
import { OperationError } from './operation-error.ts';
import type { Operations } from './operations.ts';
import type { Overlay } from './overlays.ts';
import { createPauses, type Pauses } from './pauses.ts';

export type { CommandName } from './command-document.ts';

export interface AcceptedCommand {
  readonly accepted: true;
  /** The object that the command created or changed. */
  readonly id: string;
  readonly version: number;
  readonly position: string;
}

/** A refusal stored nothing. Its `__typename` says which one it is. */
export type CommandResult = AcceptedCommand | { readonly accepted: false; readonly error: CommandError };

export interface CommandOptions {
  /**
   * Fields of the object that are shown at once, until the result of the command is shown. Only own fields of its type:
   * those that `commandDocument` selects.
   */
  readonly optimistic?: Data | undefined;
}

export interface Commands {
  /**
   * Sends a command. It has an idempotency key, so it is executed once, however often it had to be sent.
   * @param name of the mutation, e.g. `confirmOrder`
   * @returns also a refusal
   * @throws OperationError if there is no result. The command may have been stored if the code is `NETWORK` or
   * `OUTCOME_UNKNOWN`. Then its optimistic values are shown until the object has been read again.
   */
  run<Name extends CommandName>(
    name: Name,
    input: CommandInputs[Name],
    options?: CommandOptions,
  ): Promise<CommandResult>;
}

export function createCommands(operations: Operations): Commands {
  const pauses = createPauses();
  return {
    async run(name, input, { optimistic } = {}) {
      const command = prepareCommand(name, input);
      const overlay = optimistic && showOptimistic(operations, command, optimistic);
      try {
        const result = await sendCommand(operations, command);
        if (!result.accepted) overlay?.withdraw();
        else if (overlay) void settle(operations, command, overlay, pauses, result.position);
        return result;
      } catch (error) {
        if (repeatsAllowed(error) === 0) overlay?.withdraw();
        else if (overlay) void settle(operations, command, overlay, pauses);
        throw error;
      }
    },
  };
}

/** A command with all that it needs to be sent again without harm. */
export interface Command {
  readonly name: CommandName;
  readonly input: Data;
}

/** Adds the idempotency key, and the id of a new order, which later commands and its overlay need. */
export function prepareCommand(name: CommandName, given: CommandInputs[CommandName]): Command {
  const input = { ...given };
  input.idempotencyKey ??= newUuid();
  if (name === 'createOrder') (input as { orderId?: unknown }).orderId ??= `ord_${newUuid()}`;
  return { name, input };
}

/** Not randomUUID(): browsers offer it over HTTPS only. */
function newUuid(): string {
  return '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, digit => {
    const [random = 0] = crypto.getRandomValues(new Uint8Array(1));
    return (Number(digit) ^ (random & (15 >> (Number(digit) / 4)))).toString(16);
  });
}

/** The id of the command's object; undefined if the server makes it. */
export function objectIdOf({ name, input }: Command): string | undefined {
  return (input[`${commandTypes[name].toLowerCase()}Id`] as string | null | undefined) ?? undefined;
}

/** @throws OperationError */
export async function sendCommand(operations: Operations, { name, input }: Command): Promise<CommandResult> {
  const data = await operations.mutate(commandDocument(name), { input }, operations.session.viewer);
  const result = data[name] as Data | null | undefined;
  if (result == null) throw new OperationError('INTERNAL', `The answer of ${name} is empty.`);
  if (!('position' in result)) return { accepted: false, error: result as unknown as CommandError };
  const { version, position, [`${commandTypes[name].toLowerCase()}Id`]: id } = result;
  return { accepted: true, id: id as string, version: version as number, position: position as string };
}

export function showOptimistic({ session }: Operations, command: Command, fields: Data): Overlay {
  const id = objectIdOf(command);
  if (id === undefined) throw new TypeError(`Optimistic values need an id in the input of ${command.name}.`);
  return session.overlays.add(`${commandTypes[command.name]}:${id}`, fields);
}

/**
 * Ends the optimistic values of a command as soon as a state with its result is known. If no answer or frame has brought
 * that state, the object is read.
 * @param position of the stored command; undefined if it is unknown whether it was stored: then the next read decides
 */
export async function settle(
  operations: Operations,
  command: Command,
  overlay: Overlay,
  pauses: Pauses,
  position?: string,
): Promise<void> {
  const { viewerSignal, seen } = operations.session;
  if (position !== undefined) overlay.confirm(position);
  for (let attempt = 0; overlay.isShown && !viewerSignal.aborted; attempt++) {
    const variables = { id: objectIdOf(command), atLeast: position ?? seen.position };
    try {
      await operations.query(readDocument(commandTypes[command.name]), variables, viewerSignal);
      break;
    } catch (error) {
      if (attempt >= repeatsAllowed(error)) break;
      await pauses.wait(repeatWaitMs(attempt), viewerSignal);
    }
  }
  overlay.withdraw();
}

/** Failures that end by themselves. Those of `token` are no OperationErrors; they end as well. */
const passing = [
  ...['NETWORK', 'OUTCOME_UNKNOWN', 'UNAVAILABLE', 'RATE_LIMITED', 'VIEW_LAGGING', 'VIEW_PARKED', 'STALE_POSITION'],
  ...['UNAUTHENTICATED', 'READ_ONLY', 'SIGNED_OUT'],
];
/** Nothing was stored, and a repeat fails again. */
const final = [
  ...['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT', 'NOT_ACCEPTABLE', 'FORBIDDEN'],
  ...['NOT_FOUND', 'LIMIT_EXCEEDED'],
];
/** An error of the server may end with a repeat, but must not block later commands. */
const mostRepeats = 5;

/** How often an operation that failed with this error may be repeated. */
export function repeatsAllowed(error: unknown): number {
  if (!(error instanceof OperationError) || passing.includes(error.code)) return Infinity;
  return final.includes(error.code) ? 0 : mostRepeats;
}

/** Longer than the waits inside of an operation: it comes after these. @param attempt counts from 0 */
export function repeatWaitMs(attempt: number): number {
  return Math.min(30_000, 1_000 * 2 ** attempt) * (0.5 + Math.random() / 2);
}
