import type { ErrorAnswer } from './typed-document.ts';

/** The code of each error of a response; undefined if it has no errors. */
export function codesOf({ errors }: { readonly errors?: readonly ErrorAnswer[] | undefined }): string[] | undefined {
  return errors?.map(({ extensions }) => extensions.code);
}
