import type { Position } from '../event-store/position.ts';
import { builder, type ObjectRef } from './builder.ts';
import {
  IdempotencyKeyReusedError,
  type InvalidInput,
  InvalidInputError,
  type KeyReused,
  type NotFound,
  NotFoundError,
  type Rejected,
  RejectedError,
  type VersionConflict,
  VersionConflictError,
} from './command-errors.ts';
import type { Context } from './context.ts';
import { loadNode } from './node.ts';

/** The events of a command are stored. A repeat returns the version and position of the first execution. */
export interface Accepted {
  readonly type: 'accepted';
  readonly streamId: string;
  readonly version: number;
  readonly position: Position;
}

export type CommandResult = Accepted | Rejected | NotFound | VersionConflict | InvalidInput | KeyReused;

/**
 * Declares `<Noun>CommandPayload` (with `<noun>Id`, `version`, `position` and `<noun>`) and `<Noun>CommandResult`.
 * @param noun in camel case; its type has to be a registered node
 */
export function commandResult<Row extends object>(
  noun: string,
  node: ObjectRef<Row>,
  descriptions: { readonly payload: string; readonly result: string },
) {
  const Noun = noun.charAt(0).toUpperCase() + noun.slice(1);
  const payload = builder.objectRef<Accepted>(`${Noun}CommandPayload`).implement({
    description: descriptions.payload,
    rule: 'as-parent',
    fields: t => ({
      [`${noun}Id`]: t.id({
        description: 'The id of the object that the command created or changed.',
        resolve: accepted => accepted.streamId,
      }),
      version: t.exposeInt('version', { description: 'The version of the event stream after the command.' }),
      position: t.expose('position', {
        type: 'Position',
        description:
          "The position of the command's last event. Pass it as `atLeast` to a read that has to reflect the command.",
      }),
      [noun]: t.field({
        type: node,
        nullable: true,
        description:
          'The object after the command, or a newer state. Null if it could not be read: the command is stored all the same.',
        // The registered loader of this id returns a row of this type, which the compiler can't know.
        resolve: (accepted, _args, context) => storedNode(context, accepted.streamId) as never,
      }),
    }),
  });
  return builder.unionType(`${Noun}CommandResult`, {
    description: descriptions.result,
    types: [payload, RejectedError, NotFoundError, VersionConflictError, InvalidInputError, IdempotencyKeyReusedError],
    resolveType: result => (result.type === 'accepted' ? payload.name : errorTypeNames[result.type]),
  });
}

/** The types of the errors of commands. */
export const errorTypeNames: { readonly [Type in Exclude<CommandResult['type'], 'accepted'>]: string } = {
  rejected: RejectedError.name,
  'not-found': NotFoundError.name,
  'version-conflict': VersionConflictError.name,
  'invalid-input': InvalidInputError.name,
  'key-reused': IdempotencyKeyReusedError.name,
};

/**
 * A failed read after a stored command returns null and not an error: the caller would take the error for a failed
 * command.
 */
async function storedNode(context: Context, id: string): Promise<object | null> {
  try {
    return await loadNode(context, id);
  } catch (error) {
    context.logger.warn({ err: error, id }, 'the state after a stored command could not be read');
    return null;
  }
}
