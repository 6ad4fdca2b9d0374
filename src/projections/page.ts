import { sql, type Sql } from '../database/sql.ts';
import type { Position } from '../event-store/position.ts';
import type { Join } from './read-entities.ts';
import type { View, ViewTable } from './view.ts';

/** One page: rows and the position that they reflect, read by one statement. */
export interface Page<Row, Joined = object> {
  readonly rows: readonly { readonly row: Row; readonly joined: Joined | undefined }[];
  /** For a page that is read backwards: undefined if `otherSide` was not requested; see PageRequest.otherSide. */
  readonly hasNextPage: boolean | undefined;
  /** For a page that is read forwards: undefined if `otherSide` was not requested. */
  readonly hasPreviousPage: boolean | undefined;
  /** Undefined if it was not requested, null if it is more than 10,000. */
  readonly totalCount: number | null | undefined;
  readonly position: Position;
}

export interface PageRequest {
  readonly limit: number;
  /** True: the last rows before the cursor. False: the first rows after it. */
  readonly backwards: boolean;
  /** Sort value and id of the row after which (or before which) the page starts. */
  readonly cursor: { readonly value: string | number; readonly id: string } | undefined;
  readonly direction: 'ASC' | 'DESC';
  readonly count: boolean;
  /**
   * Whether to check for a row on the cursor's other side: before a page that is read forwards, after one that is
   * read backwards.
   */
  readonly otherSide?: boolean | undefined;
  readonly atLeast: Position | undefined;
  /** Whether the joined rows are read too. By default they are. */
  readonly joined?: boolean | undefined;
}

/**
 * The paged list: `listing` has the columns that filter and sort (alias l), `rows` is the view of the returned rows.
 */
export interface Listing<Row extends object, Joined extends object> {
  readonly listing: ViewTable;
  readonly rows: View<Row>;
  readonly join?: Join<Row, Joined>;
  readonly sort: string;
  readonly filters: readonly Sql[];
  /**
   * Conditions of which each row meets one, and no row meets two. Each is read by its own index, in the list's order,
   * until the page is full. So the cost does not depend on where in the list its rows are, which the planner cannot
   * know.
   */
  readonly alternatives?: readonly Sql[] | undefined;
  readonly gathered?: Gathered | undefined;
  readonly index?: ListIndex | undefined;
}

/**
 * An index of the view of the returned rows that has exactly the rows of the list, in its order: its columns are
 * generation, sort and key; or generation, `column`, sort and key, if all rows of the list have one value in a column.
 */
export interface ListIndex {
  readonly column?: string;
  /** The value in that column. Not set if it is the id of the list's parent. */
  readonly value?: string;
}

/**
 * A condition that usually few rows meet: these rows are gathered first, and then sorted. Only if there are more than
 * `gatherLimit`, the list is read in its order until a page is full. The planner would make this choice by estimates,
 * and if they are wrong, it reads a whole table for a few rows or gathers a whole table for one page.
 */
export interface Gathered {
  /** Conditions like `alternatives`; the rows are gathered by them. */
  readonly by: readonly Sql[];
  /** Whether they find all rows of the list. If not, the list is read in its order. */
  readonly isAll: Sql;
}

/** The parents whose lists are read: a list has the rows whose `column` contains the id of its parent. */
export interface Parents {
  readonly column: string;
  readonly ids: readonly string[];
}

/** A list's parent in its statement. */
export const parentId = sql`parent.id`;

/** Whether the rows are read in ascending order: pages that are read backwards are read from their last row. */
export function isAscending({ direction, backwards }: Pick<PageRequest, 'direction' | 'backwards'>): boolean {
  return (direction === 'ASC') !== backwards;
}

export function orderOf(request: Pick<PageRequest, 'direction' | 'backwards'>): Sql {
  return sql.raw(isAscending(request) ? 'ASC' : 'DESC');
}

/**
 * Makes a page of the rows that were read, in the direction of reading: one more than the page shows, if there is one.
 * @param facts what was read beside the rows; `isOnOtherSide` counts only if the request has a cursor and asks for it
 */
export function pageOf<Row, Joined>(
  found: Page<Row, Joined>['rows'],
  { limit, backwards, cursor, otherSide }: PageRequest,
  facts: Pick<Page<Row>, 'position' | 'totalCount'> & { readonly isOnOtherSide: boolean },
): Page<Row, Joined> {
  const { position, totalCount, isOnOtherSide } = facts;
  const more = found.length > limit;
  const shown = found.slice(0, limit);
  const beyondCursor = cursor === undefined ? false : otherSide ? isOnOtherSide : undefined;
  return {
    rows: backwards ? shown.reverse() : shown,
    hasNextPage: backwards ? beyondCursor : more,
    hasPreviousPage: backwards ? more : beyondCursor,
    totalCount,
    position,
  };
}
