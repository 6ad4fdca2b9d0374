import { derivedView } from '../../projections/view.ts';
import { type OrderRow, orderView } from './order-view.ts';

const listed = [
  'orderId',
  'customerId',
  'reference',
  'status',
  'currency',
  'total',
  'createdAt',
  'updatedAt',
  'submittedAt',
  'position',
] as const satisfies readonly (keyof OrderRow)[];

/** The columns by which a customer's orders are listed. All other data of the orders is in order_view. */
export type CustomerOrderRow = Pick<OrderRow, (typeof listed)[number]>;

/**
 * Keyed by customer, so that a page of a customer costs the same with ten orders and with ten million orders in
 * total.
 */
export const customerOrderView = derivedView<OrderRow, CustomerOrderRow>({
  name: 'customer_order_view',
  key: 'orderId',
  columns: {
    orderId: 'text',
    customerId: 'text',
    reference: 'text',
    status: 'text',
    currency: 'text',
    total: 'bigint',
    createdAt: 'timestamptz',
    updatedAt: 'timestamptz',
    submittedAt: 'timestamptz',
    position: 'bigint',
  },
  source: orderView,
  derive: row => Object.fromEntries(listed.map(name => [name, row[name]])) as unknown as CustomerOrderRow,
});
