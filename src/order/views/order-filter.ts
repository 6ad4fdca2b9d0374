import { type Sql, sql } from '../../database/sql.ts';
import { textArray } from '../../projections/view-sql.ts';
import type { OrderStatus } from '../domain/order.ts';
import { isFoundBy } from './order-search.ts';
import type { OrderRow } from './order-view.ts';

/** A filter for a list of orders. An order matches if it meets all conditions that are set. Times are RFC 3339. */
export interface OrderFilter {
  readonly idIn?: readonly string[] | undefined;
  readonly statusIn?: readonly OrderStatus[] | undefined;
  readonly customerId?: string | undefined;
  readonly productId?: string | undefined;
  readonly reference?: string | undefined;
  readonly currency?: string | undefined;
  readonly createdFrom?: string | undefined;
  /** Exclusive. */
  readonly createdTo?: string | undefined;
  /** Words as wordsOf() returns them. An empty list matches no order. */
  readonly search?: readonly string[] | undefined;
}

/** The filter as SQL conditions on a listing (alias l), except status and search: callers choose a form for those. */
export function orderFilters(filter: OrderFilter): Sql[] {
  const { reference, productId } = filter;
  return [
    ...lastingFilters(filter),
    ...(reference === undefined ? [] : [sql`l.reference = ${reference}`]),
    ...(productId === undefined ? [] : [sql`l.product_ids @> ARRAY[${productId}]::text[]`]),
  ];
}

/** The condition that an order has one of these statuses, as one SQL condition. */
export function statusFilter(statuses: readonly OrderStatus[]): Sql {
  return sql`l.status = ANY (${textArray(statuses)})`;
}

/** The same as one condition for each status. No order meets two of them. */
export function statusAlternatives(statuses: readonly OrderStatus[]): Sql[] {
  return [...new Set(statuses)].map(status => sql`l.status = ${status}`);
}

/**
 * Conditions whose result never changes for an order. An order that does not meet them was never on the list and
 * never will be.
 */
export function lastingFilters(filter: OrderFilter): Sql[] {
  const { idIn, customerId, reference, currency, createdFrom, createdTo } = filter;
  return [
    ...(idIn ? [sql`l.order_id = ANY (${textArray(idIn)})`] : []),
    ...(customerId === undefined ? [] : [sql`l.customer_id = ${customerId}`]),
    ...(reference === undefined ? [] : [everHad(reference)]),
    ...(currency === undefined ? [] : [sql`l.currency = ${currency}`]),
    ...(createdFrom === undefined ? [] : [sql`l.created_at >= ${createdFrom}::timestamptz`]),
    ...(createdTo === undefined ? [] : [sql`l.created_at < ${createdTo}::timestamptz`]),
  ];
}

/**
 * Whether an order that meets the lasting conditions is on the list now. The other conditions may change with each
 * event.
 * @param customerName null: unknown, so the search does not match by it
 */
export function matchesNow(row: OrderRow, filter: OrderFilter, customerName: string | null = null): boolean {
  const { statusIn, productId, reference, search } = filter;
  return (
    (!statusIn || statusIn.includes(row.status)) &&
    (reference === undefined || row.reference === reference) &&
    (productId === undefined || row.productIds.includes(productId)) &&
    (!search || isFoundBy(search, row, customerName))
  );
}

/** An erasure deletes the reference, and afterwards it is unknown which reference the order had. */
function everHad(reference: string): Sql {
  return sql`(l.reference = ${reference} OR l.reference IS NULL AND EXISTS (
    SELECT FROM events e WHERE e.stream_type = 'order' AND e.stream_id = l.order_id AND e.type = 'OrderErased'))`;
}
