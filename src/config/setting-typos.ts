import { settingNames, withoutBlanks } from './settings.ts';

/** Names and prefixes that only this program uses. */
const ownPrefix = /^(?:AUTH|CORS|LIMIT|PLAINTEXT|TRUSTED)_|^(?:GRAPHIQL|INTROSPECTION)/;
/** Names that Kubernetes sets in each pod for a service called `auth` or `limit`. */
const kubernetesName = /_SERVICE_(?:HOST|PORT\w*)$|_PORT(?:_\d+_\w+)?$/;

/**
 * Warnings, one per line, about names in the environment that are probably misspelt settings: the setting that was
 * meant keeps its default. In production, loadConfig() rejects a name whose prefix only this program uses.
 */
export function settingTypos(env: NodeJS.ProcessEnv): string[] {
  const names = Object.keys(withoutBlanks(env));
  const unknown = unknownNames(names);
  return names.flatMap(name => {
    const likely = likelySetting(name, names);
    if (likely === undefined && !unknown.includes(name)) return [];
    const meant = likely === undefined ? 'docs/configuration.md lists all keys' : `did you mean ${likely}?`;
    return [`${name}: is no key of this program: ${meant}`];
  });
}

/** Those of the names that have a prefix of this program, but are none of its settings. */
export function unknownNames(names: readonly string[]): string[] {
  return names.filter(name => ownPrefix.test(name) && !kubernetesName.test(name) && !settingNames.includes(name));
}

/**
 * The setting that a name was probably meant to be: one or two typing errors away, or written in another case. A
 * setting that is set itself is not suggested.
 * @param names of the variables that are set
 * @returns undefined if no setting is close enough
 */
function likelySetting(name: string, names: readonly string[]): string | undefined {
  if (settingNames.includes(name)) return undefined;
  // Short names are close to too many others (PORT to SORT and POST), so only one typing error is allowed there.
  return settingNames.find(
    setting =>
      !names.includes(setting) &&
      mistakes(name.toUpperCase(), setting) <= (setting.length > 6 ? 2 : 1) &&
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
