import { builder } from './builder.ts';
import { badInput, limitExceeded } from './coded-error.ts';
import { type CursorKey, parseCursor, type Sort } from './cursor.ts';

const defaultPage = 20;
const maximumPage = 100;

/** The arguments of every list. */
export const pageArguments = builder.args(t => ({
  first: t.int({
    description: `From the start, or after \`after\`: ${defaultPage} where left out, at most ${maximumPage}.`,
  }),
  after: t.string({ description: 'Cursor of the row before the page.' }),
  last: t.int({ description: `From the end, or before \`before\`: at most ${maximumPage}.` }),
  before: t.string({ description: 'Cursor of the row behind the page.' }),
}));

export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** Which rows a page has: `limit` of them after the cursor, or, backwards, before it. */
export interface PageRequest {
  readonly limit: number;
  readonly backwards: boolean;
  readonly cursor: CursorKey | undefined;
}

/** @throws BAD_USER_INPUT, LIMIT_EXCEEDED */
export function pageRequest({ first, after, last, before }: PageArguments, sort: Sort): PageRequest {
  const backwards = last != null;
  if (backwards && first != null) throw badInput('Ask for `first` or for `last`, not for both.');
  if (backwards && after != null) throw badInput('`after` goes with `first`: `last` takes `before`.');
  if (!backwards && before != null) throw badInput('`before` goes with `last`: `first` takes `after`.');
  const limit = last ?? first ?? defaultPage;
  const name = backwards ? 'last' : 'first';
  if (limit < 0) throw badInput(`\`${name}\` can't be negative.`);
  if (limit > maximumPage) throw limitExceeded(`\`${name}\` is at most ${maximumPage}.`, maximumPage);
  const cursor = backwards ? before : after;
  return { limit, backwards, cursor: cursor == null ? undefined : parseCursor(sort, cursor) };
}
