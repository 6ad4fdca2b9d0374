import type { AnyDecider } from '../commands/decider.ts';
import { builder } from './builder.ts';
import { loadNode, Node } from './node.ts';

/** A problem of the input itself. The path starts at the arguments of the mutation, e.g. `input`, `name`. */
export interface InputIssue {
  readonly path: readonly string[];
  readonly message: string;
}

interface CommandFailure<Type extends string> {
  readonly type: Type;
  readonly message: string;
}

export interface Rejected extends CommandFailure<'rejected'> {
  readonly reason: string;
  readonly path: readonly string[];
  readonly streamId: string;
}
export interface NotFound extends CommandFailure<'not-found'> {
  readonly streamId: string;
}
export interface VersionConflict extends CommandFailure<'version-conflict'> {
  readonly expectedVersion: number;
  readonly actualVersion: number;
  readonly streamId: string;
}
export interface InvalidInput extends CommandFailure<'invalid-input'> {
  readonly issues: readonly InputIssue[];
}
export type KeyReused = CommandFailure<'key-reused'>;

const CommandError = builder.interfaceRef<CommandFailure<string>>('CommandError').implement({
  description: 'An error of a command that was not accepted. Nothing was stored.',
  fields: t => ({
    message: t.exposeString('message', { description: 'A text for people: the reason, and what to do.' }),
  }),
});

/** The values of the enum RejectionReason. They come from the slices, which this kit does not know. */
const reasons: Record<string, string> = {};

/**
 * Declares the enum RejectionReason with the reasons of all aggregates. Called once, before the schema is built.
 * @throws Error if two aggregates describe one reason differently
 */
export function declareRejectionReasons(aggregates: readonly Pick<AnyDecider, 'reasons'>[]): void {
  const values: Record<string, { description: string }> = {};
  for (const [reason, description] of aggregates.flatMap(one => Object.entries(one.reasons))) {
    if ((values[reason] ?? { description }).description !== description) {
      throw new Error(`${reason} has two descriptions: give it the same one in both slices`);
    }
    values[reason] = { description };
    reasons[reason] = reason;
  }
  const description = 'The business rule that rejected the command. New values may be added.';
  builder.enumType(reasons, { name: 'RejectionReason', description, values });
}

const InputIssueType = builder.objectRef<InputIssue>('InputIssue').implement({
  description: 'One problem of an input.',
  rule: 'as-parent',
  fields: t => ({
    path: t.stringList({
      description: 'Path from the arguments of the mutation to the invalid part.',
      resolve: issue => issue.path,
    }),
    message: t.exposeString('message', { description: 'A text for people: the problem.' }),
  }),
});

export const RejectedError = builder.objectRef<Rejected>('RejectedError').implement({
  description:
    'A business rule rejected the command. `path` leads to the rejected part of the input. `current` is the current state of the object.',
  rule: 'as-parent',
  interfaces: [CommandError],
  fields: t => ({
    reason: t.expose('reason', { type: reasons, description: 'The business rule that rejected the command.' }),
    path: t.stringList({
      description: 'Path from the arguments of the mutation to the rejected part of the input.',
      resolve: error => error.path,
    }),
    current: t.field({
      type: Node,
      nullable: true,
      description: 'The current state of the object. Null if it does not exist or the viewer may not see it.',
      resolve: (error, _args, context) => loadNode(context, error.streamId),
    }),
  }),
});

export const NotFoundError = builder.objectRef<NotFound>('NotFoundError').implement({
  description: 'The object of the command does not exist, or the viewer may not see it.',
  rule: 'as-parent',
  interfaces: [CommandError],
  fields: t => ({ id: t.id({ description: 'The id that was not found.', resolve: error => error.streamId }) }),
});

export const VersionConflictError = builder.objectRef<VersionConflict>('VersionConflictError').implement({
  description: 'The object has changed since `expectedVersion`.',
  rule: 'as-parent',
  interfaces: [CommandError],
  fields: t => ({
    expectedVersion: t.exposeInt('expectedVersion', { description: 'The version that the command expected.' }),
    actualVersion: t.exposeInt('actualVersion', { description: 'The version that the object has now.' }),
    current: t.field({
      type: Node,
      nullable: true,
      description: 'The current state of the object. Null if it does not exist or the viewer may not see it.',
      resolve: (error, _args, context) => loadNode(context, error.streamId),
    }),
  }),
});

export const InvalidInputError = builder.objectRef<InvalidInput>('InvalidInputError').implement({
  description: 'The input is invalid.',
  rule: 'as-parent',
  interfaces: [CommandError],
  fields: t => ({
    issues: t.field({
      type: [InputIssueType],
      description: 'All problems of the input.',
      resolve: error => error.issues,
    }),
  }),
});

export const IdempotencyKeyReusedError = builder.objectRef<KeyReused>('IdempotencyKeyReusedError').implement({
  description: 'The idempotency key was already used for another command.',
  rule: 'as-parent',
  interfaces: [CommandError],
});
