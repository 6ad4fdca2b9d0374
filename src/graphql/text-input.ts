import { kindOfId } from '../ids.ts';
import type { InputIssue } from './command-errors.ts';

/**
 * Control characters and unpaired surrogates. PostgreSQL can't store NUL or an unpaired surrogate, so a text with one
 * of them would make the whole statement fail.
 */
// eslint-disable-next-line no-control-regex
const unstorable = /[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u;
/** The same for a text with several lines: line breaks and tabs are allowed. */
// eslint-disable-next-line no-control-regex
const unstorableInLines = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]|\p{Surrogate}/u;
const lineBreak = /[\n\r\u2028\u2029]/;
/**
 * A text that consists only of these characters shows nothing: spaces, zero-width characters, fillers (they are
 * ignorable by default), the blank Braille pattern, combining marks without a letter.
 */
const invisible = /^[\s\p{Z}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Mn}\p{Me}\u2800]*$/u;

/** Whether a text has at least one visible character. */
export function isVisible(text: string): boolean {
  return !invisible.test(text);
}

/**
 * The problems of a text that people write; none if it is left out.
 * @param maxLength in Unicode code points
 * @param lines whether the text may have several lines
 */
export function textIssues(
  path: readonly string[],
  text: string | null | undefined,
  maxLength: number,
  { lines }: { readonly lines: boolean } = { lines: false },
): InputIssue[] {
  if (text == null) return [];
  const tooLong = [{ path, message: `${nameOf(path)} can have at most ${maxLength} characters.` }];
  // The cheap check comes first: a document may give a text of a megabyte to each of fifty commands.
  if (text.length > 2 * maxLength) return tooLong;
  if (!isVisible(text)) return [{ path, message: `${nameOf(path)} can't be empty.` }];
  if (!lines && lineBreak.test(text)) return [{ path, message: `${nameOf(path)} can't have line breaks in it.` }];
  if ((lines ? unstorableInLines : unstorable).test(text)) {
    return [{ path, message: `${nameOf(path)} can't have control characters in it.` }];
  }
  return [...text].length > maxLength ? tooLong : [];
}

/** The problems of an id; none if it is left out. */
export function idIssues(path: readonly string[], kind: string, id: string | null | undefined): InputIssue[] {
  if (id == null || kindOfId(id) === kind) return [];
  return [{ path, message: `${nameOf(path)} has to be \`${kind}_<uuid>\` in lower case.` }];
}

function nameOf(path: readonly string[]): string {
  return path.at(-1) ?? 'It';
}
