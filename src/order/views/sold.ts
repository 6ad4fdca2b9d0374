import type { OrderRow } from './order-view.ts';

/** A row of a sold order, with the fields that are set when it is submitted. */
export type SoldOrder = OrderRow & { readonly currency: string; readonly submittedAt: string };

/** Whether an order counts as sold: it was submitted and was not cancelled. */
export function isSold(row: OrderRow): row is SoldOrder;
export function isSold(row: Pick<OrderRow, 'status'>): boolean;
export function isSold({ status }: Pick<OrderRow, 'status'>): boolean {
  return status !== 'DRAFT' && status !== 'CANCELLED';
}

/** The day in UTC on which the order was submitted, e.g. `2026-11-21`. */
export function dayOf({ submittedAt }: SoldOrder): string {
  return new Date(submittedAt).toISOString().slice(0, 10);
}
