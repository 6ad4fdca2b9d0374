import { isOfThisLog } from '../event-store/is-of-this-log.ts';
import type { Position } from '../event-store/position.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { Join, ReadSource } from './read-entities.ts';
import { StalePositionError } from './stale-position.ts';
import { column, coreGroup, rowJson, table } from './view-sql.ts';
import type { View, ViewTable } from './view.ts';

/** Counting more than this costs more than the answer is worth. */
const countLimit = 10_000;

/** One page: rows and the position that they reflect, from one statement. */
export interface Page<Row, Joined = object> {
  readonly rows: readonly { readonly row: Row; readonly joined: Joined | undefined }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** Undefined where it was not asked for, null where it is more than 10,000. */
  readonly totalCount: number | null | undefined;
  readonly position: Position;
}

export interface PageRequest {
  readonly limit: number;
  /** The last rows before the cursor instead of the first ones after it. */
  readonly backwards: boolean;
  /** The value of the sort column and the id of the row that the page starts beyond. */
  readonly cursor: { readonly value: string | number; readonly id: string } | undefined;
  readonly direction: 'ASC' | 'DESC';
  readonly count: boolean;
  readonly atLeast: Position | undefined;
}

/** What is paged: `listing` has the columns that filter and sort (alias l), `rows` what is answered. */
export interface Listing<Row extends object, Joined extends object> {
  readonly listing: ViewTable;
  readonly rows: View<Row>;
  readonly join?: Join<Row, Joined>;
  readonly sort: string;
  readonly filters: readonly Prisma.Sql[];
}

interface Selected<Row, Joined> {
  readonly position: Position;
  readonly continues: boolean;
  readonly count: number | null;
  readonly row: Row | null;
  readonly joined: Joined | null;
}

/**
 * Reads a page by keyset: what it costs does not grow with how far in it is, and no row is met twice or missed
 * because others came or went.
 * @throws StalePositionError where `atLeast` is not of this log
 */
export async function readPage<Row extends object, Joined extends object = object>(
  source: ReadSource,
  { listing, rows, join, sort, filters }: Listing<Row, Joined>,
  request: PageRequest,
): Promise<Page<Row, Joined>> {
  const { limit, backwards, cursor, count, atLeast } = request;
  const ascending = (request.direction === 'ASC') !== backwards;
  const order = Prisma.raw(ascending ? 'ASC' : 'DESC');
  const [sortBy, id] = [column('l', sort), column('l', listing.key)];
  const where = Prisma.join([Prisma.sql`l.generation = (SELECT generation FROM c)`, ...filters], ' AND ');
  const beyond = cursor
    ? Prisma.sql`AND (${sortBy}, ${id}) ${Prisma.raw(ascending ? '>' : '<')} (${sortValue(listing, sort, cursor.value)}, ${cursor.id})`
    : Prisma.empty;
  const counted = count
    ? Prisma.sql`(SELECT count(*)::int FROM (SELECT FROM ${table(listing)} l WHERE ${where} LIMIT ${countLimit + 1}::int) counted)`
    : Prisma.sql`NULL::int`;

  const selected = await source.database.$queryRaw<Selected<Row, Joined>[]>`
    WITH c AS MATERIALIZED (
      SELECT generation, position, hash FROM checkpoints WHERE group_name = ${coreGroup} AND live
    ), page AS (
      SELECT ${id} AS id, ${sortBy} AS sort FROM ${table(listing)} l
      WHERE ${where} ${beyond} ORDER BY ${sortBy} ${order}, ${id} ${order} LIMIT ${limit + 1}::int
    )
    SELECT jsonb_build_object('point', c.position, 'hash', c.hash) AS position, ${isOfThisLog(atLeast)} AS continues,
      ${counted} AS count,
      CASE WHEN page.id IS NOT NULL THEN ${rowJson(rows, 'v')} END AS row,
      ${join ? Prisma.sql`CASE WHEN ${column('j', join.view.key)} IS NOT NULL THEN ${rowJson(join.view, 'j')} END` : Prisma.sql`NULL::jsonb`} AS joined
    FROM c
    LEFT JOIN page ON true
    LEFT JOIN ${table(rows)} v ON v.generation = c.generation AND ${column('v', rows.key)} = page.id
    ${join ? Prisma.sql`LEFT JOIN ${table(join.view)} j ON j.generation = c.generation AND ${column('j', join.view.key)} = ${column('v', join.by)}` : Prisma.empty}
    ORDER BY page.sort ${order}, page.id ${order}`;
  const first = selected[0];
  if (!first) throw new Error(`no live checkpoint of the group ${coreGroup}`);
  if (!first.continues) throw new StalePositionError();

  const found = selected.flatMap(({ row, joined }) => (row ? [{ row, joined: joined ?? undefined }] : []));
  const more = found.length > limit;
  const shown = found.slice(0, limit);
  return {
    rows: backwards ? shown.reverse() : shown,
    hasNextPage: backwards ? cursor !== undefined : more,
    hasPreviousPage: backwards ? more : cursor !== undefined,
    totalCount: first.count === null ? undefined : first.count > countLimit ? null : first.count,
    position: first.position,
  };
}

function sortValue(listing: ViewTable, sort: string, value: string | number): Prisma.Sql {
  const type = listing.columns[sort];
  if (!type) throw new Error(`${listing.name} has no column ${sort}`);
  return Prisma.sql`${String(value)}::${Prisma.raw(type)}`;
}
