import type { TypedDocumentNode } from '@apollo/client';
import type { CommandError } from '@orderstream/client';
import { operations } from '../client.ts';
import { newId } from '../new-order/new-id.ts';
import { wordsOf } from '../words/error-words.ts';
import { refusalText } from '../words/refusal-words.ts';

/** What became of a command of an operator: the position of its event, or why there is none. */
export type Operated =
  | { readonly accepted: true; readonly position: string }
  | { readonly accepted: false; readonly why: string };

interface OperatorData {
  readonly result?: unknown;
}

/** Sends a command of an operator. It is carried out once, however often it has to be sent. */
export async function operate<Data extends OperatorData, Input extends object>(
  document: TypedDocumentNode<Data, { input: Input }>,
  input: Input,
): Promise<Operated> {
  try {
    const { result } = (await operations.mutate(document, {
      input: { ...input, idempotencyKey: newId('key') },
    })) as { readonly result?: { readonly position: string } | CommandError | null };
    if (result == null) return { accepted: false, why: 'The server gave no answer. Try again.' };
    if ('position' in result) return { accepted: true, position: result.position };
    return { accepted: false, why: refusalText(result) };
  } catch (error) {
    const { title, advice } = wordsOf(error);
    return { accepted: false, why: `${title}. ${advice}` };
  }
}
