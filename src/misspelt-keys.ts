/** Names and prefixes that only this program uses. */
const ownPrefix = /^(?:AUTH|CORS|LIMIT|PLAINTEXT|TRUSTED)_|^(?:GRAPHIQL|INTROSPECTION)/;
/** Names that Kubernetes sets in each pod for a service called `auth` or `limit`. */
const kubernetesName = /_SERVICE_(?:HOST|PORT\w*)$|_PORT(?:_\d+_\w+)?$/;

/**
 * Names in an environment that have a prefix of this program, but are none of its keys.
 * @param names of the variables that are set
 * @param known the program's keys
 */
export function unknownKeys(names: readonly string[], known: readonly string[]): string[] {
  return names.filter(name => ownPrefix.test(name) && !kubernetesName.test(name) && !known.includes(name));
}

/**
 * The key that a name was probably meant to be: one or two typing errors away, or written in another case. A key that
 * is set itself is not suggested.
 * @param names of the variables that are set
 * @param known the program's keys
 * @returns undefined if no key is close enough
 */
export function likelyKey(name: string, names: readonly string[], known: readonly string[]): string | undefined {
  if (known.includes(name)) return undefined;
  // Short names are close to too many others (PORT to SORT and POST), so only one typing error is allowed there.
  return known.find(
    key =>
      !names.includes(key) &&
      mistakes(name.toUpperCase(), key) <= (key.length > 6 ? 2 : 1) &&
      !kubernetesName.test(name),
  );
}

/**
 * The edit distance: insertions, deletions, substitutions and swaps of neighbours (Damerau-Levenshtein, optimal
 * string alignment).
 */
function mistakes(one: string, other: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: other.length + 1 }, (_, column) => column);
  const at = (row: readonly number[], column: number): number => row[column] ?? Infinity;
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current.push(
        Math.min(
          at(current, column - 1) + 1,
          at(last, column) + 1,
          at(last, column - 1) + (same ? 0 : 1),
          swapped ? at(beforeLast, column - 2) + 1 : Infinity,
        ),
      );
    }
    [beforeLast, last] = [last, current];
  }
  return at(last, other.length);
}
