/** Whether the texts have every word of a search; the last word may be the beginning of one. */
export function isFound(search: string | null | undefined, texts: readonly (string | null)[]): boolean {
  if (search == null || search.trim() === '') return true;
  const searched = wordsOf(search);
  const words = texts.flatMap(text => wordsOf(text ?? ''));
  return (
    searched.length > 0 &&
    searched.every((one, index) =>
      words.some(word => (index === searched.length - 1 ? word.startsWith(one) : word === one)),
    )
  );
}

function wordsOf(text: string): string[] {
  const folded = text.normalize('NFKD').toLowerCase().toUpperCase().toLowerCase();
  return folded
    .replace(/\p{M}/gu, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter(word => word !== '');
}
