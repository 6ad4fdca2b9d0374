import { type Sql, sql } from '../database/sql.ts';
import { isOfThisLog } from '../event-store/is-of-this-log.ts';
import type { Position } from '../event-store/position.ts';
import { idList, type ReadSource } from './read-entities.ts';
import { checkpointPosition, column, firstOf, liveCheckpoint, rowJson, table } from './view-sql.ts';
import type { FoldedView, View, ViewTable } from './view.ts';

/** The event that changed a row last: its version in the stream, and its position. */
export interface LastChange {
  readonly version: number;
  readonly position: number;
  readonly hash: string;
}

/** A live view of any row type, for code that handles all of them. */
export interface AnyLiveView {
  /** The view of the rows. */
  readonly rows: FoldedView;
  /** The table that finds the changes of all rows: it has an index by generation and position. */
  readonly all?: ViewTable;
  /** The table that finds the changes of one scope's rows: it has an index by generation, this column and position. */
  readonly scoped?: { readonly table: ViewTable; readonly column: string };
  /**
   * A list's filter as SQL conditions on `all` or `scoped` (alias l): only conditions whose result never changes for a
   * row. Otherwise subscribers would not learn that a row has left their list.
   */
  lastingFilters?(filter: unknown): readonly Sql[];
}

/**
 * A view whose changes are sent to subscribers: of one row, and of lists if there is a table that finds their changes.
 */
export interface LiveView<Row extends LastChange, Filter = undefined> extends AnyLiveView {
  readonly rows: View<Row>;
  lastingFilters?(filter: Filter): readonly Sql[];
}

/** A list whose changes are read. */
export interface ChangeList<Filter> {
  /** Only rows of this scope; undefined: all rows. */
  readonly scope: string | undefined;
  readonly filter: Filter;
}

/** A row, and the ids of the request that changed it last. */
export type ChangedRow<Row> = Row & { readonly correlationId: string; readonly traceparent?: string };

/** The position that the views have reached, and whether the given position is of this log. */
interface Reached {
  readonly position: Position;
  readonly continues: boolean;
}

/** The position that the views have reached. */
export async function readReached(
  { database }: ReadSource,
  after: Position,
): Promise<Reached & { rows: []; scopes: [] }> {
  const results = await database.lookUp<Reached>(sql`
    SELECT ${checkpointPosition} AS position, ${isOfThisLog(after)} AS continues FROM (${liveCheckpoint}) c`);
  return { ...firstOf(results), rows: [], scopes: [] };
}

/**
 * With at most this number of rows and lists, each is looked up by its key, with a cached plan. With more, the
 * planner chooses each time: an index scan over the latest changes if few rows changed, or the keys if the hub was
 * idle while many rows changed.
 */
const maxKeysForCachedPlan = 100;

/**
 * What changed after a position, for all subscribers of one node: changed rows with one of the `ids`, and those of the
 * `scopes` in which a row changed. Rows and checkpoint come from one statement, so no change can fall between.
 * @param everyScope the scope that contains all rows
 */
export async function readWatchedChanges<Row extends LastChange>(
  { database }: ReadSource,
  { rows: view, all, scoped }: LiveView<Row, never>,
  after: Position,
  watched: { ids: readonly string[]; scopes: readonly string[] },
  everyScope: string,
): Promise<Reached & { rows: { id: string; row: ChangedRow<Row> }[]; scopes: string[] }> {
  const statement = sql`
    WITH c AS MATERIALIZED (${liveCheckpoint})
    SELECT ${checkpointPosition} AS position, ${isOfThisLog(after)} AS continues, (
        SELECT jsonb_agg(${changedRow(view)} ORDER BY v.position) FROM ${table(view)} v
        WHERE v.generation = c.generation AND v.position > ${after.point}::bigint
          AND ${column('v', view.key)} = ANY (ARRAY(SELECT ${idList(watched.ids)}))
      ) AS rows, ${scoped ? changedScopes(scoped, after, watched.scopes) : sql`NULL::jsonb`} AS scopes,
      ${all ? isChanged(all, sql`true`, after) : sql`false`} AS "isChanged"
    FROM c`;
  type Result = Reached & {
    readonly rows: ChangedRow<Row>[] | null;
    readonly scopes: string[] | null;
    readonly isChanged: boolean | null;
  };
  const isFew = watched.ids.length + watched.scopes.length <= maxKeysForCachedPlan;
  const results = await (isFew ? database.lookUp<Result>(statement) : database.query<Result>(statement));
  const { position, continues, rows, scopes, isChanged: isAnyChanged } = firstOf(results);
  return {
    position,
    continues,
    rows: (rows ?? []).map(row => ({ id: row[view.key] as string, row })),
    scopes: [...(scopes ?? []), ...(isAnyChanged ? [everyScope] : [])],
  };
}

