import { Prisma } from '../../generated/prisma/client.ts';
import { textArray } from '../../projections/view-sql.ts';
import type { OrderStatus } from '../domain/order.ts';
import { isFoundBy } from './order-search.ts';
import type { OrderRow } from './order-view.ts';

/** What a list of orders is cut down to; every part that is given must hold. Times are RFC 3339. */
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
  /** As wordsOf() has them; none: nothing is found. */
  readonly search?: readonly string[] | undefined;
}

/** The filter as conditions on a listing (alias l), without states and search, which readers of a page choose a form for. */
export function orderFilters(filter: OrderFilter): Prisma.Sql[] {
  const { reference, productId } = filter;
  return [
    ...lastingFilters(filter),
    ...(reference === undefined ? [] : [Prisma.sql`l.reference = ${reference}`]),
    ...(productId === undefined ? [] : [Prisma.sql`l.product_ids @> ARRAY[${productId}]::text[]`]),
  ];
}

/** That an order is in one of these states, as one condition. */
export function statusFilter(statuses: readonly OrderStatus[]): Prisma.Sql {
  return Prisma.sql`l.status = ANY (${textArray(statuses)})`;
}

/** The same as one condition for each state. No order is in two of them. */
export function statusAlternatives(statuses: readonly OrderStatus[]): Prisma.Sql[] {
  return [...new Set(statuses)].map(status => Prisma.sql`l.status = ${status}`);
}

/** What an order once and for all matches or does not: nothing that fails it ever stood, or will stand, on the list. */
export function lastingFilters(filter: OrderFilter): Prisma.Sql[] {
  const { idIn, customerId, reference, currency, createdFrom, createdTo } = filter;
  return [
    ...(idIn ? [Prisma.sql`l.order_id = ANY (${textArray(idIn)})`] : []),
    ...(customerId === undefined ? [] : [Prisma.sql`l.customer_id = ${customerId}`]),
    ...(reference === undefined ? [] : [everHad(reference)]),
    ...(currency === undefined ? [] : [Prisma.sql`l.currency = ${currency}`]),
    ...(createdFrom === undefined ? [] : [Prisma.sql`l.created_at >= ${createdFrom}::timestamptz`]),
    ...(createdTo === undefined ? [] : [Prisma.sql`l.created_at < ${createdTo}::timestamptz`]),
  ];
}

/**
 * Whether an order that passes the lasting part is on the list now: the rest may change with each event.
 * @param customerName null: not known, so nothing is found by it
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

/** An erasure takes a reference away, and nobody can tell any more which one it was. */
function everHad(reference: string): Prisma.Sql {
  return Prisma.sql`(l.reference = ${reference} OR l.reference IS NULL AND EXISTS (
    SELECT FROM events e WHERE e.stream_type = 'order' AND e.stream_id = l.order_id AND e.type = 'OrderErased'))`;
}
