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
 * A list that is mostly asked for as it is: all its rows, or those with one value in one column. The view needs an index
 * for each of `by`: (generation, that column, sort, key). It is all that a plan can use, so that the plan can be kept.
 */
export interface PlainList<Row extends object, Joined extends object> {
  readonly view: View<Row>;
  readonly sort: keyof Row & string;
  /** Columns that pages are cut down by, one at a time. */
  readonly by: readonly (keyof Row & string)[];
  readonly join?: Join<Row, Joined> | undefined;
}

/** Only rows with this value in this column of a plain list. */
export interface PlainFilter {
  readonly column: string;
  readonly value: string;
}

/** A page, and the rows that it has been made of: the same object as long as these are unchanged. */
export interface PlainPage<Row, Joined> extends Page<Row, Joined> {
  readonly unchanged: UnchangedRow;
}

interface Entry<Row, Joined> {
  readonly row: Row;
  readonly joined: Joined | undefined;
  /** Its size as JSON, about. */
  readonly characters: number;
}

/** What is cached of a page. */
interface KnownPage<Row, Joined> {
  /** The page's rows, and the one behind them if there is one. */
  readonly entries: readonly Entry<Row, Joined>[];
  readonly shown: readonly Entry<Row, Joined>[];
}

interface Selected {
  readonly position: string;
  /** Which of the wanted pages this is; null if each of them is unchanged. */
  readonly place: number | null;
  /** A mark for each row of the page. */
  readonly marks: string;
  /** JSON of the rows whose marks were not sent along; null if there is none. */
  readonly rows: string | null;
}

/** A source that can do it. */
interface Source {
  readonly lookUp: LookUp;
  readonly seen: ReaderRowCache;
}

/** All that one statement is made for; the rest of a request are values. */
interface Shape {
  readonly by: string | undefined;
  readonly direction: PageRequest['direction'];
  readonly hasCursor: boolean;
  readonly joined: boolean;
}

/**
 * Reads pages of a plain list as entities are read: all pages of one shape that are asked for at once come from one prepared
 * statement, and of a page that was read before only the rows are sent that have changed since. Each page, and the position
 * that it reflects, are of that one statement.
 * @returns undefined for a request that is not plain (see isPlain), or if this process has no look-ups
 */
export function openPlainPages<Row extends object, Joined extends object = object>(
  source: ReadSource,
  list: PlainList<Row, Joined>,
): (filter: PlainFilter | undefined, request: PageRequest) => Promise<PlainPage<Row, Joined>> | undefined {
  const { lookUp, seen } = source;
  if (!lookUp || !seen) return () => undefined;
  const reads = new Map<string, (key: string) => Promise<Found<UnchangedRow>>>();
  const readOf = (shape: Shape): ((key: string) => Promise<Found<UnchangedRow>>) => {
    const name = JSON.stringify(shape);
    const read = reads.get(name) ?? openBatchedRead(openShapeRead({ lookUp, seen }, list, shape, name));
    reads.set(name, read);
    return read;
  };
  const readPage = async (filter: PlainFilter | undefined, request: PageRequest): Promise<PlainPage<Row, Joined>> => {
    const { limit, cursor, direction, joined = true } = request;
    const read = readOf({ by: filter?.column, direction, hasCursor: cursor !== undefined, joined });
    const asked = [limit, filter?.value ?? null, cursor ? String(cursor.value) : null, cursor?.id ?? null];
    const { position, value } = await read(JSON.stringify(asked));
    if (!value) throw new Error(`no page of ${list.view.name}`);
    const { entries, shown } = value.row as KnownPage<Row, Joined>;
    return {
      rows: shown,
      hasNextPage: entries.length > limit,
      hasPreviousPage: cursor ? undefined : false,
      totalCount: undefined,
      position,
      unchanged: value,
    };
  };
  return (filter, request) => (isPlain(request) ? readPage(filter, request) : undefined);
}

/** Read forwards, without a count, a look back or a position to wait for. */
function isPlain({ backwards, count, otherSide, cursor, atLeast }: PageRequest): boolean {
  return !backwards && !count && (otherSide !== true || !cursor) && atLeast === undefined;
}

/** @returns reads pages by their keys: the JSON of a limit, a value and a cursor */
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
    const known = keys.map(key => seen.of(list.view, name + key));
    const wanted = keys.map((key, place) => wantedPage(key, place, known[place]?.mark));
    const selected = await lookUp<Selected>({ text, values: values.with(wantedAt, JSON.stringify(wanted)) });
    const [first] = selected;
    if (!first) throw new Error(`no live checkpoint of the group ${coreGroup}`);
    const rows = new Map<string, UnchangedRow>();
    for (const [place, key] of keys.entries()) {
      const standing = known[place]?.standing;
      if (standing) rows.set(key, standing);
    }
    for (const one of selected) {
      const key = one.place === null ? undefined : keys[one.place];
      if (key === undefined || one.place === null) continue;
      const standing = pageOf(wanted[one.place]?.limit ?? 0, one, known[one.place]);
      seen.keep(list.view, name + key, { mark: one.marks, standing });
      rows.set(key, standing);
    }
    return { position: JSON.parse(first.position) as Position, rows };
  };
}

