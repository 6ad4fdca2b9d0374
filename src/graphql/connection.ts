import type { Position } from '../event-store/position.ts';
import type { UnchangedRow } from '../projections/reader-row-cache.ts';
import { builder, type ObjectRef } from './builder.ts';
import type { Context } from './context.ts';
import { type CursorKey, formatCursor, type Sort } from './cursor.ts';

/** The result of reading a page of a list: rows in the requested order, also if the page was read backwards. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Undefined only if it was not requested, see selectedPageFields(). */
  readonly hasNextPage: boolean | undefined;
  readonly hasPreviousPage: boolean | undefined;
  /** Undefined if it was not requested; null if counting would cost too much. */
  readonly totalCount?: number | null | undefined;
  readonly position: Position;
}

/** A page whose response can be cached. */
export interface CacheablePage {
  /** The same object for as long as the rows of the page are unchanged. Undefined if the page has no row cache. */
  readonly unchanged?: UnchangedRow | undefined;
}

export interface Connection<Row> extends Page<Row>, CacheablePage {
  readonly cursorOf: (row: Row) => string;
}

/**
 * Turns a page of rows into the value of a connection type, and reports the position of the page.
 * @param keyOf returns the row's value in this sort, and its id
 */
export function connection<Row>(
  context: Context,
  page: Page<Row> & CacheablePage,
  sort: Sort,
  keyOf: (row: Row) => CursorKey,
): Connection<Row> {
  context.responsePosition.read(page.position);
  return { ...page, cursorOf: row => formatCursor(sort, keyOf(row)) };
}

const PageInfo = builder.objectRef<Connection<unknown>>('PageInfo').implement({
  description: 'The place of a page in its list.',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    hasNextPage: t.boolean({
      description: 'Whether there are rows after this page.',
      resolve: ({ hasNextPage }) => hasNextPage === true,
    }),
    hasPreviousPage: t.boolean({
      description: 'Whether there are rows before this page.',
      resolve: ({ hasPreviousPage }) => hasPreviousPage === true,
    }),
    startCursor: t.string({
      nullable: true,
      description: 'The cursor of the first row: `before` of the previous page.',
      resolve: ({ rows, cursorOf }) => (rows.length > 0 ? cursorOf(rows[0]) : null),
    }),
    endCursor: t.string({
      nullable: true,
      description: 'The cursor of the last row: `after` of the next page.',
      resolve: ({ rows, cursorOf }) => (rows.length > 0 ? cursorOf(rows.at(-1)) : null),
    }),
  }),
});

/** Declares `<Node>Connection` and `<Node>Edge`. */
export function connectionType<Row extends object>(node: ObjectRef<Row>): ObjectRef<Connection<Row>> {
  const edge = builder.objectRef<{ readonly node: Row; readonly cursor: string }>(`${node.name}Edge`).implement({
    description: `A row of a list, with its cursor. The row is of type ${node.name}.`,
    rule: 'as-parent',
    sharing: 'role',
    fields: t => ({
      // Pothos distinguishes rows from lists, and the compiler can't do that for a row of any type.
      node: t.field({ type: node, description: 'The row.', resolve: row => row.node as never }),
      cursor: t.exposeString('cursor', {
        description: 'The place of the row in this list. Pass it as `after` or `before`.',
      }),
    }),
  });
  return builder.objectRef<Connection<Row>>(`${node.name}Connection`).implement({
    description: `A page of a list. Its rows are of type ${node.name}.`,
    rule: 'as-parent',
    sharing: 'role',
    fields: t => ({
      edges: t.field({
        type: [edge],
        description: 'The rows with their cursors.',
        resolve: ({ rows, cursorOf }) => rows.map(row => ({ node: row, cursor: cursorOf(row) })),
      }),
      nodes: t.field({ type: [node], description: 'The rows.', resolve: page => page.rows }),
      pageInfo: t.field({
        type: PageInfo,
        description: 'The place of this page in the list.',
        resolve: page => page as Connection<unknown>,
      }),
      totalCount: t.int({
        nullable: true,
        description:
          'The number of rows in the whole list. Null if there are more than 10,000, because counting them would cost too much.',
        resolve: page => page.totalCount,
      }),
      position: t.expose('position', {
        type: 'Position',
        // The position can change while the rows do not, so a response that contains it is not cached with the page.
        sharing: 'viewer',
        description:
          'The position that this page reflects. Pass it as `atLeast` to a later query, or as `after` to the subscription of the same list, if it has one.',
      }),
    }),
  });
}
