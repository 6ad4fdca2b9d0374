import type { LiveView } from '../../projections/read-changes.ts';
import { customerOrderView } from './customer-order-view.ts';
import { lastingFilters, type OrderFilter } from './order-filter.ts';
import { type OrderRow, orderView } from './order-view.ts';

/** Orders for subscribers: one order, the list of all, and the list of each customer's. */
export const liveOrders: LiveView<OrderRow, OrderFilter> = {
  rows: orderView,
  all: orderView,
  scoped: { table: customerOrderView, column: 'customerId' },
  lastingFilters,
};
