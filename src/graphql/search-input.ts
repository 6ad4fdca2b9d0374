import { wordsOf } from '../projections/search-words.ts';
import { limitExceeded } from './coded-error.ts';

const maxSearchLength = 200;
const maxSearchWords = 16;

/** The limits of every search, for descriptions. */
export const searchLimits = `At most ${maxSearchLength} characters and ${maxSearchWords} words. A blank text finds everything.`;

/**
 * The words to search for; undefined if the text is blank. A text without letters and digits has no words, and its
 * search finds nothing.
 * @throws LIMIT_EXCEEDED
 */
export function searchedWords(text: string | null | undefined): string[] | undefined {
  if (text == null || text.trim() === '') return undefined;
  if (text.length > maxSearchLength) {
    throw limitExceeded(`\`search\` can have at most ${maxSearchLength} characters.`, maxSearchLength);
  }
  const words = wordsOf(text);
  if (words.length > maxSearchWords)
    throw limitExceeded(`\`search\` can have at most ${maxSearchWords} words.`, maxSearchWords);
  return words;
}
