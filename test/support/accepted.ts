import type { Answer } from './typed-document.ts';

/** The possible results of an operation's only field. */
type Result<Data> = NonNullable<Data[keyof Data]>;

/**
 * The payload of an operation's only command.
 * @throws if it was rejected; the error contains the whole response
 */
export function accepted<Data extends object>(
  answer: Answer<Data>,
): Extract<Result<Data>, { readonly version: number; readonly position: string }> {
  const result = resultOf(answer);
  if (result === undefined || !('version' in result && 'position' in result)) {
    throw new Error(`rejected: ${JSON.stringify({ data: answer.data, errors: answer.errors })}`);
  }
  return result as never;
}

/**
 * The typed rejection of an operation's only command.
 * @throws if it was accepted or failed; the error contains the whole response
 */
export function refusal<Data extends object>(
  answer: Answer<Data>,
): Extract<Result<Data>, { readonly message: string }> {
  const result = resultOf(answer);
  if (result === undefined || !('message' in result)) {
    throw new Error(`not rejected: ${JSON.stringify({ data: answer.data, errors: answer.errors })}`);
  }
  return result as never;
}

function resultOf<Data extends object>({ data }: Answer<Data>): object | undefined {
  return Object.values<object | null>(data ?? {})[0] ?? undefined;
}
