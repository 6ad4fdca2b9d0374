import { codedError } from './coded-error.ts';
import type { Row } from './rows.ts';

const defaultSize = 20;
const largestSize = 100;

export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

/** What a list is sorted by. Rows with the same value are sorted by their ids. */
export interface Sort<One extends Row> {
  /** Part of the cursors, as on the server. */
  readonly name: string;
  readonly value: (row: One) => string | number;
  readonly isDescending: boolean;
}

type Key = readonly [value: string | number, id: string];

/** A connection of the schema. @param nodeOf makes the node of a row */
export function pageOf<One extends Row>(
  rows: readonly One[],
  args: PageArguments,
  { sort, nodeOf, position }: { sort: Sort<One>; nodeOf: (row: One) => object; position: string },
): object {
  const { size, isBackward, cursor } = requestedPage(args);
  const direction = sort.isDescending ? -1 : 1;
  const keyOf = (row: One): Key => [sort.value(row), row.id];
  const sorted = [...rows].sort((one, other) => direction * compare(keyOf(one), keyOf(other)));
  const key = cursor === undefined ? undefined : keyIn(cursor, sort.name);
  const start = key && !isBackward ? sorted.findIndex(row => direction * compare(keyOf(row), key) > 0) : 0;
  const end = key && isBackward ? sorted.findIndex(row => direction * compare(keyOf(row), key) >= 0) : -1;
  const from = start < 0 ? sorted.length : start;
  const to = end < 0 ? sorted.length : end;
  const first = isBackward ? Math.max(from, to - size) : from;
  const last = isBackward ? to : Math.min(to, from + size);
  const edges = sorted.slice(first, last).map(row => ({ node: nodeOf(row), cursor: cursorOf(sort.name, keyOf(row)) }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: last < sorted.length,
      hasPreviousPage: first > 0,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: rows.length,
    position,
  };
}

function requestedPage({ first, after, last, before }: PageArguments) {
  const isBackward = last != null;
  if (isBackward && first != null) throw codedError('BAD_USER_INPUT', 'Use `first` or `last`, not both.');
  if (isBackward ? after != null : before != null) {
    throw codedError('BAD_USER_INPUT', 'Use `after` with `first`, and `before` with `last`.');
  }
  const size = last ?? first ?? defaultSize;
  const name = isBackward ? 'last' : 'first';
  if (size < 0) throw codedError('BAD_USER_INPUT', `\`${name}\` can't be negative.`);
  if (size > largestSize) {
    throw codedError('LIMIT_EXCEEDED', `\`${name}\` can be at most ${largestSize}.`, { limit: largestSize });
  }
  return { size, isBackward, cursor: (isBackward ? before : after) ?? undefined };
}

function compare([value, id]: Key, [otherValue, otherId]: Key): number {
  if (value !== otherValue) return value < otherValue ? -1 : 1;
  return id < otherId ? -1 : id > otherId ? 1 : 0;
}

function cursorOf(name: string, key: Key): string {
  return btoa(JSON.stringify([name, ...key]))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

function keyIn(cursor: string, name: string): Key {
  try {
    const [found, value, id] = JSON.parse(atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))) as [string, ...Key];
    if (found === name && typeof id === 'string') return [value, id];
  } catch {
    // Reported below.
  }
  throw codedError('BAD_USER_INPUT', 'This is not a cursor of a list with this sort order.');
}
