import type { OrderStatus } from '../domain/order.ts';
import type { OrderRow } from './order-view.ts';

/** A row of a sold order, with the fields that are set when it is submitted. */
export type SoldOrder = OrderRow & { readonly currency: string; readonly submittedAt: string };

/**
 * Which orders count as sold, in every sum: those that were submitted and not cancelled. A new status does not compile
 * until it is decided here, so that it is never counted by default.
 */
const sold: { readonly [Status in OrderStatus]: boolean } = {
  DRAFT: false,
  SUBMITTED: true,
  CONFIRMED: true,
  SHIPPED: true,
  DELIVERED: true,
  CANCELLED: false,
};

/** Whether an order counts as sold. */
export function isSold(row: OrderRow): row is SoldOrder;
export function isSold(row: Pick<OrderRow, 'status'>): boolean;
export function isSold({ status }: Pick<OrderRow, 'status'>): boolean {
  return sold[status];
}

/** The day in UTC on which the order was submitted, e.g. `2026-11-21`. */
export function dayOf({ submittedAt }: SoldOrder): string {
  return new Date(submittedAt).toISOString().slice(0, 10);
}
