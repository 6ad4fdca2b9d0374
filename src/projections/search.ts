import { Prisma } from '../generated/prisma/client.ts';
import { erased } from './view.ts';

/** Characters of a word that count: the rest would find no more, and a lexeme of 2 KB fails its statement. */
const longestWord = 64;
/** Words of a row that it is found by: a vector of 1 MB fails its statement. */
const mostWords = 2_000;

/**
 * The words of a text as rows are found by them: letters and digits in lower case, without accents. The same for
 * rows and for what is searched for, whatever database: no parser of PostgreSQL's, which reads a sign or a host's name
 * into `PO-7` and `a.b`, comes between. What stands where personal data was erased has none.
 */
export function wordsOf(text: string | null): string[] {
  if (text === null || text === erased) return [];
  const plain = text.normalize('NFKD').toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '');
  const words = plain.split(/[^\p{L}\p{N}]+/u).filter(word => word !== '');
  // By code points: half of a pair can't be stored.
  return words.map(word => (word.length > longestWord ? [...word].slice(0, longestWord).join('') : word));
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
