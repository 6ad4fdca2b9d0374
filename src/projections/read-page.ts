import { isOfThisLog } from '../event-store/is-of-this-log.ts';
import type { Position } from '../event-store/position.ts';
import { Prisma } from '../generated/prisma/client.ts';
import { type Join, idRows, type ReadSource } from './read-entities.ts';
import { StalePositionError } from './stale-position.ts';
import { column, coreGroup, rowJson, table } from './view-sql.ts';
import type { View, ViewTable } from './view.ts';

/** Maximum count. Counting more rows costs more than the result is worth. */
const countLimit = 10_000;

/** Maximum number of rows that are gathered and sorted: the same as are counted. */
const gatherLimit = countLimit;

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
  /** Whether the joined row of each row is read too. The default is true. */
  readonly joined?: boolean | undefined;
  readonly atLeast: Position | undefined;
}

/**
 * The paged list: `listing` has the columns that filter and sort (alias l), `rows` is the view of the returned rows.
 */
export interface Listing<Row extends object, Joined extends object> {
  readonly listing: ViewTable;
  readonly rows: View<Row>;
  readonly join?: Join<Row, Joined>;
  readonly sort: string;
  readonly filters: readonly Prisma.Sql[];
  /**
   * Conditions of which each row meets one, and no row meets two. Each is read by its own index, in the list's order,
   * until the page is full. So the cost does not depend on where in the list its rows are, which the planner cannot
   * know.
   */
  readonly alternatives?: readonly Prisma.Sql[] | undefined;
  readonly gathered?: Gathered | undefined;
}

/**
 * A condition that usually few rows meet: these rows are gathered first, and then sorted. Only if there are more than
 * `gatherLimit`, the list is read in its order until a page is full. The planner would make this choice by estimates,
 * and if they are wrong, it reads a whole table for a few rows or gathers a whole table for one page.
 */
export interface Gathered {
  /** Conditions like `alternatives`; the rows are gathered by them. */
  readonly by: readonly Prisma.Sql[];
  /** Whether they find all rows of the list. If not, the list is read in its order. */
  readonly isAll: Prisma.Sql;
}

/** The parents whose lists are read: a list has the rows whose `column` contains the id of its parent. */
export interface Parents {
  readonly column: string;
  readonly ids: readonly string[];
}

/** A list's parent in its statement. */
export const parentId = Prisma.sql`parent.id`;

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
  return pageOf(await selectPages(source, listing, request, undefined), request);
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
  const selected = await selectPages(source, listing, request, parents);
  const ofParent = new Map<string, Selected<Row, Joined>[]>(parents.ids.map(id => [id, []]));
  for (const one of selected) if (one.parent !== null) ofParent.get(one.parent)?.push(one);
  const rows = new Map([...ofParent].map(([parent, some]) => [parent, pageOf(some, request)]));
  return { position: firstOf(selected).position, rows };
}

/** Reads pages in their order. Each list has at least one result, without a `row` if its page is empty. */
async function selectPages<Row extends object, Joined extends object>(
  { database, select }: ReadSource,
  list: Listing<Row, Joined>,
  request: PageRequest,
  parents: Parents | undefined,
): Promise<Selected<Row, Joined>[]> {
  const { rows } = list;
  const join = request.joined === false ? undefined : list.join;
  const order = orderOf(request);
  // OFFSET 0 makes the planner look up rows by key, one by one. Otherwise a wrong estimate makes it read the whole
  // table.
  const statement = Prisma.sql`
    WITH c AS MATERIALIZED (
      SELECT generation, position, hash FROM checkpoints WHERE group_name = ${coreGroup} AND live
    )${list.gathered ? gatheredRows(list, list.gathered) : Prisma.empty}
    SELECT jsonb_build_object('point', c.position, 'hash', c.hash) AS position, ${isOfThisLog(request.atLeast)} AS continues,
      ${parentId} AS parent, facts.count, facts.other_side AS "otherSide", shown.row, shown.joined
    FROM c
    CROSS JOIN ${parents ? idRows(parents.ids) : Prisma.sql`(SELECT NULL::text)`} AS parent(id)
    CROSS JOIN LATERAL (
      SELECT ${counted(list, request, parents)} AS count, ${onOtherSide(list, request, parents)} AS other_side OFFSET 0
    ) facts
    LEFT JOIN LATERAL (${firstRows(list, parents, request, '', request.limit + 1)}) page ON true
    LEFT JOIN LATERAL (
      SELECT ${rowJson(rows, 'v')} AS row, ${join ? joinedRow(join) : Prisma.sql`NULL::jsonb`} AS joined
      FROM ${table(rows)} v WHERE v.generation = c.generation AND ${column('v', rows.key)} = page.id OFFSET 0
    ) shown ON true
    ORDER BY page.sort ${order}, page.id ${order}`;
  const selected = await (select
    ? select<Selected<Row, Joined>>(statement)
    : database.$queryRaw<Selected<Row, Joined>[]>(statement));
  if (!firstOf(selected).continues) throw new StalePositionError();
  return selected;
}

