import type { LookUp } from '../database/database.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { Position } from '../event-store/position.ts';
import { type Found, openBatchedRead, type ReadTogether } from './batched-read.ts';
import type { Join, ReadSource } from './read-entities.ts';
import type { Page, PageRequest } from './read-page.ts';
import { type CachedRow, type ReaderRowCache, UnchangedRow } from './reader-row-cache.ts';
import { column, coreGroup, rowValues, table } from './view-sql.ts';
import type { View, ViewTable } from './view.ts';

/**
 * A list whose plain pages are read: pages of all rows, or of the rows with one value in one column. The view needs the
 * index (generation, sort, key), and for each filter column the index (generation, that column, sort, key). Each
 * statement can use one of these indexes only, so its plan can be cached.
 */
export interface PlainList<Row extends object, Joined extends object> {
  readonly view: View<Row>;
  readonly sort: keyof Row & string;
  /** The columns that can be filtered. A plain page is filtered by at most one of them. */
  readonly filterColumns: readonly (keyof Row & string)[];
  readonly join?: Join<Row, Joined> | undefined;
}

/** Includes only the rows with this value in this column. */
export interface PlainFilter {
  readonly column: string;
  readonly value: string;
}

export interface PlainPage<Row, Joined> extends Page<Row, Joined> {
  /** The same object for as long as the rows of the page are unchanged. */
  readonly unchanged: UnchangedRow;
}

interface Entry<Row, Joined> {
  readonly row: Row;
  readonly joined: Joined | undefined;
  /** Approximate length as JSON. */
  readonly characters: number;
}

interface CachedPage<Row, Joined> {
  /** The rows of the page and, if there is one, the row after them: it shows that there is a next page. */
  readonly entries: readonly Entry<Row, Joined>[];
  /** The rows of the page only. */
  readonly rows: readonly Entry<Row, Joined>[];
}

/** The database's result for one page. There is none if the cached page is current. */
interface Selected {
  readonly position: string;
  /** The index of the page in the request; null if all cached pages are current. */
  readonly place: number | null;
  /** The marks of all rows of the page, in their order. */
  readonly marks: string;
  /** JSON of the rows that are not cached; null if all rows are. */
  readonly rows: string | null;
}

/** A source with prepared statements and a row cache. */
interface Source {
  readonly lookUp: LookUp;
  readonly seen: ReaderRowCache;
}

/** The part of a request that determines the text of its statement. The rest is parameters. */
interface Shape {
  readonly filterColumn: string | undefined;
  readonly direction: PageRequest['direction'];
  readonly hasCursor: boolean;
  readonly joined: boolean;
}

/**
 * Opens the reader for the plain pages of a list. It reads pages as entities are read: one prepared statement reads all
 * pages of one shape that are requested in one turn of the event loop. If a page was read before, the database sends
 * only the rows that have changed since. A page and the position that it reflects come from the same statement.
 * @returns a function that returns undefined if the request is not plain, see isPlain(), or if the source has no
 * prepared statements or no row cache
 */
export function openPlainPages<Row extends object, Joined extends object = object>(
  source: ReadSource,
  list: PlainList<Row, Joined>,
): (filter: PlainFilter | undefined, request: PageRequest) => Promise<PlainPage<Row, Joined>> | undefined {
  const { lookUp, seen } = source;
  if (!lookUp || !seen) return () => undefined;
  const reads = new Map<string, (key: string) => Promise<Found<UnchangedRow>>>();
  const readOf = (shape: Shape): ((key: string) => Promise<Found<UnchangedRow>>) => {
    // The row cache has one entry per key. Without the view, pages of two lists would replace each other.
    const name = JSON.stringify([list.view.name, shape]);
    const read = reads.get(name) ?? openBatchedRead(openShapeRead({ lookUp, seen }, list, shape, name));
    reads.set(name, read);
    return read;
  };
  const readPage = async (filter: PlainFilter | undefined, request: PageRequest): Promise<PlainPage<Row, Joined>> => {
    const { limit, cursor, direction, joined = true } = request;
    const read = readOf({ filterColumn: filter?.column, direction, hasCursor: cursor !== undefined, joined });
    const key = [limit, filter?.value ?? null, cursor ? String(cursor.value) : null, cursor?.id ?? null];
    const { position, value } = await read(JSON.stringify(key));
    if (!value) throw new Error(`no page of ${list.view.name}`);
    const { entries, rows } = value.row as CachedPage<Row, Joined>;
    return {
      rows,
      hasNextPage: entries.length > limit,
      hasPreviousPage: cursor ? undefined : false,
      totalCount: undefined,
      position,
      unchanged: value,
    };
  };
  return (filter, request) => (isPlain(request) ? readPage(filter, request) : undefined);
}

/**
 * Whether the page is read forwards, without the number of all rows, without a check for rows before the cursor, and
 * without a position to wait for.
 */
