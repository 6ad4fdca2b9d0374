import { isOfThisLog } from '../../event-store/is-of-this-log.ts';
import type { Position } from '../../event-store/position.ts';
import { Prisma } from '../../generated/prisma/client.ts';
import { idList, lookUp, type ReadSource } from '../../projections/read-entities.ts';
import { coreGroup, rowJson } from '../../projections/view-sql.ts';
import { customerOrderView } from './customer-order-view.ts';
import { lastingFilters, type OrderFilter } from './order-filter.ts';
import { type OrderRow, orderView } from './order-view.ts';

/** The position that the views have reached, and whether the given position is of this log. */
interface Reached {
  readonly position: Position;
  readonly continues: boolean;
}

/** The row of an order, and the ids of the request that changed it last. */
export interface ChangedOrder extends OrderRow {
  readonly correlationId: string;
  readonly traceparent?: string;
}

const changedRow = Prisma.sql`${rowJson(orderView, 'v')} || coalesce(
  (SELECT jsonb_strip_nulls(jsonb_build_object(
     'correlationId', e.metadata->>'correlationId',
     'traceparent', e.metadata->>'traceparent'))
   FROM events e WHERE e.position = v.position), '{}')`;

/**
 * With at most this number of rows and lists, each is looked up by its key, with a cached plan. With more, the
 * planner chooses each time: an index scan over the latest changes if few rows changed, or the keys if the hub was
 * idle while many rows changed.
 */
const maxKeysForCachedPlan = 100;

const checkpoint = Prisma.sql`
  SELECT generation, position, hash FROM checkpoints WHERE group_name = ${coreGroup} AND live`;

/**
 * What changed after a position, for the subscribers of one node: changed rows with one of the `ids`, and those
 * customers of `scopes` that have a changed order. Rows and checkpoint come from one statement, so no change can fall
 * between.
 * @param everyScope the scope of subscribers that watch all orders
 */
export async function readOrdersChanged(
  source: ReadSource,
  after: Position,
  interest: { ids: readonly string[]; scopes: readonly string[] },
  everyScope: string,
): Promise<Reached & { rows: { id: string; row: ChangedOrder }[]; scopes: string[] }> {
  const statement = Prisma.sql`
    WITH c AS MATERIALIZED (${checkpoint})
    SELECT jsonb_build_object('point', c.position, 'hash', c.hash) AS position, ${isOfThisLog(after)} AS continues, (
        SELECT jsonb_agg(${changedRow} ORDER BY v.position) FROM order_view v
        WHERE v.generation = c.generation AND v.position > ${after.point}::bigint
          AND v.order_id = ANY (ARRAY(SELECT ${idList(interest.ids)}))
      ) AS rows, (
        SELECT jsonb_agg(DISTINCT v.customer_id) FROM customer_order_view v
        WHERE v.generation = c.generation AND v.position > ${after.point}::bigint
          AND v.customer_id = ANY (ARRAY(SELECT ${idList(interest.scopes)}))
      ) AS scopes
    FROM c`;
  type Result = Reached & { readonly rows: ChangedOrder[] | null; readonly scopes: string[] | null };
  const results = await (interest.ids.length + interest.scopes.length <= maxKeysForCachedPlan
    ? lookUp<Result>(source, statement)
    : source.database.$queryRaw<Result[]>(statement));
  const { position, continues, rows, scopes } = only(results);
  const moved = position.point > after.point || !continues;
  return {
    position,
    continues,
    rows: (rows ?? []).map(row => ({ id: row.orderId, row })),
    scopes: [...(scopes ?? []), ...(moved ? [everyScope] : [])],
  };
}

/**
 * Orders that changed after a position, the oldest change first. Each order is returned once, with its newest state.
 * @param customerId only orders of this customer; undefined: orders of all customers
 * @param after undefined: no rows, only the position of the views
 */
export async function readOrderChanges(
  { database }: ReadSource,
  { customerId, filter }: { customerId: string | undefined; filter: OrderFilter },
  after: Position | undefined,
  limit: number,
): Promise<Reached & { rows: ChangedOrder[] }> {
  const listing = Prisma.raw(customerId === undefined ? orderView.name : customerOrderView.name);
  const owner = customerId === undefined ? [] : [Prisma.sql`l.customer_id = ${customerId}`];
  const where = Prisma.join(
    [
      Prisma.sql`l.generation = (SELECT generation FROM c)`,
      Prisma.sql`l.position > ${after?.point ?? Number.MAX_SAFE_INTEGER}::bigint`,
      ...owner,
      ...lastingFilters(filter),
    ],
    ' AND ',
  );
  const results = await database.$queryRaw<(Reached & { rows: ChangedOrder[] | null })[]>`
    WITH c AS MATERIALIZED (${checkpoint}), changed AS (
      SELECT l.order_id, l.position FROM ${listing} l WHERE ${where} ORDER BY l.position LIMIT ${limit}::int
    )
    SELECT jsonb_build_object('point', c.position, 'hash', c.hash) AS position, ${isOfThisLog(after)} AS continues, (
        SELECT jsonb_agg(${changedRow} ORDER BY changed.position)
        FROM changed JOIN order_view v ON v.generation = c.generation AND v.order_id = changed.order_id
      ) AS rows
    FROM c`;
  const result = only(results);
  return { ...result, rows: result.rows ?? [] };
}

function only<Result>(results: readonly Result[]): Result {
  const result = results[0];
  if (result === undefined) throw new Error(`no live checkpoint of the group ${coreGroup}`);
  return result;
}