function firstOf<Row, Joined>([first]: readonly Selected<Row, Joined>[]): Selected<Row, Joined> {
  if (!first) throw new Error(`no live checkpoint of the group ${coreGroup}`);
  return first;
}

function pageOf<Row, Joined>(
  selected: readonly Selected<Row, Joined>[],
  { limit, backwards, cursor, otherSide }: PageRequest,
): Page<Row, Joined> {
  const first = firstOf(selected);
  const found = selected.flatMap(({ row, joined }) => (row ? [{ row, joined: joined ?? undefined }] : []));
  const more = found.length > limit;
  const shown = found.slice(0, limit);
  const beyondCursor = cursor === undefined ? false : otherSide ? first.otherSide === true : undefined;
  return {
    rows: backwards ? shown.reverse() : shown,
    hasNextPage: backwards ? beyondCursor : more,
    hasPreviousPage: backwards ? more : beyondCursor,
    totalCount: first.count === null ? undefined : first.count > countLimit ? null : first.count,
    position: first.position,
  };
}

type AnyListing = Pick<Listing<object, object>, 'listing' | 'sort' | 'filters' | 'alternatives' | 'gathered'>;

/**
 * The keys of the first `limit` rows beyond the cursor.
 * @param orAt `=`: the cursor's own row counts too
 */
function firstRows(
  list: AnyListing,
  parents: Parents | undefined,
  request: PageRequest,
  orAt: '' | '=',
  limit: number,
): Prisma.Sql {
  const order = orderOf(request);
  const inOrder = Prisma.sql`ORDER BY sort ${order}, id ${order} LIMIT ${limit}::int`;
  const [sortBy, id] = [column('l', list.sort), column('l', list.listing.key)];
  const side = cursorSide(list, request, [sortBy, id], orAt);
  const walked = (list.alternatives ?? []).map(one => [one, ...side]);
  const parts = (walked.length > 0 ? walked : [side]).map(
    others => Prisma.sql`
      SELECT ${id} AS id, ${sortBy} AS sort FROM ${table(list.listing)} l
      WHERE ${conditions(list, parents, list.gathered ? [notGathered(list.gathered), ...others] : others)} ${inOrder}`,
  );
  if (list.gathered) {
    const found = cursorSide(list, request, [Prisma.sql`g.sort`, Prisma.sql`g.id`], orAt);
    parts.push(Prisma.sql`
      SELECT id, sort FROM gathered g WHERE ${Prisma.join([isGathered(list.gathered), ...found], ' AND ')} ${inOrder}`);
  }
  const [only, another] = parts;
  if (only && !another) return only;
  const each = parts.map(part => Prisma.sql`(${part})`);
  return Prisma.sql`SELECT id, sort FROM (${Prisma.join(each, ' UNION ALL ')}) found ${inOrder}`;
}

