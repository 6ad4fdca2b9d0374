import type { Position } from '../event-store/position.ts';
import type { UnchangedRow } from '../projections/reader-row-cache.ts';
import { builder, type ObjectRef } from './builder.ts';
import type { Context } from './context.ts';
import { type CursorKey, formatCursor, type Sort } from './cursor.ts';

/** What a list's read answers: rows in the order asked for, whichever direction the page was read in. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Undefined only if it was not asked for, see selectedOfPage(). */
  readonly hasNextPage: boolean | undefined;
  readonly hasPreviousPage: boolean | undefined;
  /** Undefined if it was not asked for; null where counting would cost too much. */
  readonly totalCount?: number | null | undefined;
  readonly position: Position;
}

/** Of a page that is read by marks: what stays the same object as long as its rows do, to cache responses with. */
export interface Unchanged {
  readonly unchanged?: UnchangedRow | undefined;
}

export interface Connection<Row> extends Page<Row>, Unchanged {
  readonly cursorOf: (row: Row) => string;
}

/**
 * Makes a page of rows what a connection type answers from, and reports the page's position.
 * @param keyOf the row's value in this sort, and its id
 */
export function connection<Row>(
  context: Context,
  page: Page<Row> & Unchanged,
  sort: Sort,
  keyOf: (row: Row) => CursorKey,
): Connection<Row> {
  context.responsePosition.read(page.position);
  return { ...page, cursorOf: row => formatCursor(sort, keyOf(row)) };
}

const PageInfo = builder.objectRef<Connection<unknown>>('PageInfo').implement({
  description: 'Where a page stands in its list.',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    hasNextPage: t.boolean({
      description: 'There are rows behind this page.',
      resolve: ({ hasNextPage }) => hasNextPage === true,
    }),
    hasPreviousPage: t.boolean({
      description: 'There are rows before this page.',
      resolve: ({ hasPreviousPage }) => hasPreviousPage === true,
    }),
    startCursor: t.string({
      nullable: true,
      description: "The first row's cursor.",
      resolve: ({ rows, cursorOf }) => (rows.length > 0 ? cursorOf(rows[0]) : null),
    }),
    endCursor: t.string({
      nullable: true,
      description: "The last row's cursor: the next page's `after`.",
      resolve: ({ rows, cursorOf }) => (rows.length > 0 ? cursorOf(rows.at(-1)) : null),
    }),
  }),
});

/** Declares `<Node>Connection` and `<Node>Edge`. */
export function connectionType<Row extends object>(node: ObjectRef<Row>): ObjectRef<Connection<Row>> {
  const edge = builder.objectRef<{ readonly node: Row; readonly cursor: string }>(`${node.name}Edge`).implement({
    description: `A row of a ${node.name} list.`,
    rule: 'as-parent',
    sharing: 'role',
    fields: t => ({
      // Pothos asks whether a row is a list; of a row of any type the compiler can't tell.
      node: t.field({ type: node, description: 'The row.', resolve: row => row.node as never }),
      cursor: t.exposeString('cursor', { description: "The row's place in this list." }),
    }),
  });
  return builder.objectRef<Connection<Row>>(`${node.name}Connection`).implement({
    description: `A page of a ${node.name} list.`,
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
        description: 'Where this page stands in the list.',
        resolve: page => page as Connection<unknown>,
      }),
      totalCount: t.int({
        nullable: true,
        description: 'Null where counting would cost more than the answer is worth (over 10,000).',
        resolve: page => page.totalCount,
      }),
      position: t.expose('position', {
        type: 'Position',
        // The same page is read at a later position too: a response with it is not cached with the page.
        sharing: 'viewer',
        description: 'The position that this page reflects: pass it as `after` to the matching subscription.',
      }),
    }),
  });
}
