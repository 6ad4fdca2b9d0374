import { wordsOf } from '../projections/search.ts';
import { limitExceeded } from './coded-error.ts';

const longestSearch = 200;
const mostWords = 16;

/** The limits of every search, for descriptions. */
export const searchLimits = `At most ${longestSearch} characters and ${mostWords} words. A blank text finds everything.`;

/**
 * The words to search for; undefined if the text is blank. A text without letters and digits has no words, and its
 * search finds nothing.
 * @throws LIMIT_EXCEEDED
 */
export function searchedWords(text: string | null | undefined): string[] | undefined {
  if (text == null || text.trim() === '') return undefined;
  if (text.length > longestSearch) {
    throw limitExceeded(`\`search\` can have at most ${longestSearch} characters.`, longestSearch);
  }
  const words = wordsOf(text);
  if (words.length > mostWords) throw limitExceeded(`\`search\` can have at most ${mostWords} words.`, mostWords);
  return words;
}
