// Pages of lists whose rows an index has in the order of the list: the lists that clients request most.
import type { Position } from '../event-store/position.ts';
import type { Join, ReadSource } from './read-entities.ts';
import { isAscending, type Listing, type ListIndex, type Page, pageOf, type PageRequest } from './page.ts';
import { type CachedRow, markOf, UnchangedRow } from './reader-row-cache.ts';
import { column, coreGroup, firstOf, rowText, table } from './view-sql.ts';
import type { ViewTable } from './view.ts';

/** Maximum number of rows of a statement: it must not occupy a session of look-ups for long. */
const maxRows = 1_000;

type IndexedListing<Row extends object, Joined extends object> = Listing<Row, Joined> & { readonly index: ListIndex };

/** The database's result for one list. */
interface Selected {
  readonly point: number;
  readonly hash: string;
  /** The value in the column of the index. */
  readonly value: string;
  /** JSON of the entries of the page, separated by commas. */
  readonly entries: string;
}

/** The mark of a row, and the row unless the reader has it; then the same of the joined row. */
type Entry<Row, Joined> = readonly [mark: string, row: Row | null, joinedMark?: string | null, joined?: Joined | null];

/** Rows of the reader's cache, by the marks that the database compares. */
type KnownRows = Map<string, CachedRow>;

/** Whether pages are read by readIndexedPages(): an index has the rows of each list, and nothing else is requested. */
export function isIndexed<Row extends object, Joined extends object>(
  list: Listing<Row, Joined>,
  { limit, cursor, count, otherSide, atLeast }: PageRequest,
  lists: number,
): list is IndexedListing<Row, Joined> {
  const isPlain = !count && (otherSide !== true || cursor === undefined) && atLeast === undefined;
  return list.index !== undefined && isPlain && (limit + 1) * lists <= maxRows;
}

/**
 * Reads the same page of several lists by one look-up. The database sends the marks of all rows, and only those rows
 * that the reader's cache does not have or that have changed since.
 * @param values the value of each list in the column of the index
 * @returns a page for each value
 */
export async function readIndexedPages<Row extends object, Joined extends object>(
  source: ReadSource,
  list: IndexedListing<Row, Joined>,
  values: readonly string[],
  request: PageRequest,
): Promise<{ position: Position; rows: ReadonlyMap<string, Page<Row, Joined>> }> {
  const join = request.joined === false ? undefined : list.join;
  const keys = values.map(value => pageKey(list, value, request));
  const known = keys.map(key => knownRows(source, list, join, key));
  const seen = known.map(rows => [...rows.keys()].join(''));
  const { limit, cursor } = request;
  const selected = await source.database.lookUp<Selected>({
    text: textOf(list, join, request),
    values: [values, seen, limit + 1, coreGroup, ...(cursor ? [String(cursor.value), cursor.id] : [])],
  });
  const { point, hash } = firstOf(selected);
  const position = { point, hash };
  const byValue = new Map(selected.map(one => [one.value, one.entries]));
  const pages = values.map((value, place): [string, Page<Row, Joined>] => {
    const rows = rowsOf(source, list, join, known[place] ?? new Map<string, CachedRow>(), byValue.get(value) ?? '');
    source.seen?.keepPage(
      keys[place] ?? '',
      rows.map(({ row }) => row[list.rows.key] as string),
    );
    // No row on the other side of a cursor was requested: see isIndexed().
    return [value, pageOf(rows, request, { position, totalCount: undefined, isOnOtherSide: false })];
  });
  return { position, rows: new Map(pages) };
}

/** The same for one list. */
export async function readIndexedPage<Row extends object, Joined extends object>(
  source: ReadSource,
  list: IndexedListing<Row, Joined>,
  request: PageRequest,
): Promise<Page<Row, Joined>> {
  const value = list.index.value ?? '';
  const page = (await readIndexedPages(source, list, [value], request)).rows.get(value);
  if (!page) throw new Error(`no page of ${list.rows.name}`);
  return page;
}

function pageKey<Row extends object, Joined extends object>(
  { rows, index, sort }: IndexedListing<Row, Joined>,
  value: string,
  request: PageRequest,
): string {
  const { limit, cursor } = request;
  return JSON.stringify([rows.name, index.column, value, sort, isAscending(request), limit, cursor?.value, cursor?.id]);
}

/** The rows that the page had when it was read last, as far as they are cached. */
function knownRows<Row extends object, Joined extends object>(
  { seen }: ReadSource,
  { rows: view }: Listing<Row, Joined>,
  join: Join<Row, Joined> | undefined,
  key: string,
): KnownRows {
  const known: KnownRows = new Map();
  for (const id of seen?.idsOf(key) ?? []) {
    const cached = seen?.of(view, id);
    if (!cached) continue;
    known.set(fullMark(id, cached.mark), cached);
    if (!join) continue;
    const joinedId = (cached.standing.row as Row)[join.by] as string;
    const joined = seen?.of(join.view, joinedId);
    if (joined) known.set(fullMark(joinedId, joined.mark), joined);
  }
  return known;
}

/** The id is part of it, so that no two rows have the same mark. */
function fullMark(id: string, mark: string): string {
  return `${id} ${mark};`;
}

