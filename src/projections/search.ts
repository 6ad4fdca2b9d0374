import { Prisma } from '../generated/prisma/client.ts';
import { erased } from './view.ts';

/** Characters of a word that count: the rest would find no more, and a lexeme of 2 KB fails its statement. */
const longestWord = 64;
/** Words of a row that it is found by: a vector of 1 MB fails its statement. */
const mostWords = 2_000;

/**
 * The words of a text as rows are found by them: letters and digits, folded. The same for rows and for what is searched
 * for, whatever database: no parser of PostgreSQL's, which reads a sign or a host's name into `PO-7` and `a.b`, comes
 * between. Erased personal data has no words. Rows store their words: a change here needs a rebuild of all views that
 * are searched, or rows written before it are not found.
 */
export function wordsOf(text: string | null): string[] {
  if (text === null || text === erased) return [];
  const words = foldText(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(word => word !== '');
  // By code points: half of a pair can't be stored.
  return words.map(word => (word.length > longestWord ? [...word].slice(0, longestWord).join('') : word));
}

/**
 * The text without what readers do not search by: capitals (by Unicode's full case folding, so ß is ss), accents, the
 * forms of one letter (final sigma, ligatures, full width, i without a dot) and invisible characters, which are in the
 * middle of words.
 */
export function foldText(text: string): string {
  // eslint-disable-next-line no-control-regex -- ASCII: nearly all texts, and nothing to fold but capitals
  if (/^[\u0000-\u007f]*$/.test(text)) return text.toLowerCase();
  // Case first: a capital of a letter with an iota subscript has an iota of its own. And again for what NFKD makes.
  const decomposed = foldCase(foldCase(text.normalize('NFD')).normalize('NFKD')).normalize('NFKD');
  return decomposed.replace(/[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '').replaceAll('ς', 'σ');
}

/** Nearly Unicode's full case folding, which JavaScript does not have: of ẞ, ß and SS only small letters' capitals are one. */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase();
}

/** Words as a tsvector's text, exactly as PostgreSQL prints it: sorted by their bytes, each once. */
export function searchVector(words: readonly string[]): string {
  const some = [...new Set(words)].slice(0, mostWords);
  // Up to there code units sort as bytes do, and in a quarter of the time.
  if (some.some(word => /[\ud800-\uffff]/.test(word)))
    some.sort((one, other) => Buffer.from(one).compare(Buffer.from(other)));
  else some.sort();
  return some.map(word => `'${word}'`).join(' ');
}

/**
 * What finds rows with each of the words, the last one also as the beginning of one: a tsquery's text for each word.
 * @param marks that a word may have before it in the row, see View.search; plain where left out
 */
export function searchQueries(words: readonly string[], marks: readonly string[] = ['']): string[] {
  // Nothing but letters and digits is in a word: no quote ends it.
  return words.map((word, index) => {
    const prefix = index === words.length - 1 ? ':*' : '';
    return marks.map(mark => `'${mark}${word}'${prefix}`).join(' | ');
  });
}

/** The same as conditions on a listing (alias l). Without a word nothing is found: not everything. */
export function searchFilters(words: readonly string[], marks?: readonly string[]): Prisma.Sql[] {
  if (words.length === 0) return [Prisma.sql`false`];
  return [
    Prisma.sql`l.search @@ ${searchQueries(words, marks)
      .map(query => `(${query})`)
      .join(' & ')}::tsquery`,
  ];
}

/** Those of the words searched for that a row with these words does not have: what is found has none missing. */
export function missingWords(searched: readonly string[], words: readonly string[]): string[] {
  return searched.filter((word, index) => {
    const isLast = index === searched.length - 1;
    return !words.some(one => one === word || (isLast && one.startsWith(word)));
  });
}
