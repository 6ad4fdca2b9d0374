import { type Sql, sql } from '../database/sql.ts';
import { erased } from './view.ts';

/** Characters of a word that are indexed. More would find no more rows, and a lexeme of 2 KB fails its statement. */
const maxWordLength = 64;
/** Maximum number of words of a row that are indexed: a vector of 1 MB fails its statement. */
const maxWords = 2_000;

/**
 * Splits a text into search words: letters and digits, folded. Rows and search texts are split by this function on
 * every database, and not by PostgreSQL's parser, which recognises signed numbers and host names in `PO-7` and `a.b`.
 * Erased personal data has no words. Rows store their words: after a change here, all searched views must be rebuilt,
 * or older rows are not found.
 */
export function wordsOf(text: string | null): string[] {
  if (text === null || text === erased) return [];
  const words = foldText(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(word => word !== '');
  // By code points: half of a surrogate pair cannot be stored.
  return words.map(word => (word.length > maxWordLength ? [...word].slice(0, maxWordLength).join('') : word));
}

/**
 * Removes differences that searches ignore: capitals (by Unicode's full case folding, so ß is ss), accents, the forms
 * of one letter (final sigma, ligatures, full width, i without a dot), and invisible characters, which can be inside
 * words.
 */
export function foldText(text: string): string {
  // eslint-disable-next-line no-control-regex -- ASCII: nearly all texts, and nothing to fold but capitals
  if (/^[\u0000-\u007f]*$/.test(text)) return text.toLowerCase();
  // Case first: the capital of a letter with an iota subscript has a separate iota. And again for the letters that
  // NFKD produces.
  const decomposed = foldCase(foldCase(text.normalize('NFD')).normalize('NFKD')).normalize('NFKD');
  return decomposed.replace(/[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '').replaceAll('ς', 'σ');
}

/** Almost Unicode's full case folding, which JavaScript does not have: ẞ, ß and SS become equal only by this detour. */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase();
}

/** The words as the text of a tsvector, exactly as PostgreSQL prints it: sorted by bytes, each word once. */
export function searchVector(words: readonly string[]): string {
  const distinct = [...new Set(words)].slice(0, maxWords);
  // Up to this code unit, code units sort like bytes, in a quarter of the time.
  if (distinct.some(word => /[\ud800-\uffff]/.test(word)))
    distinct.sort((one, other) => Buffer.from(one).compare(Buffer.from(other)));
  else distinct.sort();
  return distinct.map(word => `'${word}'`).join(' ');
}

/**
 * Builds the text of one tsquery per word. They find rows that have each of the words; the last word also matches as
 * a prefix.
 * @param marks marks that the word may have in the row, see View.search; default: no mark
 */
export function searchQueries(words: readonly string[], marks: readonly string[] = ['']): string[] {
  // A word contains only letters and digits, so no quote can end it.
  return words.map((word, index) => {
    const prefix = index === words.length - 1 ? ':*' : '';
    return marks.map(mark => `'${mark}${word}'${prefix}`).join(' | ');
  });
}

/** The same as conditions on a listing (alias l). Without words, no row is found instead of all. */
export function searchFilters(words: readonly string[], marks?: readonly string[]): Sql[] {
  if (words.length === 0) return [sql`false`];
  return [
    sql`l.search @@ ${searchQueries(words, marks)
      .map(query => `(${query})`)
      .join(' & ')}::tsquery`,
  ];
}

/** The search words that a row with these words does not have. It is empty for a row that the search finds. */
export function missingWords(searched: readonly string[], words: readonly string[]): string[] {
  return searched.filter((word, index) => {
    const isLast = index === searched.length - 1;
    return !words.some(one => one === word || (isLast && one.startsWith(word)));
  });
}
