import { readCustomers } from '../../customer/views/customer-view.ts';
import { waitForPosition } from '../../graphql/wait-for-position.ts';
import { builder } from '../../graphql/builder.ts';
import { codedError } from '../../graphql/coded-error.ts';
import { LiveKind } from '../../graphql/common-types.ts';
import { type Context, startAfter, viewerOf } from '../../graphql/context.ts';
import { checkedId } from '../../graphql/node.ts';
import { eventOf } from '../../graphql/stored-events.ts';
import { everything, type Hub } from '../../live/hub.ts';
import { watchEvents } from '../../live/watch-events.ts';
import { type ListFrame, watchList } from '../../live/watch-list.ts';
import { type RowFrame, watchRow } from '../../live/watch-row.ts';
import type { Position } from '../../event-store/position.ts';
import type { Found } from '../../projections/batched-read.ts';
import { StalePositionError } from '../../projections/stale-position.ts';
import { matchesNow, type OrderFilter as Filter } from '../views/order-filter.ts';
import type { OrderRow } from '../views/order-view.ts';
import { readOrderChanges } from '../views/read-order-changes.ts';
import { readOrderEventsAfter } from '../views/read-order-history.ts';
import { type OrderWithCustomer, readOrdersAlone } from '../views/read-orders.ts';
import { maySee } from './find-order.ts';
import { OrderEvent } from './history.ts';
import { OrderFilter, orderFilter } from './order-list.ts';
import { Order } from './types.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    readonly orderHub: Hub<OrderRow>;
  }
}

const kindDescription = 'The kind of this frame.';
const positionDescription = 'The position that this frame reflects. Pass it as `after` to continue from here.';

const OrderUpdate = builder.objectRef<RowFrame<OrderRow>>('OrderUpdate').implement({
  description: 'The current state of an order.',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    kind: t.expose('kind', { type: LiveKind, description: kindDescription }),
    order: t.field({
      type: Order,
      description: 'The current order.',
      resolve: ({ row }) => ({ row, joined: undefined }),
    }),
    position: t.expose('position', { type: 'Position', description: positionDescription }),
  }),
});

type FilteredFrame = ListFrame<OrderRow> & { readonly filter: Filter };

const OrderListUpdate = builder.objectRef<FilteredFrame>('OrderListUpdate').implement({
  description: 'A change to a list of orders.',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    kind: t.expose('kind', { type: LiveKind, description: kindDescription }),
    position: t.expose('position', { type: 'Position', description: positionDescription }),
    orderId: t.id({
      nullable: true,
      description: 'The id of the changed order. Set only if the kind is UPDATE.',
      resolve: ({ row }) => row?.orderId,
    }),
    matches: t.boolean({
      nullable: true,
      description:
        'Whether the order matches the filter. If true, add the order to the list, or replace it there. If false, remove it if it is there. Set only if the kind is UPDATE.',
      resolve: async ({ row, filter }, _args, { dependencies }) => {
        if (!row) return undefined;
        const matches = matchesNow(row, filter);
        if (matches || !filter.search) return matches;
        // The search may be for the customer's name, which the row does not have.
        return matchesNow(row, filter, (await dependencies.customer(row.customerId)).value?.name);
      },
    }),
    order: t.field({
      type: Order,
      nullable: true,
      description: 'The current order. Set only if the kind is UPDATE.',
      resolve: ({ row }) => row && { row, joined: undefined },
    }),
  }),
});

builder.subscriptionFields(t => ({
  orderUpdated: t.field({
    type: OrderUpdate,
    rule: 'authenticated',
    sharing: 'role',
    description:
      'Sends the current order, and sends it again after each change. The first frame is left out if the order has not changed since `after`. Positions always rise and versions never fall. A slow client skips intermediate states, but always gets the newest one.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of the order, `ord_<uuid>`.' }),
      after: t.arg({
        type: 'Position',
        description:
          'The position of the last frame, or of a response that showed this order. The subscription continues after it.',
      }),
    },
    subscribe: (_root, { id, after }, context) => watchOrder(context, checkedId(id, 'ord'), startAfter(context, after)),
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
      after: t.arg({
        type: 'Position',
        description: 'The position of a page, or of the last frame. The subscription continues after it.',
      }),
    },
    subscribe: (_root, { customerId, filter, after }, context) =>
      watchCustomerOrders(context, checkedId(customerId, 'cus'), orderFilter(filter), startAfter(context, after)),
    resolve: frame => frame,
  }),
  ordersUpdated: t.field({
    type: OrderListUpdate,
    rule: 'staff',
    sharing: 'role',
    description: 'Sends every order that changed, of all customers, like `customerOrdersUpdated` (staff only).',
    args: {
      filter: t.arg({ type: OrderFilter, description: 'The orders to watch. By default all.' }),
      after: t.arg({
        type: 'Position',
        description: 'The position of a page, or of the last frame. The subscription continues after it.',
      }),
    },
    subscribe: (_root, { filter, after }, context) =>
      watchOrders(context, undefined, orderFilter(filter), startAfter(context, after)),
    resolve: frame => frame,
  }),
  orderEvents: t.field({
    type: OrderEvent,
    rule: 'authenticated',
    sharing: 'role',
    description:
      'Sends every event of the order after `after`, each one once and in order, first the stored ones. Without `after` it starts with the first event. If it cannot continue from `after`, it ends with the error STALE_POSITION and `extensions.kind` RESYNC.',
    args: {
      orderId: t.arg.id({ required: true, description: 'The id of the order, `ord_<uuid>`.' }),
      after: t.arg({
        type: 'Position',
        description: 'The position of the last event that you have processed. The subscription continues after it.',
      }),
    },
    subscribe: (_root, { orderId, after }, context) =>
      watchOrderEvents(context, checkedId(orderId, 'ord'), startAfter(context, after)),
    resolve: eventOf,
  }),
}));

