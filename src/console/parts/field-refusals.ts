import type { CommandError } from '@orderstream/client';
import { refusalText } from '../words/refusal-words.ts';

/** Why a command was refused, by the field of its input; '' holds what is about no single field. */
export type FieldRefusals = Readonly<Record<string, string>>;

/** @param fields the names of the form's fields */
export function fieldRefusals(error: CommandError, fields: readonly string[]): FieldRefusals {
  // A path is `input`, the field, and maybe a part of the field.
  const fieldOf = ([, name = '']: readonly string[]) => (fields.includes(name) ? name : '');
  switch (error.__typename) {
    case 'InvalidInputError': {
      const found: Record<string, string> = {};
      for (const { path, message } of error.issues) {
        const field = fieldOf(path);
        const sentence = message.charAt(0).toUpperCase() + message.slice(1);
        found[field] = found[field] === undefined ? sentence : `${found[field]} ${sentence}`;
      }
      return error.issues.length > 0 ? found : { '': error.message };
    }
    case 'RejectedError':
      return { [fieldOf(error.path)]: refusalText(error) };
    case 'NotFoundError':
    case 'VersionConflictError':
    case 'IdempotencyKeyReusedError':
      return { '': refusalText(error) };
  }
}
