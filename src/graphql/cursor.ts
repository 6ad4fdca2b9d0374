import { kindOfId } from '../ids.ts';
import { badInput } from './coded-error.ts';
import { parseDateTime } from './date-time.ts';

/** What a list is sorted by: a cursor is good in lists of the same sort only. */
export interface Sort {
  /** Stands in the cursors that clients hold: permanent. */
  readonly name: string;
  readonly value: 'date-time' | 'integer';
}

/** Where a row stands: its sort value, and its id for rows of the same value. Dates as RFC 3339 in UTC. */
export interface CursorKey {
  readonly value: string | number;
  readonly id: string;
}

/** No cursor of ours has half of it. A document may name a megabyte of `[` as the cursor of each of fifty lists. */
const longestCursor = 300;

export function formatCursor(sort: Sort, { value, id }: CursorKey): string {
  const plain = sort.value === 'date-time' ? new Date(value).toISOString() : value;
  return Buffer.from(JSON.stringify([sort.name, plain, id])).toString('base64url');
}

/** @throws BAD_USER_INPUT where it was not given out by a list of this sort, for instance */
export function parseCursor(sort: Sort, cursor: string): CursorKey {
  const key =
    cursor.length > longestCursor
      ? undefined
      : cursorKey(sort, parsedJson(Buffer.from(cursor, 'base64url').toString()));
  if (key === undefined) throw badInput('A cursor has to be one that this list gave out, in the same order.');
  return key;
}

function cursorKey(sort: Sort, parsed: unknown): CursorKey | undefined {
  if (!Array.isArray(parsed) || parsed.length !== 3) return undefined;
  const [name, value, id] = parsed as readonly unknown[];
  if (name !== sort.name || typeof id !== 'string' || kindOfId(id) === undefined) return undefined;
  // A value goes into a statement as its column's type, which would fail on another one.
  switch (sort.value) {
    case 'date-time': {
      // As UTC, not as it came: PostgreSQL takes fewer offsets.
      const moment = typeof value === 'string' ? parseDateTime(value) : undefined;
      return moment && { value: moment.toISOString(), id };
    }
    case 'integer':
      return typeof value === 'number' && Number.isSafeInteger(value) ? { value, id } : undefined;
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
