import { getNamedType, type GraphQLResolveInfo, isInputObjectType, isNullableType } from 'graphql';
import type { Decider, DomainCommand, DomainEvent } from '../commands/decider.ts';
import type { CommandAnswer, CommandCall } from '../commands/handle-command.ts';
import { deriveId, newCommandId, newId, uuidV5 } from '../ids.ts';
import { builder, type InputRef, type Types } from './builder.ts';
import { hashesOfCommand } from '../commands/command-hash.ts';
import type { InputIssue } from './command-errors.ts';
import type { Accepted, CommandResult } from './command-result.ts';
import { type Context, viewerOf } from './context.ts';
import type { Rule } from './authorization.ts';

/**
 * The UUID namespace in which a caller's idempotency keys become command ids. It may never change, because the ids of
 * stored commands were derived from it.
 */
const commandNamespace = '7b0e5f5e-3c1d-4d6a-9f0b-2a4c8e6d1f37';

/** The fields that the input of every command may have besides its own ones. */
interface CommandInput {
  readonly idempotencyKey?: string | null | undefined;
  readonly expectedVersion?: number | null | undefined;
}

/** The description of `idempotencyKey` in the input of every command. */
export const idempotencyKeyDescription =
  'A command with the same key is executed only once. A repeat gets the first result.';

/** Creates the ids that a command needs. A repeat of the command gets the same ids. */
export interface CommandIds {
  /** @param label distinguishes the ids of one kind in a command */
  derive(kind: string, label: string): string;
}

type Prepared<Command extends DomainCommand> = Pick<CommandCall<Command>, 'streamId' | 'command'>;

/** The union type of the results of some commands. */
type ResultRef = PothosSchemaTypes.UnionRef<Types, CommandResult, CommandResult>;

/** The call whose events are stored. */
type AcceptedCall = Pick<CommandCall<DomainCommand>, 'actor' | 'correlationId' | 'now'>;

/** What the input of a command names does not exist. */
interface Missing {
  readonly missingId: string;
}

/** The fields that the rejections of every slice have. */
interface Rejection {
  readonly reason: string;
  readonly message: string;
  readonly path: readonly string[];
}

/**
 * Declares one mutation: input → command → handle → a member of the result union.
 * @param options.noun the word for people, e.g. in "There is no noun with this id"
 * @param options.toCommand returns the command and its stream, all problems of the input, or the id of what is missing
 * @param options.afterwards does what follows from the stored events, and returns the result. It runs again for a repeat
 * of the command, so that a caller who got no answer can complete it
 */
export function commandField<
  State,
  // A separate type parameter, so that the compiler infers the literal type of a command's `type` instead of
  // `string`.
  Type extends string,
  Command extends { readonly type: Type },
  Event extends DomainEvent,
  R extends Rejection,
  Input extends CommandInput,
>(options: {
  readonly name: string;
  readonly description: string;
  readonly rule: Rule;
  readonly noun: string;
  readonly input: InputRef<Input>;
  readonly result: ResultRef;
  readonly decider: Decider<State, Command, Event, R>;
  readonly toCommand: (
    input: Input,
    context: Context,
    ids: CommandIds,
  ) => Prepared<Command> | Missing | { readonly issues: readonly InputIssue[] };
  readonly afterwards?: (accepted: Accepted, call: AcceptedCall, context: Context) => Promise<Accepted>;
}): void {
  const { name, description, rule, noun, input: inputType, result, decider, toCommand, afterwards } = options;
  let defaults: object | undefined;
  builder.mutationField(name, t =>
    t.field({
      type: result,
      nullable: true,
      rule,
      description,
      args: { input: t.arg({ type: inputType, required: true, description: 'The data of the command.' }) },
      resolve: async (_root, args, context, info): Promise<CommandResult> => {
        const actor = viewerOf(context);
        const input = (args as unknown as { readonly input: Input }).input;
        const { idempotencyKey, expectedVersion } = input;
        const commandId =
          idempotencyKey == null
            ? newCommandId()
            : uuidV5(commandNamespace, JSON.stringify([actor.role, actor.subject, idempotencyKey]));
        const prepared = toCommand(input, context, {
          // Without an idempotency key the command can't be repeated, so random ids do. They take a quarter of the
          // time.
          derive: (kind, label) => (idempotencyKey == null ? newId(kind) : deriveId(kind, commandId, label)),
        });
        if ('issues' in prepared) return invalidInput([...prepared.issues, ...versionIssues(expectedVersion)]);
        if ('missingId' in prepared) return notFound(noun, prepared.missingId);

        const { streamId, command } = prepared;
        defaults ??= defaultsOf(info);
        const { commandHash, formerHash } = hashesOfCommand(name, input, defaults);
        // The fields are listed, because an object made by a spread is slower to create and to read.
        const now = context.now();
        const answer = await context.dependencies.handle(decider, {
          streamId,
          command,
          expectedVersion: expectedVersion ?? undefined,
          commandId,
          commandHash,
          formerHash,
          actor,
          correlationId: context.correlationId,
          trace: context.trace,
          now,
        });
        if (answer.type !== 'accepted') return resultOf(answer, noun, streamId);
        const { correlationId } = context;
        const accepted = afterwards ? await afterwards(answer, { actor, correlationId, now }, context) : answer;
        context.responsePosition.reached(accepted.position);
        return accepted;
      },
    }),
  );
}

/** The default values of the input's nullable fields. */
function defaultsOf({ parentType, fieldName }: GraphQLResolveInfo): object {
  const argument = parentType.getFields()[fieldName]?.args[0];
  const input = argument && getNamedType(argument.type);
  if (!isInputObjectType(input)) throw new Error(`${fieldName} has no input`);
  const fields = Object.values(input.getFields()).filter(({ type }) => isNullableType(type));
  return Object.fromEntries(
    fields.flatMap(field => (field.defaultValue == null ? [] : [[field.name, field.defaultValue]])),
  );
}

function versionIssues(expectedVersion: number | null | undefined): InputIssue[] {
  if (expectedVersion == null || expectedVersion >= 0) return [];
  return [{ path: ['input', 'expectedVersion'], message: "A version can't be negative." }];
}

function invalidInput(issues: readonly InputIssue[]): CommandResult {
  return { type: 'invalid-input', message: issues.map(({ message }) => message).join(' '), issues };
}

function notFound(noun: string, streamId: string): CommandResult {
  return { type: 'not-found', message: `There is no ${noun} with this id: check the id.`, streamId };
}

type Refused = Exclude<CommandAnswer<Rejection>, { readonly type: 'accepted' }>;

function resultOf(answer: Refused, noun: string, streamId: string): CommandResult {
  switch (answer.type) {
    case 'rejected':
      return { type: 'rejected', ...answer.rejection, streamId };
    case 'not-found':
      return notFound(noun, streamId);
    case 'version-conflict':
      return {
        ...answer,
        message: `The ${noun} is at version ${answer.actualVersion}, not ${answer.expectedVersion}: read it again.`,
        streamId,
      };
    case 'invalid-input':
      return invalidInput(answer.issues.map(({ path, message }) => ({ path: ['input', ...path], message })));
    case 'key-reused':
      return { type: 'key-reused', message: 'This idempotency key was used for another command: choose another one.' };
  }
}
