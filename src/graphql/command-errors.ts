import { type RejectionReason, rejectionReasons } from '../rejection-reasons.ts';
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
  readonly reason: RejectionReason;
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

const Reason = builder.enumType('RejectionReason', {
  description: 'The business rule that rejected the command. New values may be added.',
  values: Object.fromEntries(
    Object.entries(rejectionReasons).map(([reason, description]) => [reason, { description }]),
  ) as Record<RejectionReason, { description: string }>,
});

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
    reason: t.expose('reason', { type: Reason, description: 'The business rule that rejected the command.' }),
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
