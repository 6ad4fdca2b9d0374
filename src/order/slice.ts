import type { Dependencies } from '../graphql/dependencies.ts';
import { openBatchedRead, openBatchedReadWith, openEntityRead } from '../projections/batched-read.ts';
import type { ReadSources } from '../projections/read-sources.ts';
import { orderDecider } from './decider.ts';
import { customerOrderView } from './views/customer-order-view.ts';
import { customerTotals, readCustomerTotals } from './views/customer-totals.ts';
import { liveOrders } from './views/live-orders.ts';
import { orderCounts } from './views/order-counts.ts';
import { orderView } from './views/order-view.ts';
import { productSales, productSalesByDay, productSalesByMonth } from './views/product-sales.ts';
import { readOrderHistories } from './views/read-order-history.ts';
import { readCustomersOrderPages, readOrders, readOrdersAlone } from './views/read-orders.ts';
import { salesByDay } from './views/sales-by-day.ts';

type OrderReads = 'order' | 'orderAlone' | 'orderHistory' | 'customerOrders' | 'customerTotals';

/** Orders, and all that is counted of them. */
export const orderSlice = {
  decider: orderDecider,
  views: {
    folded: [orderView],
    derived: [customerOrderView],
    summed: [customerTotals, orderCounts, salesByDay, productSales, productSalesByDay, productSalesByMonth],
  },
  liveViews: [liveOrders],
  openReads: ({ source, cachedSource }: ReadSources): Pick<Dependencies, OrderReads> => ({
    order: openEntityRead((ids, atLeast) => readOrders(cachedSource, ids, atLeast)),
    orderAlone: openEntityRead((ids, atLeast) => readOrdersAlone(cachedSource, ids, atLeast)),
    orderHistory: openBatchedReadWith((ids, range) => readOrderHistories(source, ids, range)),
    customerOrders: openBatchedReadWith((ids, { list, request }) =>
      readCustomersOrderPages(cachedSource, ids, list, request),
    ),
    customerTotals: openBatchedRead(ids => readCustomerTotals(source, ids)),
  }),
  declareApi: () => import('./graphql/schema.ts'),
};
