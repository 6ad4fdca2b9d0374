import type { Answer } from './typed-document.ts';

/** What an operation's only field may answer. */
type Result<Data> = NonNullable<Data[keyof Data]>;

/**
 * The payload of an operation's only command.
 * @throws where it was refused, with the whole answer
 */
export function accepted<Data extends object>(
  answer: Answer<Data>,
): Extract<Result<Data>, { readonly version: number; readonly position: string }> {
  const result = resultOf(answer);
  if (result === undefined || !('version' in result && 'position' in result)) {
    throw new Error(`refused: ${JSON.stringify({ data: answer.data, errors: answer.errors })}`);
  }
  return result as never;
}

/**
 * The typed refusal of an operation's only command.
 * @throws where it was accepted or failed, with the whole answer
 */
export function refusal<Data extends object>(
  answer: Answer<Data>,
): Extract<Result<Data>, { readonly message: string }> {
  const result = resultOf(answer);
  if (result === undefined || !('message' in result)) {
    throw new Error(`not refused: ${JSON.stringify({ data: answer.data, errors: answer.errors })}`);
  }
  return result as never;
}

function resultOf<Data extends object>({ data }: Answer<Data>): object | undefined {
  return Object.values<object | null>(data ?? {})[0] ?? undefined;
}
