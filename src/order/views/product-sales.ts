import type { Position } from '../../event-store/position.ts';
import { type Sql, sql } from '../../database/sql.ts';
import type { ReadSource } from '../../projections/read-entities.ts';
import { readReport } from '../../projections/read-report.ts';
import { summedView } from '../../projections/view.ts';
import { type OrderRow, orderView } from './order-view.ts';
import { dayOf, isSold } from './sold.ts';

/**
 * The sales of each product over all time. An index sorts them by revenue, so the best products are read from its
 * end.
 */
export const productSales = summedView({
  name: 'product_sales',
  keys: { currency: 'text', productId: 'text' },
  sums: { units: 'bigint', revenue: 'numeric' },
  source: orderView,
  contribute: soldLines,
});

/** The same for each day. The best products of a time span are computed from its days. */
export const productSalesByDay = summedView({
  name: 'product_sales_by_day',
  keys: { currency: 'text', day: 'date', productId: 'text' },
  sums: { units: 'bigint', revenue: 'numeric' },
  source: orderView,
  contribute: soldLines,
});

/**
 * The same for each month, identified by its first day. In a long span, only the days at its ends are added up one by
 * one.
 */
export const productSalesByMonth = summedView({
  name: 'product_sales_by_month',
  keys: { currency: 'text', month: 'date', productId: 'text' },
  sums: { units: 'bigint', revenue: 'numeric' },
  source: orderView,
  contribute: row => soldLines(row).map(line => ({ ...line, month: `${line.day.slice(0, 7)}-01` })),
});

function soldLines(row: OrderRow) {
  if (!isSold(row)) return [];
  const [currency, day] = [row.currency, dayOf(row)];
  return row.lines.map(({ productId, quantity, unitPrice }) => {
    return { currency, day, productId, units: quantity, revenue: quantity * unitPrice };
  });
}

/** Revenue in the currency's smallest unit. */
export interface ProductSales {
  readonly productId: string;
  /** The current name of the product. */
  readonly name: string;
  readonly units: number;
  /** Text of an integer, because it may exceed 2^53 - 1. */
  readonly revenue: string;
}

/**
 * The products with the greatest revenue, the greatest first.
 * @param span the first and the last day, both inclusive; each may be left out
 */
export async function readTopProducts(
  source: ReadSource,
  { limit, currency, ...span }: { limit: number; currency: string; from?: string | undefined; to?: string | undefined },
  atLeast: Position | undefined,
): Promise<{ position: Position; rows: readonly ProductSales[] }> {
  const all = span.from === undefined && span.to === undefined;
  const best = sql`
    SELECT t."productId", coalesce(p.name, t."productId") AS name, t.units, t.revenue::text AS revenue
    FROM (${all ? ofAllTime(currency) : ofSpan(currency, span)} ORDER BY revenue DESC, product_id DESC LIMIT ${limit}::int) t
    LEFT JOIN product_view p ON p.generation = (SELECT generation FROM c) AND p.product_id = t."productId"
    ORDER BY t.revenue DESC, t."productId" DESC`;
  return readReport(source, best, atLeast);
}

function ofAllTime(currency: string): Sql {
  return sql`
    SELECT s.product_id AS "productId", s.units, s.revenue FROM product_sales s
    WHERE s.generation = (SELECT generation FROM c) AND s.currency = ${currency} AND s.units > 0`;
}

/** Whole months of the span come from the monthly sums; the days before and after them come from the daily sums. */
function ofSpan(currency: string, { from, to }: { from?: string | undefined; to?: string | undefined }): Sql {
  const [first, last] = [sql`${from ?? '-infinity'}::date`, sql`${to ?? 'infinity'}::date`];
  // `begin` is the first month that begins in the span or after it; `end` is the month of the day after the span.
  const begin = sql`date_trunc('month', ${first}::timestamp + interval '1 month' - interval '1 day')::date`;
  const end = sql`date_trunc('month', (${last} + 1)::timestamp)::date`;
  const sold = sql`s.generation = (SELECT generation FROM c) AND s.currency = ${currency} AND s.units > 0`;
  const ofDays = sql`SELECT s.product_id, s.units, s.revenue FROM product_sales_by_day s WHERE ${sold}`;
  return sql`
    SELECT product_id AS "productId", sum(units) AS units, sum(revenue) AS revenue FROM (
      SELECT s.product_id, s.units, s.revenue FROM product_sales_by_month s
      WHERE ${sold} AND s.month >= ${begin} AND s.month < ${end}
      UNION ALL ${ofDays} AND s.day >= ${first} AND s.day < least(${begin}, ${last} + 1)
      UNION ALL ${ofDays} AND s.day >= greatest(${end}, ${begin}) AND s.day <= ${last}
    ) s GROUP BY product_id`;
}
