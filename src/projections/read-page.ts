// Pages of lists: rows in an order, after or before a cursor.
import type { Position } from '../event-store/position.ts';
import { type Listing, type Page, pageOf, type PageRequest, type Parents } from './page.ts';
import { countLimit, pageStatement } from './page-statement.ts';
import type { ReadSource } from './read-entities.ts';
import { isIndexed, readIndexedPage, readIndexedPages } from './read-indexed-pages.ts';
import { StalePositionError } from './stale-position.ts';
import { firstOf } from './view-sql.ts';

interface Selected<Row, Joined> {
  readonly position: Position;
  readonly continues: boolean;
  readonly parent: string | null;
  readonly count: number | null;
  readonly otherSide: boolean | null;
  readonly row: Row | null;
  readonly joined: Joined | null;
}

/**
 * Reads a page by keyset: the cost does not grow with the distance from the start of the list, and rows that are
 * added or removed do not cause other rows to appear twice or to be missed.
 * @throws StalePositionError if `atLeast` is not of this log
 */
export async function readPage<Row extends object, Joined extends object = object>(
  source: ReadSource,
  listing: Listing<Row, Joined>,
  request: PageRequest,
): Promise<Page<Row, Joined>> {
  if (isIndexed(listing, request, 1)) return readIndexedPage(source, listing, request);
  return pageFrom(await selectPages(source, listing, request, undefined), request);
}

/**
 * Reads the same page of several parents' lists by one statement.
 * @returns a page for each parent; an empty one if no row has its id
 * @throws StalePositionError if `atLeast` is not of this log
 */
export async function readPages<Row extends object, Joined extends object = object>(
  source: ReadSource,
  listing: Listing<Row, Joined>,
  parents: Parents,
  request: PageRequest,
): Promise<{ position: Position; rows: ReadonlyMap<string, Page<Row, Joined>> }> {
  if (isIndexed(listing, request, parents.ids.length)) return readIndexedPages(source, listing, parents.ids, request);
  const selected = await selectPages(source, listing, request, parents);
  const ofParent = new Map<string, Selected<Row, Joined>[]>(parents.ids.map(id => [id, []]));
  for (const one of selected) if (one.parent !== null) ofParent.get(one.parent)?.push(one);
  const rows = new Map([...ofParent].map(([parent, some]) => [parent, pageFrom(some, request)]));
  return { position: firstOf(selected).position, rows };
}

async function selectPages<Row extends object, Joined extends object>(
  { database }: ReadSource,
  list: Listing<Row, Joined>,
  request: PageRequest,
  parents: Parents | undefined,
): Promise<Selected<Row, Joined>[]> {
  const selected = await database.query<Selected<Row, Joined>>(pageStatement(list, request, parents));
  if (!firstOf(selected).continues) throw new StalePositionError();
  return selected;
}

/** @param selected the results for one list */
function pageFrom<Row, Joined>(selected: readonly Selected<Row, Joined>[], request: PageRequest): Page<Row, Joined> {
  const { count, otherSide, position } = firstOf(selected);
  const found = selected.flatMap(({ row, joined }) => (row ? [{ row, joined: joined ?? undefined }] : []));
  const totalCount = count === null ? undefined : count > countLimit ? null : count;
  return pageOf(found, request, { position, totalCount, isOnOtherSide: otherSide === true });
}
