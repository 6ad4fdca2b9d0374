import { type Sql, sql } from '../../database/sql.ts';
import type { Position } from '../../event-store/position.ts';
import type { ReadSource } from '../../projections/read-entities.ts';
import { type LiveReport, readReport } from '../../projections/read-report.ts';
import { summedView } from '../../projections/view.ts';
import type { OrderStatus } from '../domain/order.ts';
import { liveOrders } from './live-orders.ts';
import { type OrderRow, orderView } from './order-view.ts';

/** The number of orders in each status, over all customers. */
export const orderCounts = summedView({
  name: 'order_counts',
  keys: { status: 'text' },
  sums: { orders: 'bigint' },
  source: orderView,
  contribute: ({ status }: OrderRow) => [{ status, orders: 1 }],
});

/** The number of orders in each status; a status without orders may be missing. */
export type OrderCounts = ReadonlyMap<OrderStatus, number>;

interface StatusCount {
  readonly status: OrderStatus;
  readonly orders: number;
}

const countsOfAll = sql`
  SELECT s.status, s.orders FROM order_counts s
  WHERE s.generation = (SELECT generation FROM c) AND s.orders > 0 ORDER BY s.status`;

/** From the customer's totals, which have a row for each status and currency. */
function countsOfCustomer(customerId: string): Sql {
  return sql`
    SELECT t.status, sum(t.orders)::bigint AS orders FROM customer_totals t
    WHERE t.generation = (SELECT generation FROM c) AND t.customer_id = ${customerId} AND t.orders > 0
    GROUP BY t.status ORDER BY t.status`;
}

function countsFrom(rows: readonly StatusCount[]): OrderCounts {
  return new Map(rows.map(({ status, orders }) => [status, orders]));
}

/** The counts of all orders, or of one customer's. */
export const liveOrderCounts: LiveReport<OrderCounts, OrderRow> = {
  name: 'order_counts',
  source: liveOrders,
  select: customerId => (customerId === undefined ? countsOfAll : countsOfCustomer(customerId)),
  fromRows: countsFrom,
};

/**
 * The counts, and the position that they reflect.
 * @param customerId undefined: of all orders
 */
export async function readOrderCounts(
  source: ReadSource,
  customerId: string | undefined,
  atLeast: Position | undefined,
): Promise<{ position: Position; counts: OrderCounts }> {
  const { position, rows } = await readReport<StatusCount>(source, liveOrderCounts.select(customerId), atLeast);
  return { position, counts: countsFrom(rows) };
}
