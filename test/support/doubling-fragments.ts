/**
 * Fragments F0, F1 and so on, each of which spreads the next one twice: code that follows every spread never ends.
 * @param last selection of the last fragment, `F${count}`
 * @param beside selected in the fragment with this number, beside its spreads
 */
export function doublingFragments(
  count: number,
  type: string,
  last: string,
  beside: (n: number) => string = () => '',
): string {
  const one = (n: number) => `fragment F${n} on ${type} { ${beside(n)} ...F${n + 1} ...F${n + 1} }`;
  return `${Array.from({ length: count }, (_, n) => one(n)).join(' ')} fragment F${count} on ${type} { ${last} }`;
}
