import { type Sql, sql } from '../database/sql.ts';
import { isOfThisLog } from '../event-store/is-of-this-log.ts';
import { type Gathered, isAscending, type Listing, orderOf, type PageRequest, parentId, type Parents } from './page.ts';
import { idRows, type Join } from './read-entities.ts';
import { checkpointPosition, column, liveCheckpoint, rowText, table } from './view-sql.ts';

/** Maximum count. Counting more rows costs more than the result is worth. */
export const countLimit = 10_000;

/** Maximum number of rows that are gathered and sorted: the same as are counted. */
const gatherLimit = countLimit;

/** Selects the rows of pages in their order. Each list has at least one result, without a `row` if its page is empty. */
export function pageStatement<Row extends object, Joined extends object>(
  list: Listing<Row, Joined>,
  request: PageRequest,
  parents: Parents | undefined,
): Sql {
  const { rows } = list;
  const join = request.joined === false ? undefined : list.join;
  const order = orderOf(request);
  // OFFSET 0 makes the planner look up rows by key, one by one. Otherwise a wrong estimate makes it read the whole
  // table.
  return sql`
    WITH c AS MATERIALIZED (${liveCheckpoint})${list.gathered ? gatheredRows(list, list.gathered) : sql.empty}
    SELECT ${checkpointPosition} AS position, ${isOfThisLog(request.atLeast)} AS continues,
      ${parentId} AS parent, facts.count, facts.other_side AS "otherSide", shown.row, shown.joined
    FROM c
    CROSS JOIN ${parents ? idRows(parents.ids) : sql`(SELECT NULL::text)`} AS parent(id)
    CROSS JOIN LATERAL (
      SELECT ${counted(list, request, parents)} AS count, ${onOtherSide(list, request, parents)} AS other_side OFFSET 0
    ) facts
    LEFT JOIN LATERAL (${firstRows(list, parents, request, '', request.limit + 1)}) page ON true
    LEFT JOIN LATERAL (
      SELECT ${rowText(rows, 'v')} AS row, ${join ? joinedRow(join) : sql`NULL::json`} AS joined
      FROM ${table(rows)} v WHERE v.generation = c.generation AND ${column('v', rows.key)} = page.id OFFSET 0
    ) shown ON true
    ORDER BY page.sort ${order}, page.id ${order}`;
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
): Sql {
  const order = orderOf(request);
  const inOrder = sql`ORDER BY sort ${order}, id ${order} LIMIT ${limit}::int`;
  const [sortBy, id] = [column('l', list.sort), column('l', list.listing.key)];
  const side = cursorSide(list, request, [sortBy, id], orAt);
  const walked = (list.alternatives ?? []).map(one => [one, ...side]);
  const parts = (walked.length > 0 ? walked : [side]).map(
    others => sql`
      SELECT ${id} AS id, ${sortBy} AS sort FROM ${table(list.listing)} l
      WHERE ${conditions(list, parents, list.gathered ? [notGathered(list.gathered), ...others] : others)} ${inOrder}`,
  );
  if (list.gathered) {
    const found = cursorSide(list, request, [sql`g.sort`, sql`g.id`], orAt);
    parts.push(sql`
      SELECT id, sort FROM gathered g WHERE ${sql.join([isGathered(list.gathered), ...found], ' AND ')} ${inOrder}`);
  }
  const [only, another] = parts;
  if (only && !another) return only;
  const each = parts.map(part => sql`(${part})`);
  return sql`SELECT id, sort FROM (${sql.join(each, ' UNION ALL ')}) found ${inOrder}`;
}

function gatheredRows(list: AnyListing, { by }: Gathered): Sql {
  const [sortBy, id] = [column('l', list.sort), column('l', list.listing.key)];
  const limit = sql`LIMIT ${gatherLimit + 1}::int`;
  const parts = by.map(
    one => sql`(
      SELECT ${id} AS id, ${sortBy} AS sort FROM ${table(list.listing)} l
      WHERE ${conditions(list, undefined, [one])} ${limit})`,
  );
  return sql`, gathered AS MATERIALIZED (
    SELECT id, sort FROM (${sql.join(parts, ' UNION ALL ')}) found ${limit}
  )`;
}

/** It uses no column, so PostgreSQL evaluates it once, before it reads any row. */
function isGathered({ isAll }: Gathered): Sql {
  return sql`(${isAll} AND (SELECT count(*) FROM gathered) <= ${gatherLimit}::int)`;
}

function notGathered(gathered: Gathered): Sql {
  return sql`NOT ${isGathered(gathered)}`;
}

function conditions({ filters }: AnyListing, parents: Parents | undefined, others: readonly Sql[]): Sql {
  const ofParent = parents ? [sql`${column('l', parents.column)} = ${parentId}`] : [];
  const generation = sql`l.generation = (SELECT generation FROM c)`;
  return sql.join([generation, ...ofParent, ...filters, ...others], ' AND ');
}

function counted(list: AnyListing, { count }: PageRequest, parents: Parents | undefined): Sql {
  if (!count) return sql`NULL::int`;
  const { alternatives = [sql`true`], gathered } = list;
  const limit = sql`LIMIT ${countLimit + 1}::int`;
  const parts = alternatives.map(one => {
    const others = gathered ? [notGathered(gathered), one] : [one];
    return sql`(SELECT FROM ${table(list.listing)} l WHERE ${conditions(list, parents, others)} ${limit})`;
  });
  if (gathered) parts.push(sql`(SELECT FROM gathered WHERE ${isGathered(gathered)})`);
  return sql`(SELECT count(*)::int FROM (SELECT FROM (${sql.join(parts, ' UNION ALL ')}) found ${limit}) counted)`;
}

/** Whether a row is on the cursor's other side. The cursor's own row counts, if it is still in the list. */
function onOtherSide(list: AnyListing, request: PageRequest, parents: Parents | undefined): Sql {
  if (!request.cursor || request.otherSide !== true) return sql`NULL::boolean`;
  const back = { ...request, backwards: !request.backwards };
  // Not EXISTS: it drops ORDER BY and LIMIT, and then the index is not used.
  return sql`(SELECT true FROM (${firstRows(list, parents, back, '=', 1)}) nearest)`;
}

/** The condition that a row is beyond the cursor in reading direction; no condition without a cursor. */
function cursorSide(
  { listing, sort }: AnyListing,
  request: PageRequest,
  [sortBy, id]: readonly [Sql, Sql],
  orAt: '' | '=',
): Sql[] {
  const { cursor } = request;
  if (!cursor) return [];
  const type = listing.columns[sort];
  if (!type) throw new Error(`${listing.name} has no column ${sort}`);
  const beyond = sql.raw((isAscending(request) ? '>' : '<') + orAt);
  const value = sql`${String(cursor.value)}::${sql.raw(type)}`;
  return [sql`(${sortBy}, ${id}) ${beyond} (${value}, ${cursor.id})`];
}

function joinedRow<Row, Joined extends object>({ view, by }: Join<Row, Joined>): Sql {
  return sql`(SELECT ${rowText(view, 'j')} FROM ${table(view)} j
    WHERE j.generation = c.generation AND ${column('j', view.key)} = ${column('v', by)})`;
}
