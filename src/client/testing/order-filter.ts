import type { OrderRow, OrderStatus } from './rows.ts';
import { isFound } from './search.ts';

/** The input OrderFilter of the schema. */
export interface OrderFilter {
  readonly idIn?: readonly string[] | null;
  readonly statusIn?: readonly OrderStatus[] | null;
  readonly customerId?: string | null;
  readonly productId?: string | null;
  readonly reference?: string | null;
  readonly currency?: string | null;
  readonly createdFrom?: string | null;
  readonly createdTo?: string | null;
  readonly search?: string | null;
}

/** The conditions whose result never changes for an order. A subscription sends no order that does not meet them. */
export function mayEverMatch(order: OrderRow, filter: OrderFilter | null | undefined): boolean {
  const { idIn, customerId, reference, currency, createdFrom, createdTo } = filter ?? {};
  const createdMs = Date.parse(order.createdAt);
  return (
    (idIn == null || idIn.includes(order.id)) &&
    (customerId == null || order.customerId === customerId) &&
    (reference == null || order.reference === reference) &&
    (currency == null || order.currency === currency) &&
    (createdFrom == null || createdMs >= Date.parse(createdFrom)) &&
    (createdTo == null || createdMs < Date.parse(createdTo))
  );
}

/** @param customerName of the order's customer: a search also finds orders by it */
export function matches(order: OrderRow, filter: OrderFilter | null | undefined, customerName: string): boolean {
  const { statusIn, productId, search } = filter ?? {};
  const names = order.lines.map(({ productName }) => productName);
  return (
    mayEverMatch(order, filter) &&
    (statusIn == null || statusIn.includes(order.status)) &&
    (productId == null || order.lines.some(line => line.productId === productId)) &&
    isFound(search, [order.number, order.reference, customerName, order.trackingNumber, ...names])
  );
}
