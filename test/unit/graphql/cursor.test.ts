import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatCursor, parseCursor, type Sort } from '../../../src/graphql/cursor.ts';
import { pageRequest } from '../../../src/graphql/page-arguments.ts';

const byDate: Sort = { name: 'created', value: 'date-time' };
const byTotal: Sort = { name: 'total', value: 'integer' };
const id = 'ord_00000000-0000-4000-8000-000000000001';
const raw = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url');

const codeOf = (attempt: () => unknown): unknown => {
  try {
    return attempt();
  } catch (error) {
    return (error as { extensions: { code: string } }).extensions.code;
  }
};

describe('cursors', () => {
  test('a cursor leads back to its row, dates in UTC', () => {
    expect(parseCursor(byTotal, formatCursor(byTotal, { value: 1250, id }))).toEqual({ value: 1250, id });
    const cursor = formatCursor(byDate, { value: '2026-11-21 10:30:00.25+01', id });
    expect(parseCursor(byDate, cursor)).toEqual({ value: '2026-11-21T09:30:00.250Z', id });
  });

  test.each([
    ['of another sort', formatCursor(byDate, { value: '2026-11-21T09:30:00Z', id })],
    ['with another type of value', raw(['total', '1', id])],
    ['with a fraction', raw(['total', 1.5, id])],
    ['beyond 2^53', raw(['total', 2 ** 60, id])],
    ['without an id', raw(['total', 1])],
    ['with SQL for an id', raw(['total', 1, "' OR 1=1 --"])],
    ['with more values', raw(['total', 1, id, 1])],
    ['of another form', raw({ total: 1 })],
    ['null', raw(null)],
    ['longer than any', Buffer.from(`["total", 1, "${id}"${' '.repeat(300)}]`).toString('base64url')],
    ['empty', ''],
  ])('a cursor %s is rejected', (_what, cursor) => {
    expect(codeOf(() => parseCursor(byTotal, cursor))).toBe('BAD_USER_INPUT');
  });

  test('a date that would make a statement fail is rejected', () => {
    expect(codeOf(() => parseCursor(byDate, raw(['created', '2026-02-30T00:00:00Z', id])))).toBe('BAD_USER_INPUT');
  });

  test('a time with a UTC offset is converted to UTC', () => {
    const own = Buffer.from(JSON.stringify([byDate.name, '2026-01-02T00:00:00+23:59', id])).toString('base64url');
    expect(parseCursor(byDate, own)).toEqual({ value: '2026-01-01T00:01:00.000Z', id });
  });

  test('any text is either a cursor or BAD_USER_INPUT', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map(text => Buffer.from(text).toString('base64url')),
        ),
        cursor => {
          expect(codeOf(() => parseCursor(byTotal, cursor))).toBe('BAD_USER_INPUT');
        },
      ),
    );
  });
});

describe('page arguments', () => {
  const cursor = formatCursor(byTotal, { value: 1, id });

  test.each([
    [{}, { limit: 20, backwards: false, cursor: undefined }],
    [
      { first: null, after: null, last: null, before: null },
      { limit: 20, backwards: false, cursor: undefined },
    ],
    [{ first: 0 }, { limit: 0, backwards: false, cursor: undefined }],
    [
      { first: 100, after: cursor },
      { limit: 100, backwards: false, cursor: { value: 1, id } },
    ],
    [{ after: cursor }, { limit: 20, backwards: false, cursor: { value: 1, id } }],
    [{ last: 5 }, { limit: 5, backwards: true, cursor: undefined }],
    [
      { last: 5, before: cursor },
      { limit: 5, backwards: true, cursor: { value: 1, id } },
    ],
  ])('%j is a page', (args, request) => {
    expect(pageRequest(args, byTotal)).toEqual(request);
  });

  test.each([
    [{ first: -1 }, 'BAD_USER_INPUT'],
    [{ last: -1 }, 'BAD_USER_INPUT'],
    [{ first: 1, last: 1 }, 'BAD_USER_INPUT'],
    [{ first: 1, before: cursor }, 'BAD_USER_INPUT'],
    [{ before: cursor }, 'BAD_USER_INPUT'],
    [{ last: 1, after: cursor }, 'BAD_USER_INPUT'],
    [{ first: 1, after: 'x' }, 'BAD_USER_INPUT'],
    [{ first: 101 }, 'LIMIT_EXCEEDED'],
    [{ last: 2 ** 31 - 1 }, 'LIMIT_EXCEEDED'],
  ])('%j is rejected with %s', (args, code) => {
    expect(codeOf(() => pageRequest(args, byTotal))).toBe(code);
  });

  test('a request for too many rows gets an error with the limit', () => {
    expect(() => pageRequest({ first: 101 }, byTotal)).toThrow('`first` can be at most 100.');
  });
});
