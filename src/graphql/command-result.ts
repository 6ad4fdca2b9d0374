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

/** A command's events are stored; a repeat has the first one's version and position. */
export interface Accepted {
  readonly type: 'accepted';
  readonly streamId: string;
  readonly version: number;
  readonly position: Position;
}

export type CommandResult = Accepted | Rejected | NotFound | VersionConflict | InvalidInput | KeyReused;

/**
 * Declares `<Noun>CommandPayload` (with `<noun>Id`, `version`, `position` and `<noun>`) and `<Noun>CommandResult`.
 * @param noun in camel case; what it names has to be a registered node
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
      [`${noun}Id`]: t.id({ description: 'What the command was for.', resolve: accepted => accepted.streamId }),
      version: t.exposeInt('version', { description: 'Version of the event stream that the command reached.' }),
      position: t.expose('position', {
        type: 'Position',
        description: "Position that the command's events reached: `atLeast` of what is to reflect them.",
      }),
      [noun]: t.field({
        type: node,
        nullable: true,
        description: 'As the command left it, or newer; null where it could not be read just then.',
        // Whatever has this id is a row of this type, which the compiler can't know.
        resolve: (accepted, _args, context) => storedNode(context, accepted.streamId) as never,
      }),
    }),
  });
  const typeNames: { readonly [Type in CommandResult['type']]: string } = {
    accepted: payload.name,
    rejected: RejectedError.name,
    'not-found': NotFoundError.name,
    'version-conflict': VersionConflictError.name,
    'invalid-input': InvalidInputError.name,
    'key-reused': IdempotencyKeyReusedError.name,
  };
  return builder.unionType(`${Noun}CommandResult`, {
    description: descriptions.result,
    types: [payload, RejectedError, NotFoundError, VersionConflictError, InvalidInputError, IdempotencyKeyReusedError],
    resolveType: result => typeNames[result.type],
  });
}

/** What was stored is never answered as an error: who saw one would think that the command had failed. */
async function storedNode(context: Context, id: string): Promise<object | null> {
  try {
    return await loadNode(context, id);
  } catch (error) {
    context.logger.warn({ err: error, id }, 'a stored command is answered without what it left');
    return null;
  }
}