async function watchOrder(context: Context, id: string, after: Position | undefined) {
  const viewer = viewerOf(context);
  const { orderHub } = context.dependencies;

  /**
   * Reads from the log and not only from the views. So an order is found once its creation was acknowledged,
   * projected or not.
   */
  async function read(from: Position | undefined) {
    const { position, value } = await orderToWatch(context, id, from);
    if (!value || !maySee(viewer, value.row)) return undefined;
    return { row: value.row, continues: true, isAhead: from !== undefined && position.point < from.point };
  }

  async function readOrResync() {
    try {
      return await read(after);
    } catch (error) {
      if (!(error instanceof StalePositionError)) throw error;
      const current = await read(undefined);
      return current && { ...current, continues: false };
    }
  }

  return watchRow(orderHub, id, after, { look: readOrResync, gone: noSuchOrder, logger: context.logger });
}

/**
 * Reads an order for a subscriber that starts to watch it, in one batch with all subscribers that start at the same
 * moment. After a node fails, thousands of clients connect to another node at once. If each of them sent its own
 * statement, they would wait for a connection until the timeout. The statement is sent after the subscribers are
 * registered in the hub, so that no change falls between.
 * @throws StalePositionError
 */
async function orderToWatch(
  context: Context,
  id: string,
  after: Position | undefined,
): Promise<Found<OrderWithCustomer>> {
  const { dependencies } = context;
  const found = await dependencies.orderToWatch(id);
  // The position of a frame is the position of its row. If it equals `after`, `after` is of this log and needs no
  // check.
  const { row } = found.value ?? {};
  if (!after || (row?.position === after.point && row.hash === after.hash)) return found;
  const read = async () => {
    const { position, rows } = await readOrdersAlone(dependencies.source, [id], after);
    return { position, value: rows.get(id) };
  };
  const readShared = () => dependencies.sharedReads.once(JSON.stringify(['order', id, after]), read);
  const reread = await readShared();
  // A server that has not reached `after` may lack the order's first event as well. So the read waits for `after`.
  return reread.value ? reread : waitForPosition(context, after, readShared);
}

/** An order of another customer is treated like a missing one. */
function noSuchOrder(): Error {
  return codedError('NOT_FOUND', 'There is no order with this id.');
}

async function watchCustomerOrders(context: Context, customerId: string, filter: Filter, after: Position | undefined) {
  const { role, subject } = viewerOf(context);
  const exists = role === 'staff' ? await isCustomer(context, customerId, after) : customerId === subject;
  // A customer may subscribe to their own orders before they are registered, just as they may list them.
  if (!exists) throw codedError('NOT_FOUND', 'There is no customer with this id.');
  return watchOrders(context, customerId, filter, after);
}

/**
 * Whether a customer exists. A server that has not reached `after` may lack the customer's first event as well, so
 * the read waits for `after`.
 */
async function isCustomer(context: Context, customerId: string, after: Position | undefined): Promise<boolean> {
  const { customer, source } = context.dependencies;
  const { position, value } = await customer(customerId);
  if (value || !after || position.point >= after.point) return value !== undefined;
  const { rows } = await waitForPosition(context, after, () => readCustomers(source, [customerId], after));
  return rows.has(customerId);
}

/** @param customerId undefined: the orders of all customers */
async function watchOrders(
  context: Context,
  customerId: string | undefined,
  filter: Filter,
  after: Position | undefined,
) {
  const { orderHub, source, sharedReads } = context.dependencies;
  // The result does not depend on the viewer, so reads are shared: rights are checked before, and again for each
  // delivery.
  const read = (from: Position | undefined, limit: number) =>
    sharedReads.once(JSON.stringify(['orders', customerId, filter, from, limit]), () =>
      readOrderChanges(source, { customerId, filter }, from, limit),
    );
  const frames = await watchList(orderHub, customerId ?? everything, after, { read, logger: context.logger });
  return withFilter(frames, filter);
}

async function watchOrderEvents(context: Context, orderId: string, after: Position | undefined) {
  const { source, logHub, sharedReads } = context.dependencies;
  // Reads from the log, so that an order is found once its creation was acknowledged, projected or not.
  const { position, value } = await orderToWatch(context, orderId, undefined);
  const isAhead = after !== undefined && position.point < after.point;
  const found = value ?? (isAhead ? (await orderToWatch(context, orderId, after)).value : undefined);
  if (!found || !maySee(viewerOf(context), found.row)) throw noSuchOrder();
  const read = (from: Position | undefined, limit: number) =>
    sharedReads.once(JSON.stringify(['order events', orderId, from, limit]), () =>
      readOrderEventsAfter(source, orderId, from, limit),
    );
  return watchEvents(logHub, orderId, after, { read, logger: context.logger });
}

/** Adds to each frame the filter on which its `matches` depends. */
function withFilter(
  frames: AsyncIterableIterator<ListFrame<OrderRow>>,
  filter: Filter,
): AsyncIterableIterator<FilteredFrame> {
  const filtered: AsyncIterableIterator<FilteredFrame> = {
    [Symbol.asyncIterator]: () => filtered,
    next: async () => {
      const { value, done } = (await frames.next()) as IteratorResult<ListFrame<OrderRow>, undefined>;
      return done ? { value: undefined, done: true } : { value: { ...value, filter }, done: false };
    },
    return: async () => {
      await frames.return?.();
      return { value: undefined, done: true };
    },
  };
  return filtered;
}