/** @returns makes a page of the rows that were sent, and of those that are known and still in it */
function openPageOf<Row extends object, Joined extends object>({ view, join }: PlainList<Row, Joined>) {
  const rowOf = fromValues<Row>(view);
  const joinedOf = join && fromValues<Joined>(join.view);
  const names = JSON.stringify(Object.keys({ ...view.columns, ...join?.view.columns }));
  return (limit: number, { marks, rows }: Selected, known: CachedRow | undefined): UnchangedRow => {
    const before = known?.standing.row as KnownPage<Row, Joined> | undefined;
    const old = new Map(marksOf(known?.mark ?? '').map((mark, place) => [mark, before?.entries[place]]));
    const sent = JSON.parse(`[${rows ?? ''}]`) as readonly [unknown[], unknown[]?][];
    // With the names of the columns: as objects they take as much.
    const characters = Math.ceil((rows?.length ?? 0) / sent.length) + names.length;
    const fresh = sent.values();
    const entries = marksOf(marks).map((mark): Entry<Row, Joined> => {
      const unchanged = old.get(mark);
      if (unchanged) return unchanged;
      const [row = [], joined] = fresh.next().value ?? [];
      return { row: rowOf(row), joined: joined && joinedOf?.(joined), characters };
    });
    const size = entries.reduce((sum, one) => sum + one.characters, 0);
    return new UnchangedRow({ entries, shown: entries.slice(0, limit - 1) } satisfies KnownPage<Row, Joined>, size);
  };
}

interface WantedPage {
  readonly place: number;
  /** One more than are shown. */
  readonly limit: number;
  readonly value: string | null;
  readonly after: string | null;
  readonly id: string | null;
  readonly seen: string | undefined;
}

function wantedPage(key: string, place: number, seen: string | undefined): WantedPage {
  const [limit, value, after, id] = JSON.parse(key) as [number, string | null, string | null, string | null];
  return { place, limit: limit + 1, value, after, id, seen };
}

/** A mark has no semicolon inside. */
function marksOf(marks: string): string[] {
  return marks === '' ? [] : marks.slice(0, -1).split(';');
}

function pagesStatement<Row extends object, Joined extends object>(
  { view, sort, join }: PlainList<Row, Joined>,
  { by, direction, hasCursor, joined }: Shape,
): Prisma.Sql {
  const other = joined ? join : undefined;
  const order = Prisma.raw(direction);
  const sortedBy = [...(by === undefined ? [] : [column('v', by)]), column('v', sort), column('v', view.key)];
  const marks = [markOf(view, 'v'), ...(other ? [markOf(other.view, 'j')] : [])];
  const values = [rowValues(view, 'shown', 'v_'), ...(other ? [otherValues(other.view)] : [])];
  const columns = [...aliased(view, 'v'), ...(other ? aliased(other.view, 'j') : [])];
  // Of rows that are not sent, no JSON is made: a column of the inner select would be made of each.
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
          WHERE ${conditions(view, sort, { by, direction, hasCursor })}
          ORDER BY ${Prisma.join(sortedBy.map(name => Prisma.sql`${name} ${order}`))} LIMIT wanted."limit"
        ) shown
      ) page
      WHERE page.marks IS DISTINCT FROM wanted.seen
    ) found ON true
    WHERE c.group_name = ${coreGroup} AND c.live`;
}

/**
 * As a range from the value to the value, which the index of that column alone can sort. By equality the planner would take the
 * index of the sort, and filter, when the statistics say that all rows have this value; the plan is kept when they no
 * longer do.
 */
function conditions(view: ViewTable, sort: string, { by, direction, hasCursor }: Omit<Shape, 'joined'>): Prisma.Sql {
  const all = [Prisma.sql`v.generation = c.generation`];
  const columns = [...(by === undefined ? [] : [column('v', by)]), column('v', sort), column('v', view.key)];
  const after = Prisma.sql`wanted.after::${Prisma.raw(view.columns[sort] ?? '')}, wanted.id`;
  if (by !== undefined)
    all.push(Prisma.sql`${column('v', by)} >= wanted.value`, Prisma.sql`${column('v', by)} <= wanted.value`);
  if (hasCursor) {
    const start = by === undefined ? after : Prisma.sql`wanted.value, ${after}`;
    all.push(Prisma.sql`(${Prisma.join(columns)}) ${Prisma.raw(direction === 'ASC' ? '>' : '<')} (${start})`);
  }
  return Prisma.join(all, ' AND ');
}

function joinedTable({ view, by }: { readonly view: ViewTable; readonly by: string }): Prisma.Sql {
  return Prisma.sql`LEFT JOIN ${table(view)} j ON j.generation = c.generation AND ${column('j', view.key)} = ${column('v', by)}`;
}

/** As in read-entities.ts, and whose it is: rows of one transaction may be alike in the rest. */
function markOf(view: ViewTable, alias: string): Prisma.Sql {
  const { sql } = column(alias, view.key);
  return Prisma.raw(
    `coalesce(${sql} || '.' || ${alias}.xmin::text || '.' || c.generation || '.' || ${alias}.hash, '')`,
  );
}

function aliased(view: ViewTable, alias: string): string[] {
  return Object.keys(view.columns).map(name => {
    const { sql } = column(alias, name);
    return `${sql} AS ${sql.replace('.', '_')}`;
  });
}

function otherValues(view: ViewTable): Prisma.Sql {
  return Prisma.sql`CASE WHEN ${column('shown', `j_${view.key}`)} IS NOT NULL THEN ${rowValues(view, 'shown', 'j_')} END`;
}

/** Makes a row of its values, in the order of the view's columns. */
function fromValues<Row extends object>({ columns }: View<Row>): (values: readonly unknown[]) => Row {
  const names = Object.keys(columns);
  return values => {
    const row: Record<string, unknown> = {};
    for (let index = 0; index < names.length; index++) row[names[index] ?? ''] = values[index];
    return row as Row;
  };
}