function gatheredRows(list: AnyListing, { by }: Gathered): Prisma.Sql {
  const [sortBy, id] = [column('l', list.sort), column('l', list.listing.key)];
  const limit = Prisma.sql`LIMIT ${gatherLimit + 1}::int`;
  const parts = by.map(
    one => Prisma.sql`(
      SELECT ${id} AS id, ${sortBy} AS sort FROM ${table(list.listing)} l
      WHERE ${conditions(list, undefined, [one])} ${limit})`,
  );
  return Prisma.sql`, gathered AS MATERIALIZED (
    SELECT id, sort FROM (${Prisma.join(parts, ' UNION ALL ')}) found ${limit}
  )`;
}

/** It uses no column, so PostgreSQL evaluates it once, before it reads any row. */
function isGathered({ isAll }: Gathered): Prisma.Sql {
  return Prisma.sql`(${isAll} AND (SELECT count(*) FROM gathered) <= ${gatherLimit}::int)`;
}

function notGathered(gathered: Gathered): Prisma.Sql {
  return Prisma.sql`NOT ${isGathered(gathered)}`;
}

function conditions({ filters }: AnyListing, parents: Parents | undefined, others: readonly Prisma.Sql[]): Prisma.Sql {
  const ofParent = parents ? [Prisma.sql`${column('l', parents.column)} = ${parentId}`] : [];
  const generation = Prisma.sql`l.generation = (SELECT generation FROM c)`;
  return Prisma.join([generation, ...ofParent, ...filters, ...others], ' AND ');
}

function counted(list: AnyListing, { count }: PageRequest, parents: Parents | undefined): Prisma.Sql {
  if (!count) return Prisma.sql`NULL::int`;
  const { alternatives = [Prisma.sql`true`], gathered } = list;
  const limit = Prisma.sql`LIMIT ${countLimit + 1}::int`;
  const parts = alternatives.map(one => {
    const others = gathered ? [notGathered(gathered), one] : [one];
    return Prisma.sql`(SELECT FROM ${table(list.listing)} l WHERE ${conditions(list, parents, others)} ${limit})`;
  });
  if (gathered) parts.push(Prisma.sql`(SELECT FROM gathered WHERE ${isGathered(gathered)})`);
  return Prisma.sql`(SELECT count(*)::int FROM (SELECT FROM (${Prisma.join(parts, ' UNION ALL ')}) found ${limit}) counted)`;
}

/** Whether a row is on the cursor's other side. The cursor's own row counts, if it is still in the list. */
function onOtherSide(list: AnyListing, request: PageRequest, parents: Parents | undefined): Prisma.Sql {
  if (!request.cursor || request.otherSide !== true) return Prisma.sql`NULL::boolean`;
  const back = { ...request, backwards: !request.backwards };
  // Not EXISTS: it drops ORDER BY and LIMIT, and then the index is not used.
  return Prisma.sql`(SELECT true FROM (${firstRows(list, parents, back, '=', 1)}) nearest)`;
}

/** The condition that a row is beyond the cursor in reading direction; no condition without a cursor. */
function cursorSide(
  { listing, sort }: AnyListing,
  request: PageRequest,
  [sortBy, id]: readonly [Prisma.Sql, Prisma.Sql],
  orAt: '' | '=',
): Prisma.Sql[] {
  const { cursor } = request;
  if (!cursor) return [];
  const type = listing.columns[sort];
  if (!type) throw new Error(`${listing.name} has no column ${sort}`);
  const beyond = Prisma.raw((isAscending(request) ? '>' : '<') + orAt);
  const value = Prisma.sql`${String(cursor.value)}::${Prisma.raw(type)}`;
  return [Prisma.sql`(${sortBy}, ${id}) ${beyond} (${value}, ${cursor.id})`];
}

function joinedRow<Row, Joined extends object>({ view, by }: Join<Row, Joined>): Prisma.Sql {
  return Prisma.sql`(SELECT ${rowJson(view, 'j')} FROM ${table(view)} j
    WHERE j.generation = c.generation AND ${column('j', view.key)} = ${column('v', by)})`;
}

function isAscending({ direction, backwards }: Pick<PageRequest, 'direction' | 'backwards'>): boolean {
  return (direction === 'ASC') !== backwards;
}

function orderOf(request: Pick<PageRequest, 'direction' | 'backwards'>): Prisma.Sql {
  return Prisma.raw(isAscending(request) ? 'ASC' : 'DESC');
}
