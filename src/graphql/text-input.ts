import { kindOfId } from '../ids.ts';
import { isTraded } from '../money.ts';
import type { InputIssue } from './command-errors.ts';

/** Control characters; PostgreSQL stores neither NUL nor half of a surrogate pair: one of them fails a whole call. */
// eslint-disable-next-line no-control-regex
const unstorable = /[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u;
/** The same, without what a text of several lines has: line breaks and tabs. */
// eslint-disable-next-line no-control-regex
const unstorableInLines = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]|\p{Surrogate}/u;
const lineBreak = /[\n\r\u2028\u2029]/;
/**
 * A text of these alone shows nothing: spaces, zero-width characters, fillers (they are ignorable by default), the blank
 * Braille pattern, marks with no letter to stand on.
 */
const invisible = /^[\s\p{Z}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Mn}\p{Me}\u2800]*$/u;

/** Whether there is anything to see in a text. */
export function isVisible(text: string): boolean {
  return !invisible.test(text);
}

/**
 * What is wrong with a text that people write; nothing if it is left out.
 * @param longest in characters as people count them (code points)
 * @param lines whether it may have several lines
 */
export function textIssues(
  path: readonly string[],
  text: string | null | undefined,
  longest: number,
  { lines }: { readonly lines: boolean } = { lines: false },
): InputIssue[] {
  if (text == null) return [];
  const tooLong = [{ path, message: `${nameOf(path)} can have at most ${longest} characters.` }];
  // First, and before characters are counted: a document may give a text of a megabyte to each of fifty commands.
  if (text.length > 2 * longest) return tooLong;
  if (!isVisible(text)) return [{ path, message: `${nameOf(path)} can't be empty.` }];
  if (!lines && lineBreak.test(text)) return [{ path, message: `${nameOf(path)} can't have line breaks in it.` }];
  if ((lines ? unstorableInLines : unstorable).test(text)) {
    return [{ path, message: `${nameOf(path)} can't have control characters in it.` }];
  }
  return [...text].length > longest ? tooLong : [];
}

/** What is wrong with an id; nothing if it is left out. */
export function idIssues(path: readonly string[], kind: string, id: string | null | undefined): InputIssue[] {
  if (id == null || kindOfId(id) === kind) return [];
  return [{ path, message: `${nameOf(path)} has to be \`${kind}_<uuid>\` in lower case.` }];
}

/** What is wrong with a currency that something is to be priced in; nothing if it is left out. */
export function currencyIssues(path: readonly string[], currency: string | null | undefined): InputIssue[] {
  if (currency == null || isTraded(currency)) return [];
  return [{ path, message: `Nothing is sold in ${currency}: choose the code of a currency, like EUR.` }];
}

function nameOf(path: readonly string[]): string {
  return path.at(-1) ?? 'It';
}
