import { kindOfId } from '../ids.ts';
import type { InputIssue } from './command-errors.ts';

/** Control characters; PostgreSQL stores neither NUL nor half of a surrogate pair: one of them fails a whole call. */
// eslint-disable-next-line no-control-regex
const unstorable = /[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u;

/**
 * What is wrong with a text of people's; nothing where it is left out.
 * @param longest in characters as people count them (code points)
 */
export function textIssues(path: readonly string[], text: string | null | undefined, longest: number): InputIssue[] {
  if (text == null) return [];
  if (text.trim() === '') return [{ path, message: `${nameOf(path)} can't be empty.` }];
  if (unstorable.test(text)) return [{ path, message: `${nameOf(path)} can't have control characters in it.` }];
  // Cheap before exact: a text of a megabyte is not taken apart.
  if (text.length > 2 * longest || [...text].length > longest) {
    return [{ path, message: `${nameOf(path)} can have at most ${longest} characters.` }];
  }
  return [];
}

/** What is wrong with an id; nothing where it is left out. */
export function idIssues(path: readonly string[], kind: string, id: string | null | undefined): InputIssue[] {
  if (id == null || kindOfId(id) === kind) return [];
  return [{ path, message: `${nameOf(path)} has to be \`${kind}_<uuid>\` in lower case.` }];
}

function nameOf(path: readonly string[]): string {
  return path.at(-1) ?? 'It';
}