function rowsOf<Row extends object, Joined extends object>(
  source: ReadSource,
  list: Listing<Row, Joined>,
  join: Join<Row, Joined> | undefined,
  known: KnownRows,
  json: string,
): Page<Row, Joined>['rows'] {
  const entries = JSON.parse(`[${json}]`) as readonly Entry<Row, Joined>[];
  const sent = entries.filter(([, row]) => row !== null).length;
  const characters = Math.ceil(json.length / Math.max(sent, 1)); // on average, and including joined rows
  return entries.map(([mark, row, joinedMark, joined]) => ({
    row: rowOf(source, list.rows, known, { mark, row, characters }) as Row,
    joined:
      join && joinedMark
        ? (rowOf(source, join.view, known, { mark: joinedMark, row: joined, characters }) as Joined)
        : undefined,
  }));
}

function rowOf(
  { seen }: ReadSource,
  view: ViewTable,
  known: KnownRows,
  { mark: full, row, characters }: { mark: string; row: object | null | undefined; characters: number },
): object {
  const cached = known.get(full);
  if (!row) {
    if (!cached) throw new Error(`${view.name}: the database did not send a row that is not cached`);
    return cached.standing.row;
  }
  const end = full.indexOf(' ');
  const [id, mark] = [full.slice(0, end), full.slice(end + 1, -1)];
  const current = seen?.of(view, id);
  if (current?.mark === mark) return current.standing.row;
  seen?.keep(view, id, { mark, standing: new UnchangedRow(row, characters) });
  return row;
}

/** The text of the statement by the parts of a request that it depends on. There are few, so it can be prepared. */
const texts = new Map<string, string>();

function textOf<Row extends object, Joined extends object>(
  list: IndexedListing<Row, Joined>,
  join: Join<Row, Joined> | undefined,
  request: PageRequest,
): string {
  const { rows, index, sort } = list;
  const shape = { filtered: index.column, sort, ascending: isAscending(request), after: request.cursor !== undefined };
  const key = JSON.stringify([rows.name, join?.by, shape]);
  const text = texts.get(key) ?? pagesText(rows, join, shape);
  texts.set(key, text);
  return text;
}

interface Shape {
  readonly filtered: string | undefined;
  readonly sort: string;
  readonly ascending: boolean;
  readonly after: boolean;
}

/**
 * $1 values of the lists, $2 the marks of known rows, $3 limit, $4 group, $5 and $6 cursor.
 * The filter is a range from the value to the same value, and its column is the first column of the order. So only the
 * index of that column has the rows in order. With an equality, the planner would walk the index of the sort and skip
 * the rows with other values if the statistics say that all rows have this one, and PostgreSQL would cache that plan.
 */
function pagesText(
  view: ViewTable,
  join: { readonly view: ViewTable; readonly by: string } | undefined,
  { filtered, sort, ascending, after }: Shape,
): string {
  const sorted = [nameOf('v', sort), nameOf('v', view.key)];
  const start = `$5::${view.columns[sort] ?? ''}, $6`;
  const conditions = ['v.generation = c.generation'];
  if (filtered !== undefined) {
    const name = nameOf('v', filtered);
    sorted.unshift(name);
    conditions.push(`${name} >= wanted.value`, `${name} <= wanted.value`);
  }
  if (after) {
    const beyond = filtered === undefined ? start : `wanted.value, ${start}`;
    conditions.push(`(${sorted.join(', ')}) ${ascending ? '>' : '<'} (${beyond})`);
  }
  const marks = [`${markText(view, 'v')} AS mark`, ...(join ? [`${markText(join.view, 'j')} AS joined_mark`] : [])];
  const parts = [
    unlessKnown(view, 'v', 'marked.mark'),
    ...(join ? [unlessKnown(join.view, 'j', 'marked.joined_mark')] : []),
  ];
  const joined = join
    ? `LEFT JOIN ${join.view.name} j ON j.generation = c.generation AND ${nameOf('j', join.view.key)} = ${nameOf('v', join.by)}`
    : '';
  return `
    SELECT c.position::float8 AS point, c.hash, wanted.value, page.entries
    FROM checkpoints c CROSS JOIN unnest($1::text[], $2::text[]) AS wanted(value, seen)
    CROSS JOIN LATERAL (
      SELECT coalesce(string_agg(shown.entry, ','), '') AS entries FROM (
        SELECT json_build_array(${parts.join(', ')})::text AS entry
        FROM ${table(view).text} v ${joined} CROSS JOIN LATERAL (SELECT ${marks.join(', ')} OFFSET 0) marked
        WHERE ${conditions.join(' AND ')}
        ORDER BY ${sorted.map(name => `${name} ${ascending ? 'ASC' : 'DESC'}`).join(', ')} LIMIT $3::int
      ) shown
    ) page
    WHERE c.group_name = $4 AND c.live`;
}

function nameOf(alias: string, name: string): string {
  return column(alias, name).text;
}

function markText(view: ViewTable, alias: string): string {
  return `${nameOf(alias, view.key)} || ' ' || ${markOf(alias).text} || ';'`;
}

/** A mark, and the row unless its mark is known. */
function unlessKnown(view: ViewTable, alias: string, mark: string): string {
  return `${mark}, CASE WHEN strpos(wanted.seen, ${mark}) = 0 THEN ${rowText(view, alias).text} END`;
}
