// What a query for single entities reads: rows by id, with the newer events that they do not include yet.
import type { Database } from '../database/database.ts';
import { type EventTypes, UnknownEventError } from '../event-store/event-types.ts';
import { isOfThisLog } from '../event-store/is-of-this-log.ts';
import type { Position } from '../event-store/position.ts';
import { eventJson, eventsWithKeys, recordedEvent, type StoredEvent } from '../event-store/stored-event.ts';
import { type Sql, sql } from '../database/sql.ts';
import { type CachedRow, markOf, type ReaderRowCache, UnchangedRow } from './reader-row-cache.ts';
import { StalePositionError } from './stale-position.ts';
import { column, coreGroup, firstOf, rowText, table } from './view-sql.ts';
import type { FoldedView, View } from './view.ts';

/** Where rows are read from, and how later events are folded into them. */
export interface ReadSource {
  readonly database: Database;
  readonly types: EventTypes;
  /** Row cache of this database; without it, the database sends every row each time. */
  readonly seen?: ReaderRowCache | undefined;
}

/** Rows that include all events up to `position`, the end of the log. */
export interface Entities<Row, Joined> {
  readonly position: Position;
  /**
   * Entities with an event that cannot be folded, by id, and that event's position: their rows, if any, end before
   * it.
   */
  readonly parked: ReadonlyMap<string, number>;
  readonly rows: ReadonlyMap<string, { readonly row: Row; readonly joined: Joined | undefined }>;
}

/** A second view whose row is joined to each row: its id is in this column, and in the data of the first event. */
export interface Join<Row, Joined extends object> {
  readonly view: View<Joined>;
  readonly by: keyof Row & string;
}

/**
 * The database's result for one entity. There is none if the entity does not exist, or if the cached rows are
 * current.
 */
interface Selected {
  readonly head: string;
  readonly continues: boolean;
  readonly id: string | null;
  readonly mark: string | null;
  /** JSON; null if the cached row is current. */
  readonly row: string | null;
  readonly newer: StoredEvent[] | null;
  readonly joinedMark: string | null;
  readonly joinedRow: string | null;
  readonly joinedNewer: StoredEvent[] | null;
}

/** A requested entity, and the marks of its cached rows. */
interface Wanted {
  readonly id: string;
  readonly seen?: string | undefined;
  readonly joinedSeen?: string | undefined;
}

/** The requested ids, as a set of rows. */
export function idList(ids: readonly string[]): Sql {
  return sql`jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)`;
}

/**
 * The same for statements that join tables to the ids. Here the planner counts the ids; it estimates a hundred rows
 * for a function, and would then scan a small table.
 */
export function idRows(ids: readonly string[]): Sql {
  if (ids.length === 0) return sql`(SELECT NULL::text WHERE false)`;
  return sql`(VALUES ${sql.join(ids.map(id => sql`(${id}::text)`))})`;
}

/**
 * Reads entities without waiting for the projector: one statement returns each row and the events of its stream that
 * it does not include yet, and this function folds them.
 * @param wanted a set of rows with one text column, the ids
 * @param atLeast a position of the log that the result must come from
 * @throws StalePositionError if `atLeast` is not of this log
 */
export async function readEntities<Row extends object, Joined extends object = object>(
  source: ReadSource,
  view: View<Row>,
  wanted: Sql,
  options: { atLeast?: Position | undefined; join?: Join<Row, Joined> | undefined } = {},
): Promise<Entities<Row, Joined>> {
  const { atLeast, join } = options;
  const unseen = sql`
    (SELECT id, NULL::text, NULL::text FROM ${wanted} AS asked(id)) AS wanted(id, seen, "joinedSeen")`;
  const selected = await source.database.lookUp<Selected>(entitiesStatement(view, unseen, atLeast, join));
  return entitiesOf(source, view, join, selected, new Map());
}