function isPlain({ backwards, count, otherSide, cursor, atLeast }: PageRequest): boolean {
  return !backwards && !count && (otherSide !== true || !cursor) && atLeast === undefined;
}

/** @returns a function that reads pages by their keys; a key is the JSON of limit, filter value and cursor */
function openShapeRead<Row extends object, Joined extends object>(
  { lookUp, seen }: Source,
  list: PlainList<Row, Joined>,
  shape: Shape,
  name: string,
): (keys: readonly string[]) => Promise<ReadTogether<UnchangedRow>> {
  const { text, values } = pagesStatement(list, shape);
  const wantedAt = values.indexOf('[]');
  const pageOf = openPageOf(list);
  return async keys => {
    // The cache may change during the statement, so the result is combined with these pages and not with the cache.
    const cached = keys.map(key => seen.of(list.view, name + key));
    const wanted = keys.map((key, place) => wantedPage(key, place, cached[place]?.mark));
    const selected = await lookUp<Selected>({ text, values: values.with(wantedAt, JSON.stringify(wanted)) });
    const [first] = selected;
    if (!first) throw new Error(`no live checkpoint of the group ${coreGroup}`);
    const pages = new Map<string, UnchangedRow>();
    for (const [place, key] of keys.entries()) {
      const page = cached[place]?.standing;
      if (page) pages.set(key, page);
    }
    for (const one of selected) {
      const key = one.place === null ? undefined : keys[one.place];
      if (key === undefined || one.place === null) continue;
      const page = pageOf(wanted[one.place]?.limit ?? 0, one, cached[one.place]);
      seen.keep(list.view, name + key, { mark: one.marks, standing: page });
      pages.set(key, page);
    }
    return { position: JSON.parse(first.position) as Position, rows: pages };
  };
}

/** @returns a function that makes a page of the rows that the database sent and the cached rows that are current */
function openPageOf<Row extends object, Joined extends object>({ view, join }: PlainList<Row, Joined>) {
  const rowOf = fromValues<Row>(view);
  const joinedOf = join && fromValues<Joined>(join.view);
  const names = JSON.stringify(Object.keys({ ...view.columns, ...join?.view.columns }));
  return (limit: number, { marks, rows: rowsJson }: Selected, cached: CachedRow | undefined): UnchangedRow => {
    const before = cached?.standing.row as CachedPage<Row, Joined> | undefined;
    const cachedEntries = new Map(marksOf(cached?.mark ?? '').map((mark, place) => [mark, before?.entries[place]]));
    const sent = JSON.parse(`[${rowsJson ?? ''}]`) as readonly [unknown[], unknown[]?][];
    // The average, plus the names of the columns: the rows were sent without them, but as objects they contain them.
    const characters = Math.ceil((rowsJson?.length ?? 0) / sent.length) + names.length;
    const newRows = sent.values();
    const entries = marksOf(marks).map((mark): Entry<Row, Joined> => {
      const unchanged = cachedEntries.get(mark);
      if (unchanged) return unchanged;
      const [row = [], joined] = newRows.next().value ?? [];
      return { row: rowOf(row), joined: joined && joinedOf?.(joined), characters };
    });
    const size = entries.reduce((sum, one) => sum + one.characters, 0);
    const page: CachedPage<Row, Joined> = { entries, rows: entries.slice(0, limit - 1) };
    return new UnchangedRow(page, size);
  };
}

/** A requested page, and the marks of the cached one. */
interface WantedPage {
  readonly place: number;
  /** One row more than the page has. */
  readonly limit: number;
  /** The value of the filter. */
  readonly value: string | null;
  /** The cursor: the sort value and the id of its row. */
  readonly after: string | null;
  readonly id: string | null;
  readonly seen: string | undefined;
}

function wantedPage(key: string, place: number, seen: string | undefined): WantedPage {
  const [limit, value, after, id] = JSON.parse(key) as [number, string | null, string | null, string | null];
  return { place, limit: limit + 1, value, after, id, seen };
}

/** Splits the marks of a page. Each ends with a semicolon, and contains no other one. */
function marksOf(marks: string): string[] {
  return marks === '' ? [] : marks.slice(0, -1).split(';');
}

