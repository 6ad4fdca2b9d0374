import { kindOfId } from '../ids.ts';
import { badInput } from './coded-error.ts';
import { parseDateTime } from './date-time.ts';

/** What a list is sorted by. A cursor is valid only in lists of the same sort. */
export interface Sort {
  /** Part of the cursors that clients store, so it may never change. */
  readonly name: string;
  readonly value: 'date-time' | 'integer';
}

/**
 * The place of a row in a sorted list: its sort value, and its id if several rows have the same value. Dates are RFC
 * 3339 in UTC.
 */
export interface CursorKey {
  readonly value: string | number;
  readonly id: string;
}

/**
 * More than twice the length of our cursors. Longer ones are not parsed: a document may give a megabyte of `[` as the
 * cursor of each of fifty lists.
 */
const maxCursorLength = 300;

export function formatCursor(sort: Sort, { value, id }: CursorKey): string {
  const plain = sort.value === 'date-time' ? new Date(value).toISOString() : value;
  return Buffer.from(JSON.stringify([sort.name, plain, id])).toString('base64url');
}

/** @throws BAD_USER_INPUT if it is not a cursor of a list with this sort */
export function parseCursor(sort: Sort, cursor: string): CursorKey {
  const key =
    cursor.length > maxCursorLength
      ? undefined
      : cursorKey(sort, parsedJson(Buffer.from(cursor, 'base64url').toString()));
  if (key === undefined) throw badInput('This is not a cursor of a list with this sort order.');
  return key;
}

function cursorKey(sort: Sort, parsed: unknown): CursorKey | undefined {
  if (!Array.isArray(parsed) || parsed.length !== 3) return undefined;
  const [name, value, id] = parsed as readonly unknown[];
  if (name !== sort.name || typeof id !== 'string' || kindOfId(id) === undefined) return undefined;
  // The value becomes a parameter of its column's type, and a value of another type would make the statement fail.
  switch (sort.value) {
    case 'date-time': {
      // Converted to UTC, because PostgreSQL accepts fewer offsets than RFC 3339.
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
