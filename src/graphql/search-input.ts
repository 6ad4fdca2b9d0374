import { wordsOf } from '../projections/search.ts';
import { limitExceeded } from './coded-error.ts';

const longestSearch = 200;
const mostWords = 16;

/** What is said of every search. */
export const searchLimits = `At most ${longestSearch} characters and ${mostWords} words; blank: as if left out.`;

/**
 * The words that are searched for; undefined where nothing is. A text of signs alone has none, and finds nothing.
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