function pagesStatement<Row extends object, Joined extends object>(
  { view, sort, join }: PlainList<Row, Joined>,
  { filterColumn, direction, hasCursor, joined }: Shape,
): Prisma.Sql {
  const other = joined ? join : undefined;
  const order = Prisma.raw(direction);
  const marks = [markOf(view, 'v'), ...(other ? [markOf(other.view, 'j')] : [])];
  const values = [rowValues(view, 'shown', 'v_'), ...(other ? [joinedValues(other.view)] : [])];
  const columns = [...columnsWithAliases(view, 'v'), ...(other ? columnsWithAliases(other.view, 'j') : [])];
  // The outer select makes the JSON, and only of the rows that are sent. A column of the inner select would be computed
  // for every row.
  return Prisma.sql`
    SELECT json_build_object('point', c.position, 'hash', c.hash)::text AS position, found.*
    FROM checkpoints c
    LEFT JOIN LATERAL (
      SELECT wanted.place, page.marks, page.rows
      FROM jsonb_to_recordset(${'[]'}::jsonb)
        AS wanted(place int, "limit" int, value text, after text, id text, seen text)
      CROSS JOIN LATERAL (
        SELECT coalesce(string_agg(shown.mark, ''), '') AS marks,
          string_agg(
            CASE WHEN wanted.seen IS NULL OR strpos(wanted.seen, shown.mark) = 0
            THEN json_build_array(${Prisma.join(values)})::text END, ',') AS rows
        FROM (
          SELECT ${Prisma.join(marks, " || '/' || ")} || ';' AS mark, ${Prisma.raw(columns.join(', '))}
          FROM ${table(view)} v ${other ? joinedTable(other) : Prisma.empty}
          WHERE ${conditions(view, sort, { filterColumn, direction, hasCursor })}
          ORDER BY ${Prisma.join(indexColumns(view, sort, filterColumn).map(name => Prisma.sql`${name} ${order}`))}
          LIMIT wanted."limit"
        ) shown
      ) page
      WHERE page.marks IS DISTINCT FROM wanted.seen
    ) found ON true
    WHERE c.group_name = ${coreGroup} AND c.live`;
}

/** The columns of the index of a list, without the generation. */
function indexColumns(view: ViewTable, sort: string, filterColumn: string | undefined): readonly Prisma.Sql[] {
  const all = [column('v', sort), column('v', view.key)];
  return filterColumn === undefined ? all : [column('v', filterColumn), ...all];
}

/**
 * The filter is a range from the value to the same value, and the filter column is the first sort column. Only the
 * index of the filter column returns rows in that order. With an equality, the planner would read the index of the
 * sort and filter its rows if the statistics say that all rows have this value. PostgreSQL caches the plan, and would
 * still use it after other values were added.
 */
function conditions(
  view: ViewTable,
  sort: string,
  { filterColumn, direction, hasCursor }: Omit<Shape, 'joined'>,
): Prisma.Sql {
  const all = [Prisma.sql`v.generation = c.generation`];
  const after = Prisma.sql`wanted.after::${Prisma.raw(view.columns[sort] ?? '')}, wanted.id`;
  if (filterColumn !== undefined) {
    const filtered = column('v', filterColumn);
    all.push(Prisma.sql`${filtered} >= wanted.value`, Prisma.sql`${filtered} <= wanted.value`);
  }
  if (hasCursor) {
    const columns = Prisma.join([...indexColumns(view, sort, filterColumn)]);
    const start = filterColumn === undefined ? after : Prisma.sql`wanted.value, ${after}`;
    all.push(Prisma.sql`(${columns}) ${Prisma.raw(direction === 'ASC' ? '>' : '<')} (${start})`);
  }
  return Prisma.join(all, ' AND ');
}

function joinedTable({ view, by }: { readonly view: ViewTable; readonly by: string }): Prisma.Sql {
  return Prisma.sql`LEFT JOIN ${table(view)} j ON j.generation = c.generation AND ${column('j', view.key)} = ${column('v', by)}`;
}

/**
 * The mark of a row, as in read-entities.ts, with the id of the row: without it, two rows that one transaction wrote
 * could have the same mark.
 */
function markOf(view: ViewTable, alias: string): Prisma.Sql {
  const { sql } = column(alias, view.key);
  return Prisma.raw(
    `coalesce(${sql} || '.' || ${alias}.xmin::text || '.' || c.generation || '.' || ${alias}.hash, '')`,
  );
}

/** All columns of a view, each with the alias `<alias>_<column>`. */
function columnsWithAliases(view: ViewTable, alias: string): string[] {
  return Object.keys(view.columns).map(name => {
    const { sql } = column(alias, name);
    return `${sql} AS ${sql.replace('.', '_')}`;
  });
}

function joinedValues(view: ViewTable): Prisma.Sql {
  return Prisma.sql`CASE WHEN ${column('shown', `j_${view.key}`)} IS NOT NULL THEN ${rowValues(view, 'shown', 'j_')} END`;
}

/** @returns a function that converts values, in the order of the view's columns, to a row */
function fromValues<Row extends object>({ columns }: View<Row>): (values: readonly unknown[]) => Row {
  const names = Object.keys(columns);
  return values => {
    const row: Record<string, unknown> = {};
    for (let index = 0; index < names.length; index++) row[names[index] ?? ''] = values[index];
    return row as Row;
  };
}
