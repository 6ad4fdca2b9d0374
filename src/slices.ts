import { customerDecider } from './customer/decider.ts';
import { customerView, liveCustomers } from './customer/views/customer-view.ts';
import { eventTypes } from './event-store/event-types.ts';
import { orderDecider } from './order/decider.ts';
import { customerOrderView } from './order/views/customer-order-view.ts';
import { customerTotals } from './order/views/customer-totals.ts';
import { liveOrders } from './order/views/live-orders.ts';
import { orderView } from './order/views/order-view.ts';
import { productSales, productSalesByDay, productSalesByMonth } from './order/views/product-sales.ts';
import { salesByDay } from './order/views/sales-by-day.ts';
import { productDecider } from './product/decider.ts';
import { liveProducts, productChangeView, productView } from './product/views/product-view.ts';
import type { AnyLiveView } from './projections/read-changes.ts';
import { projectionEvents } from './projections/retry-event.ts';
import type { Views } from './projections/view.ts';

/** All aggregates. The command bus, the event types and the metrics are derived from this list. */
export const deciders = [orderDecider, customerDecider, productDecider];

/** All event types in the log: those of the aggregates, and those of the projections. */
export const types = eventTypes([...deciders, projectionEvents]);

/** All views of the core group. */
export const views: Views = {
  folded: [customerView, productView, orderView],
  derived: [customerOrderView, productChangeView],
  summed: [customerTotals, salesByDay, productSales, productSalesByDay, productSalesByMonth],
};

/** Views whose changes are sent to subscribers. */
export const liveViews: readonly AnyLiveView[] = [liveOrders, liveCustomers, liveProducts];