/** readEntities() by ids, for callers that read one view repeatedly: its statement is built once. */
export function openReadEntities<Row extends object, Joined extends object = object>(
  view: View<Row>,
  join?: Join<Row, Joined>,
): (source: ReadSource, ids: readonly string[], atLeast?: Position) => Promise<Entities<Row, Joined>> {
  const known = entitiesStatement(view, wantedRows([]), undefined, join);
  const place = known.values.indexOf(JSON.stringify([]));
  return async (source, ids, atLeast) => {
    const seen = new Map<string, Seen>();
    const wanted = ids.map(id => wantedOf(source, view, join, id, seen));
    const statement = atLeast
      ? entitiesStatement(view, wantedRows(wanted), atLeast, join)
      : { text: known.text, values: known.values.with(place, JSON.stringify(wanted)) };
    const selected = await source.database.lookUp<Selected>(statement);
    return entitiesOf(source, view, join, selected, seen);
  };
}

/**
 * The cached rows of an entity at the time its statement was built. The cache may change during the statement, so the
 * result must be combined with these rows and not with the cache.
 */
interface Seen {
  readonly row: CachedRow;
  readonly joined: CachedRow | undefined;
}

function wantedOf<Row extends object, Joined extends object>(
  { seen: rows }: ReadSource,
  view: View<Row>,
  join: Join<Row, Joined> | undefined,
  id: string,
  seen: Map<string, Seen>,
): Wanted {
  const row = rows?.of(view, id);
  if (!row) return { id };
  const joined = join && rows?.of(join.view, (row.standing.row as Row)[join.by] as string);
  seen.set(id, { row, joined });
  return { id, seen: row.mark, joinedSeen: joined?.mark };
}

function wantedRows(wanted: readonly Wanted[]): Sql {
  return sql`jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) AS wanted(id text, seen text, "joinedSeen" text)`;
}

function entitiesStatement(
  view: FoldedView,
  wanted: Sql,
  atLeast: Position | undefined,
  join: { readonly view: FoldedView; readonly by: string } | undefined,
): Sql {
  return sql`
    SELECT ${head} AS head, ${isOfThisLog(atLeast)} AS continues, found.*
    FROM checkpoints c
    LEFT JOIN LATERAL (
      SELECT wanted.id, marked.mark, ${unlessSeen(view, 'v', sql`marked.mark`, sql`wanted.seen`)} AS row,
        newer.events AS newer, ${join ? joinedColumns(join.view) : noJoinedColumns}
      FROM ${wanted}
      LEFT JOIN ${table(view)} v ON v.generation = c.generation AND ${column('v', view.key)} = wanted.id
      LEFT JOIN LATERAL (SELECT ${markOf('v')} AS mark) marked ON true
      LEFT JOIN LATERAL (${newerEvents(view, sql`wanted.id`, sql`v.version`)}) newer ON true
      ${join ? joinedTables(join) : sql.empty}
      WHERE marked.mark IS DISTINCT FROM wanted.seen OR newer.events IS NOT NULL ${join ? joinedChanged : sql.empty}
    ) found ON true
    WHERE c.group_name = ${coreGroup} AND c.live`;
}

/** @throws StalePositionError */
function entitiesOf<Row extends object, Joined extends object>(
  source: ReadSource,
  view: View<Row>,
  join: Join<Row, Joined> | undefined,
  selected: readonly Selected[],
  seen: ReadonlyMap<string, Seen>,
): Entities<Row, Joined> {
  const first = firstOf(selected);
  if (!first.continues) throw new StalePositionError();

  const rows = new Map<string, { row: Row; joined: Joined | undefined }>();
  for (const [id, { row, joined }] of seen) {
    const standing = row.standing as UnchangedRow<Row>;
    rows.set(id, join ? { row: standing.row, joined: joined?.standing.row as Joined | undefined } : standing);
  }
  const parked = new Map<string, number>();
  for (const one of selected) {
    const { id } = one;
    if (id === null) continue;
    const before = seen.get(id);
    const stored = storedRow(source, view, id, { mark: one.mark, text: one.row }, before?.row);
    const { row, parkedAt } = foldNewer(source.types, view, stored?.row, one.newer);
    if (parkedAt !== undefined) parked.set(id, parkedAt);
    if (!row) rows.delete(id);
    else if (join) rows.set(id, { row, joined: joinedRow(source, join, row, one, before?.joined) });
    else rows.set(id, row === stored?.row ? (stored as UnchangedRow<Row>) : { row, joined: undefined });
  }
  return { position: JSON.parse(first.head) as Position, rows, parked };
}

