import { hasRight } from '../../commands/decider.ts';
import { liveCustomers } from '../../customer/views/customer-view.ts';
import { builder } from '../../graphql/builder.ts';
import { codedError } from '../../graphql/coded-error.ts';
import { type Context, viewerOf } from '../../graphql/context.ts';
import { eventOf, subscribeToEvents } from '../../graphql/event-feed.ts';
import { isVisible, subscribeToList, subscribeToReport, subscribeToRow } from '../../graphql/live-field.ts';
import {
  listUpdateArguments,
  listUpdateType,
  reportUpdateType,
  updateArguments,
  updateType,
} from '../../graphql/live-types.ts';
import { checkedId } from '../../graphql/node.ts';
import type { Position } from '../../event-store/position.ts';
import type { ReportFrame } from '../../live/watch-report.ts';
import { liveOrders } from '../views/live-orders.ts';
import { liveOrderCounts, type OrderCounts as Counts } from '../views/order-counts.ts';
import { matchesNow } from '../views/order-filter.ts';
import type { OrderRow } from '../views/order-view.ts';
import { maySee, type OrderNode } from './find-order.ts';
import { OrderEvent } from './history.ts';
import { countedCustomer, OrderCounts } from './order-counts.ts';
import { type FilterInput, OrderFilter, orderFilter } from './order-list.ts';
import { Order } from './types.ts';

const OrderUpdate = updateType(Order, liveOrders, nodeOf);
const OrderListUpdate = listUpdateType(Order, liveOrders, nodeOf);
const OrderCountsUpdate = reportUpdateType(OrderCounts, 'counts', countsOf);

builder.subscriptionFields(t => ({
  orderUpdated: t.field({
    type: OrderUpdate,
    rule: 'authenticated',
    sharing: 'role',
    description:
      'Sends the current order, and sends it again after each change. The first frame is left out if the order has not changed since `after`. Positions always rise and versions never fall. A slow client skips intermediate states, but always gets the newest one.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of the order, `ord_<uuid>`.' }),
      ...updateArguments(liveOrders),
    },
    subscribe: (_root, { id, after }, context) =>
      subscribeToRow(context, liveOrders, { id: checkedId(id, 'ord'), after, maySee }),
    resolve: frame => frame,
  }),
  customerOrdersUpdated: t.field({
    type: OrderListUpdate,
    rule: 'authenticated',
    sharing: 'role',
    description:
      'Sends every order of the customer that changed after `after`, in its newest state. Several changes to one order may come as one frame; `orderEvents` sends each event. Without `after` it starts now. A first frame of the kind PROGRESS is sent at once. Its position is the one from which changes are sent. Another PROGRESS frame is sent after each 15 seconds without a change.',
    args: {
      customerId: t.arg.id({ required: true, description: 'The id of the customer, `cus_<uuid>`.' }),
      filter: t.arg({ type: OrderFilter, description: 'The orders to watch. By default all.' }),
      ...listUpdateArguments,
    },
    subscribe: async (_root, { customerId, filter, after }, context) => {
      const list = { scope: checkedId(customerId, 'cus'), filter: orderFilter(filter), after };
      await checkCustomer(context, list.scope, after);
      return subscribeToList(context, liveOrders, list);
    },
    resolve: (frame, { filter }, context) => ({ ...frame, matches: row => matches(row, filter, context) }),
  }),
  ordersUpdated: t.field({
    type: OrderListUpdate,
    rule: 'staff',
    sharing: 'role',
    description: 'Sends every order that changed, of all customers, like `customerOrdersUpdated` (staff only).',
    args: {
      filter: t.arg({ type: OrderFilter, description: 'The orders to watch. By default all.' }),
      ...listUpdateArguments,
    },
    subscribe: (_root, { filter, after }, context) =>
      subscribeToList(context, liveOrders, { scope: undefined, filter: orderFilter(filter), after }),
    resolve: (frame, { filter }, context) => ({ ...frame, matches: row => matches(row, filter, context) }),
  }),
  orderCountsUpdated: t.field({
    type: OrderCountsUpdate,
    rule: 'authenticated',
    sharing: 'role',
    description:
      'Sends the current number of orders in each status, and sends it again after each change that changed it: to staff of all orders, to a customer of their own. With `customerId` it counts the orders of this customer. The first frame is left out if no order has changed since `after`. A slow client skips intermediate counts, but always gets the newest ones.',
    args: {
      customerId: t.arg.id({ description: 'The id of a customer, `cus_<uuid>`.' }),
      after: t.arg({
        type: 'Position',
        description:
          'The position of the last frame, or of a response that showed these counts. The subscription continues after it.',
      }),
    },
    subscribe: async (_root, { customerId, after }, context) => {
      const scope = countedCustomer(context, customerId);
      if (scope !== undefined) await checkCustomer(context, scope, after);
      return subscribeToReport(context, liveOrderCounts, { scope, after });
    },
    resolve: frame => frame,
  }),
  orderEvents: t.field({
    type: OrderEvent,
    rule: 'authenticated',
    sharing: 'role',
    description:
      'Sends every event of the order after `after`: first the stored events, then each new one. Each event comes once, in the sequence of the versions. Without `after` it starts with the first event. If it cannot continue from `after`, it ends with the error STALE_POSITION and `extensions.kind` RESYNC.',
    args: {
      orderId: t.arg.id({ required: true, description: 'The id of the order, `ord_<uuid>`.' }),
      after: t.arg({
        type: 'Position',
        description: 'The position of the last event that you have processed. The subscription continues after it.',
      }),
    },
    subscribe: (_root, { orderId, after }, context) =>
      subscribeToEvents(context, liveOrders, { id: checkedId(orderId, 'ord'), after, maySee }),
    resolve: eventOf,
  }),
}));

function countsOf({ row, position }: ReportFrame<Counts>): { counts: Counts; position: Position } {
  return { counts: row.value, position };
}

function nodeOf(row: OrderRow): OrderNode {
  return { row, joined: undefined };
}

/**
 * Checks that the customer exists and the viewer may see their orders. A customer may subscribe to their own orders
 * before they are registered, just as they may list them.
 * @throws NOT_FOUND
 */
async function checkCustomer(context: Context, id: string, after: Position | null | undefined): Promise<void> {
  const viewer = viewerOf(context);
  const exists = hasRight(viewer, 'staff')
    ? await isVisible(context, liveCustomers, { id, after, maySee: () => true })
    : id === viewer.subject;
  if (!exists) throw codedError('NOT_FOUND', 'There is no customer with this id.');
}

async function matches(
  row: OrderRow,
  input: FilterInput | null | undefined,
  { dependencies }: Context,
): Promise<boolean> {
  const filter = orderFilter(input);
  const matchesAlone = matchesNow(row, filter);
  if (matchesAlone || !filter.search) return matchesAlone;
  // The search may be for the customer's name, which the row does not have.
  return matchesNow(row, filter, (await dependencies.customer(row.customerId)).value?.name);
}