function changedScopes(
  { table: scoped, column: scope }: { readonly table: ViewTable; readonly column: string },
  after: Position,
  scopes: readonly string[],
): Sql {
  return sql`(
    SELECT jsonb_agg(DISTINCT ${column('v', scope)}) FROM ${table(scoped)} v
    WHERE v.generation = c.generation AND v.position > ${after.point}::bigint
      AND ${column('v', scope)} = ANY (ARRAY(SELECT ${idList(scopes)})))`;
}

/**
 * Whether any row of a listing changed; null if it has no rows. The newest position is read from the end of its index;
 * with EXISTS the planner would expect to find a later row soon, and might read the whole table if there is none.
 */
function isChanged(listing: ViewTable, inScope: Sql, after: Position): Sql {
  return sql`(
    SELECT v.position > ${after.point}::bigint FROM ${table(listing)} v
    WHERE v.generation = c.generation AND ${inScope} ORDER BY v.position DESC LIMIT 1)`;
}

/** Whether a row of a list changed after a position, for a statement with the live checkpoint `c`. */
export function isListChanged(view: AnyLiveView, scope: string | undefined, after: Position | undefined): Sql {
  if (after === undefined) return sql`true`;
  const { listing, inScope } = listingOf(view, scope, 'v');
  return sql`coalesce(${isChanged(listing, inScope, after)}, false)`;
}

/** The table that finds the changes of a list, with the condition on its rows. */
function listingOf(
  { rows, all, scoped }: AnyLiveView,
  scope: string | undefined,
  alias: string,
): { listing: ViewTable; inScope: Sql } {
  if (scope === undefined && all) return { listing: all, inScope: sql`true` };
  if (scope === undefined || !scoped) throw new Error(`no table finds the changes of a list of ${rows.name}`);
  return { listing: scoped.table, inScope: sql`${column(alias, scoped.column)} = ${scope}` };
}

/**
 * The next changes of a list: rows that changed after a position, the oldest change first. Each row is returned once,
 * with its newest state.
 * @param after undefined: no rows, only the position of the views
 */
export async function readChangePage<Row extends LastChange, Filter>(
  { database }: ReadSource,
  view: LiveView<Row, Filter>,
  { scope, filter }: ChangeList<Filter>,
  after: Position | undefined,
  limit: number,
): Promise<Reached & { rows: ChangedRow<Row>[] }> {
  const { rows } = view;
  const { listing, inScope } = listingOf(view, scope, 'l');
  const where = sql.join(
    [
      sql`l.generation = (SELECT generation FROM c)`,
      sql`l.position > ${after?.point ?? Number.MAX_SAFE_INTEGER}::bigint`,
      inScope,
      ...(view.lastingFilters?.(filter) ?? []),
    ],
    ' AND ',
  );
  const results = await database.query<Reached & { rows: ChangedRow<Row>[] | null }>(sql`
    WITH c AS MATERIALIZED (${liveCheckpoint}), changed AS (
      SELECT ${column('l', listing.key)} AS id, l.position FROM ${table(listing)} l
      WHERE ${where} ORDER BY l.position LIMIT ${limit}::int
    )
    SELECT ${checkpointPosition} AS position, ${isOfThisLog(after)} AS continues, (
        SELECT jsonb_agg(${changedRow(rows)} ORDER BY changed.position)
        FROM changed JOIN ${table(rows)} v ON v.generation = c.generation AND ${column('v', rows.key)} = changed.id
      ) AS rows
    FROM c`);
  const result = firstOf(results);
  return { ...result, rows: result.rows ?? [] };
}

function changedRow(view: ViewTable): Sql {
  return sql`${rowJson(view, 'v')} || coalesce(
    (SELECT jsonb_strip_nulls(jsonb_build_object(
       'correlationId', e.metadata->>'correlationId',
       'traceparent', e.metadata->>'traceparent'))
     FROM events e WHERE e.position = v.position), '{}')`;
}