function joinedRow<Row, Joined extends object>(
  source: ReadSource,
  { view, by }: Join<Row, Joined>,
  row: Row,
  { joinedMark: mark, joinedRow: text, joinedNewer }: Selected,
  before: CachedRow | undefined,
): Joined | undefined {
  const stored = storedRow(source, view, row[by] as string, { mark, text }, before);
  return foldNewer(source.types, view, stored?.row, joinedNewer).row;
}

/** A view's row as it is stored: the row that the database sent, or else the cached one. */
function storedRow(
  { seen }: ReadSource,
  view: FoldedView,
  id: string,
  { mark, text }: { readonly mark: string | null; readonly text: string | null },
  before: CachedRow | undefined,
): UnchangedRow | undefined {
  if (mark === null) return undefined;
  if (text === null) return before?.standing;
  const standing = new UnchangedRow(JSON.parse(text) as object, text.length);
  seen?.keep(view, id, { mark, standing });
  return standing;
}

const head = sql`coalesce(
  (SELECT json_build_object('point', position, 'hash', encode(substr(hash, 1, 6), 'hex'))::text
   FROM events ORDER BY position DESC LIMIT 1),
  '{"point": 0, "hash": "000000000000"}')`;

function unlessSeen(view: FoldedView, alias: string, mark: Sql, seen: Sql): Sql {
  return sql`CASE WHEN ${mark} IS DISTINCT FROM ${seen} THEN ${rowText(view, alias)}::text END`;
}

/** Whether a row may be behind its stream: no row is if the views are at the end of the log and no stream is parked. */
const rowsMayBeBehind = sql`
  (c.position < (SELECT position FROM events ORDER BY position DESC LIMIT 1) OR EXISTS (SELECT FROM parked_streams))`;

/**
 * The events of a stream that a row does not include yet, found by version in the stream's index. Usually there are
 * none.
 */
function newerEvents(view: FoldedView, id: Sql, version: Sql): Sql {
  return sql`
    SELECT json_agg(${eventJson} ORDER BY e.version) AS events FROM ${eventsWithKeys}
    WHERE ${rowsMayBeBehind} AND e.stream_type = ${view.streamType} AND e.stream_id = ${id} AND e.version > coalesce(${version}, 0)`;
}

const noJoinedColumns = sql`NULL::text AS "joinedMark", NULL::text AS "joinedRow", NULL::json AS "joinedNewer"`;

function joinedColumns(view: FoldedView): Sql {
  return sql`
    joined.mark AS "joinedMark",
    ${unlessSeen(view, 'j', sql`joined.mark`, sql`wanted."joinedSeen"`)} AS "joinedRow",
    joined_newer.events AS "joinedNewer"`;
}

function joinedTables({ view, by }: { view: FoldedView; by: string }): Sql {
  return sql`
    LEFT JOIN LATERAL (SELECT coalesce(${column('v', by)}, newer.events->0->'data'->>${by}) AS id) other ON true
    LEFT JOIN ${table(view)} j ON j.generation = c.generation AND ${column('j', view.key)} = other.id
    LEFT JOIN LATERAL (SELECT ${markOf('j')} AS mark) joined ON true
    LEFT JOIN LATERAL (${newerEvents(view, sql`other.id`, sql`j.version`)}) joined_newer ON true`;
}

const joinedChanged = sql`
  OR joined.mark IS DISTINCT FROM wanted."joinedSeen" OR joined_newer.events IS NOT NULL`;

/** Folds the events into the row, up to the first event that cannot be folded. */
function foldNewer<Row extends object>(
  types: EventTypes,
  view: View<Row>,
  row: object | undefined,
  newer: readonly StoredEvent[] | null,
): { row: Row | undefined; parkedAt?: number } {
  let folded = row as Row | undefined;
  if (!newer) return { row: folded };
  for (const event of newer) {
    try {
      folded = view.fold(folded, recordedEvent(types, event));
    } catch (error) {
      if (error instanceof UnknownEventError) throw error;
      return { row: folded, parkedAt: event.position };
    }
  }
  return { row: folded };
}
