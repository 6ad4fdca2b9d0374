import { kindOfId } from '../ids.ts';
import { operatedStreamId } from '../operator/operated-stream.ts';
import { abandonRebuild, requestRebuild, retryStream, skipStreamEvent } from '../operator/projection-commands.ts';
import { projectionDecider } from '../operator/projection-decider.ts';
import { rebuildsStreamId } from '../projections/rebuild-requests.ts';
import { builder } from './builder.ts';
import {
  IdempotencyKeyReusedError,
  type InputIssue,
  InvalidInputError,
  NotFoundError,
  RejectedError,
} from './command-errors.ts';
import { commandField, idempotencyKeyDescription } from './command-field.ts';
import { type Accepted, type CommandResult, errorTypeNames } from './command-result.ts';

declare module './dependencies.ts' {
  interface Dependencies {
    /** The names of all views. */
    readonly viewNames: readonly string[];
  }
}

const OperatorCommandPayload = builder.objectRef<Accepted>('OperatorCommandPayload').implement({
  description:
    'The result of a command of an operator that was accepted. An event with the name of the operator is stored. The projectors then carry it out.',
  rule: 'as-parent',
  fields: t => ({
    position: t.expose('position', {
      type: 'Position',
      description: 'The position of the event. Pass it as `atLeast` to a read that has to reflect the command.',
    }),
  }),
});

const OperatorCommandResult = builder.unionType('OperatorCommandResult', {
  description: 'The result of a command of an operator.',
  types: [OperatorCommandPayload, RejectedError, NotFoundError, InvalidInputError, IdempotencyKeyReusedError],
  resolveType: (result: CommandResult) =>
    result.type === 'accepted' ? OperatorCommandPayload.name : errorTypeNames[result.type],
});

const operatorCommand = {
  rule: 'operator',
  result: OperatorCommandResult,
  decider: projectionDecider,
} as const;

commandField({
  ...operatorCommand,
  name: 'rebuildView',
  description:
    'Requests a rebuild of a read model and of those with the same position, and returns at once (operators only). A projector folds the log again, beside the current rows, which are read until the rebuild is complete. `projections` shows its progress.',
  noun: 'read model',
  input: builder.inputType('RebuildViewInput', {
    description: 'The read model to rebuild.',
    fields: t => ({
      view: t.string({ required: true, description: 'The name of the read model, as `projections` returns it.' }),
      idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
    }),
  }),
  toCommand({ view }, { dependencies: { viewNames, source } }) {
    if (!viewNames.includes(view)) return { missingId: view };
    return { streamId: rebuildsStreamId, command: requestRebuild(source.database, view) };
  },
});

commandField({
  ...operatorCommand,
  name: 'abandonRebuild',
  description: 'Abandons the running rebuild and deletes its rows (operators only). The current rows stay as they are.',
  noun: 'rebuild',
  input: builder.inputType('AbandonRebuildInput', {
    description: 'The rebuild to abandon: the running one.',
    fields: t => ({
      idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
    }),
  }),
  toCommand: (_input, { dependencies: { source } }) => ({
    streamId: rebuildsStreamId,
    command: abandonRebuild(source.database),
  }),
});

commandField({
  ...operatorCommand,
  name: 'retryParkedStream',
  description:
    'Folds a parked stream again, starting with the event that could not be folded (operators only). If an event cannot be folded again, the stream stays parked, and `parkedStreams` has the new error.',
  noun: 'stream',
  input: builder.inputType('RetryParkedStreamInput', {
    description: 'The parked stream to retry.',
    fields: t => ({
      streamId: t.id({ required: true, description: 'The id of the parked stream.' }),
      idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
    }),
  }),
  toCommand({ streamId }, { dependencies: { source } }) {
    const issues = streamIssues(streamId);
    return issues.length > 0
      ? { issues }
      : { streamId: operatedStreamId(streamId), command: retryStream(source.database, streamId) };
  },
});

commandField({
  ...operatorCommand,
  name: 'skipParkedStream',
  description:
    'Leaves the event that cannot be folded out of the rows of its stream for good, so that the stream continues with the next event (operators only). The event stays in the log, and commands still take it into account.',
  noun: 'stream',
  input: builder.inputType('SkipParkedStreamInput', {
    description: 'The parked stream whose next event is skipped.',
    fields: t => ({
      streamId: t.id({ required: true, description: 'The id of the parked stream.' }),
      version: t.int({
        description:
          'The version of the event to skip, as `parkedStreams` returns it. If the stream is parked before another version, the command is rejected.',
      }),
      idempotencyKey: t.field({ type: 'IdempotencyKey', description: idempotencyKeyDescription }),
    }),
  }),
  toCommand({ streamId, version }, { dependencies: { source } }) {
    const issues = streamIssues(streamId);
    if (issues.length > 0) return { issues };
    const command = skipStreamEvent(source.database, streamId, version ?? undefined);
    return { streamId: operatedStreamId(streamId), command };
  },
});

function streamIssues(streamId: string): InputIssue[] {
  if (kindOfId(streamId) !== undefined) return [];
  return [{ path: ['input', 'streamId'], message: 'streamId has to be `<kind>_<uuid>` in lower case.' }];
}
