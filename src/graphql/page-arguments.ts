import { builder } from './builder.ts';
import { badInput, limitExceeded } from './coded-error.ts';
import { type CursorKey, parseCursor, type Sort } from './cursor.ts';

const defaultPageSize = 20;
const maxPageSize = 100;

/** The pagination arguments of every list. */
export const pageArguments = builder.args(t => ({
  first: t.int({
    description: `The number of rows from the start of the list, or after \`after\`. The default is ${defaultPageSize}, the maximum ${maxPageSize}.`,
  }),
  after: t.string({ description: 'A cursor. The page starts after its row.' }),
  last: t.int({
    description: `The number of rows from the end of the list, or before \`before\`. The maximum is ${maxPageSize}.`,
  }),
  before: t.string({ description: 'A cursor. The page ends before its row.' }),
}));

export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** The rows of a page: at most `limit` rows after the cursor, or before it if `backwards` is set. */
export interface PageRequest {
  readonly limit: number;
  readonly backwards: boolean;
  readonly cursor: CursorKey | undefined;
}

/**
 * @throws BAD_USER_INPUT if the arguments exclude each other or are malformed, LIMIT_EXCEEDED if the page is too
 * large
 */
export function pageRequest({ first, after, last, before }: PageArguments, sort: Sort): PageRequest {
  const backwards = last != null;
  if (backwards && first != null) throw badInput('Use `first` or `last`, not both.');
  if (backwards && after != null) throw badInput('`after` can only be used with `first`: use `before` with `last`.');
  if (!backwards && before != null) throw badInput('`before` can only be used with `last`: use `after` with `first`.');
  const limit = last ?? first ?? defaultPageSize;
  const name = backwards ? 'last' : 'first';
  if (limit < 0) throw badInput(`\`${name}\` can't be negative.`);
  if (limit > maxPageSize) throw limitExceeded(`\`${name}\` can be at most ${maxPageSize}.`, maxPageSize);
  const cursor = backwards ? before : after;
  return { limit, backwards, cursor: cursor == null ? undefined : parseCursor(sort, cursor) };
}
