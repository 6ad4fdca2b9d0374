import { type RejectionReason, rejectionReasons } from '../rejection-reasons.ts';
import { builder } from './builder.ts';
import { loadNode, Node } from './node.ts';

/** Something wrong with the input itself; the path starts at the mutation's arguments, e.g. `input`, `name`. */
export interface InputIssue {
  readonly path: readonly string[];
  readonly message: string;
}

interface Refused<Type extends string> {
  readonly type: Type;
  readonly message: string;
}

export interface Rejected extends Refused<'rejected'> {
  readonly reason: RejectionReason;
  readonly path: readonly string[];
  readonly streamId: string;
}
export interface NotFound extends Refused<'not-found'> {
  readonly streamId: string;
}
export interface VersionConflict extends Refused<'version-conflict'> {
  readonly expectedVersion: number;
  readonly actualVersion: number;
  readonly streamId: string;
}
export interface InvalidInput extends Refused<'invalid-input'> {
  readonly issues: readonly InputIssue[];
}
export type KeyReused = Refused<'key-reused'>;

const CommandError = builder.interfaceRef<Refused<string>>('CommandError').implement({
  description: 'A command that was refused: nothing was stored.',
  fields: t => ({ message: t.exposeString('message', { description: 'For people: why, and what to do.' }) }),
});

const Reason = builder.enumType('RejectionReason', {
  description: 'Which business rule said no. More may come.',
  values: Object.fromEntries(
    Object.entries(rejectionReasons).map(([reason, description]) => [reason, { description }]),
  ) as Record<RejectionReason, { description: string }>,
});

const InputIssueType = builder.objectRef<InputIssue>('InputIssue').implement({
  description: 'One thing that is wrong with an input.',
  rule: 'as-parent',
  fields: t => ({
    path: t.stringList({ description: 'Leads to it from the arguments.', resolve: issue => issue.path }),
    message: t.exposeString('message', { description: 'What is wrong with it.' }),
  }),
});

export const RejectedError = builder.objectRef<Rejected>('RejectedError').implement({
  description:
    'A business rule said no. `path` leads to the input that it is about; `current` is what the command met.',
  rule: 'as-parent',
  interfaces: [CommandError],
  fields: t => ({
    reason: t.expose('reason', { type: Reason, description: 'The rule.' }),
    path: t.stringList({ description: 'Leads to the input from the arguments.', resolve: error => error.path }),
    current: t.field({
      type: Node,
      nullable: true,
      description: 'What the command met, as the viewer may see it.',
      resolve: (error, _args, context) => loadNode(context, error.streamId),
    }),
  }),
});

export const NotFoundError = builder.objectRef<NotFound>('NotFoundError').implement({
  description: "What the command is for does not exist or is not the viewer's.",
  rule: 'as-parent',
  interfaces: [CommandError],
  fields: t => ({ id: t.id({ description: 'Its id.', resolve: error => error.streamId }) }),
});

export const VersionConflictError = builder.objectRef<VersionConflict>('VersionConflictError').implement({
  description: 'It moved on since `expectedVersion`.',
  rule: 'as-parent',
  interfaces: [CommandError],
  fields: t => ({
    expectedVersion: t.exposeInt('expectedVersion', { description: 'The version that the command was for.' }),
    actualVersion: t.exposeInt('actualVersion', { description: 'The version that the command met.' }),
    current: t.field({
      type: Node,
      nullable: true,
      description: 'What the command met, as the viewer may see it.',
      resolve: (error, _args, context) => loadNode(context, error.streamId),
    }),
  }),
});

export const InvalidInputError = builder.objectRef<InvalidInput>('InvalidInputError').implement({
  description: 'The input is ill-formed.',
  rule: 'as-parent',
  interfaces: [CommandError],
  fields: t => ({
    issues: t.field({ type: [InputIssueType], description: 'Everything that is.', resolve: error => error.issues }),
  }),
});

export const IdempotencyKeyReusedError = builder.objectRef<KeyReused>('IdempotencyKeyReusedError').implement({
  description: 'The same idempotency key came with another command.',
  rule: 'as-parent',
  interfaces: [CommandError],
});
