import type { Position } from '../../event-store/position.ts';
import type { ReadSource } from '../../projections/read-entities.ts';
import { readReport } from '../../projections/read-report.ts';
import { summedView } from '../../projections/view.ts';
import { sql } from '../../database/sql.ts';
import { type OrderRow, orderView } from './order-view.ts';
import { dayOf, isSold } from './sold.ts';

/** The sales of each day: the day in UTC on which an order was submitted. */
export const salesByDay = summedView({
  name: 'sales_by_day',
  keys: { currency: 'text', day: 'date' },
  sums: { orders: 'bigint', units: 'bigint', revenue: 'numeric' },
  source: orderView,
  contribute: (row: OrderRow) => {
    if (!isSold(row)) return [];
    return [{ currency: row.currency, day: dayOf(row), orders: 1, units: row.itemCount, revenue: row.total }];
  },
});

/** Revenue in the currency's smallest unit. */
export interface SalesDay {
  /** E.g. `2026-11-21`. */
  readonly day: string;
  readonly orders: number;
  readonly units: number;
  /** Text of an integer, because it may exceed 2^53 - 1. */
  readonly revenue: string;
}

/**
 * The days with sales, oldest first.
 * @param from the first day; `to` is the last one; both are inclusive
 */
export async function readSalesByDay(
  source: ReadSource,
  { from, to, currency }: { from: string; to: string; currency: string },
  atLeast: Position | undefined,
): Promise<{ position: Position; rows: readonly SalesDay[] }> {
  const days = sql`
    SELECT s.day::text AS day, s.orders, s.units, s.revenue::text AS revenue FROM sales_by_day s
    WHERE s.generation = (SELECT generation FROM c) AND s.currency = ${currency}
      AND s.day BETWEEN ${from}::date AND ${to}::date AND s.orders > 0
    ORDER BY s.day`;
  return readReport(source, days, atLeast);
}
