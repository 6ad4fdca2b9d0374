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

const kindDescription = 'What this frame is.';
const positionDescription = 'You have everything up to here: the `after` to go on from.';

const OrderUpdate = builder.objectRef<RowFrame<OrderRow>>('OrderUpdate').implement({
  description: 'An order as it is now.',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    kind: t.expose('kind', { type: LiveKind, description: kindDescription }),
    order: t.field({ type: Order, description: 'The order.', resolve: ({ row }) => ({ row, joined: undefined }) }),
    position: t.expose('position', { type: 'Position', description: positionDescription }),
  }),
});

type FilteredFrame = ListFrame<OrderRow> & { readonly filter: Filter };

const OrderListUpdate = builder.objectRef<FilteredFrame>('OrderListUpdate').implement({
  description: 'One changed order of a customer (or of all, for staff).',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    kind: t.expose('kind', { type: LiveKind, description: kindDescription }),
    position: t.expose('position', { type: 'Position', description: positionDescription }),
    orderId: t.id({ nullable: true, description: 'Set with UPDATE only.', resolve: ({ row }) => row?.orderId }),
    matches: t.boolean({
      nullable: true,
      description:
        "False: the order no longer matches the filter, take it off the list. May come for an order that you don't hold.",
      resolve: async ({ row, filter }, _args, { dependencies: parts }) => {
        if (!row || !filter.search || matchesNow(row, filter)) return row && matchesNow(row, filter);
        return matchesNow(row, filter, (await parts.customer(row.customerId)).value?.name);
      },
    }),
    order: t.field({
      type: Order,
      nullable: true,
      description: 'The order as it is now.',
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
      'The order now (unless it is no newer than `after`), then after every change. Positions only rise, versions never fall; the newest always arrives; a slow reader skips middle ones.',
    args: {
      id: t.arg.id({ required: true, description: '`ord_<uuid>`.' }),
      after: t.arg({ type: 'Position', description: "The last frame's position, or an answer's: go on from there." }),
    },
    subscribe: (_root, { id, after }, context) => watchOrder(context, checkedId(id, 'ord'), startAfter(context, after)),
    resolve: frame => frame,
  }),
  customerOrdersUpdated: t.field({
    type: OrderListUpdate,
    rule: 'authenticated',
    sharing: 'role',
    description:
      "Every change to the customer's orders after `after` (a page's `position`), or from now on. The first frame comes at once (PROGRESS) and says the position that you are live from; PROGRESS again after 15 s without a change.",
    args: {
      customerId: t.arg.id({ required: true, description: '`cus_<uuid>`.' }),
      filter: t.arg({ type: OrderFilter, description: 'Only these.' }),
      after: t.arg({ type: 'Position', description: "A page's position, or the last frame's: go on from there." }),
    },
    subscribe: (_root, { customerId, filter, after }, context) =>
      watchCustomerOrders(context, checkedId(customerId, 'cus'), orderFilter(filter), startAfter(context, after)),
    resolve: frame => frame,
  }),
  ordersUpdated: t.field({
    type: OrderListUpdate,
    rule: 'staff',
    sharing: 'role',
    description: 'The same over all orders (staff).',
    args: {
      filter: t.arg({ type: OrderFilter, description: 'Only these.' }),
      after: t.arg({ type: 'Position', description: "A page's position, or the last frame's: go on from there." }),
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
      'Every event of the order after that position (from its first, where left out), each once, in order, stored ones first. A position that can not be continued ends it: STALE_POSITION, and RESYNC in `extensions.kind`.',
    args: {
      orderId: t.arg.id({ required: true, description: '`ord_<uuid>`.' }),
      after: t.arg({ type: 'Position', description: "An event's position: go on from there." }),
    },
    subscribe: (_root, { orderId, after }, context) =>
      watchOrderEvents(context, checkedId(orderId, 'ord'), startAfter(context, after)),
    resolve: eventOf,
  }),
}));

async function watchOrder(context: Context, id: string, after: Position | undefined) {
  const viewer = viewerOf(context);
  const { orderHub } = context.dependencies;

  /** Read past the views, so that an order whose creation was acknowledged is found, projected or not. */
  async function look(from: Position | undefined) {
    const { position, value } = await orderToWatch(context, id, from);
    if (!value || !maySee(viewer, value.row)) return undefined;
    return { row: value.row, continues: true, isAhead: from !== undefined && position.point < from.point };
  }

  async function lookAgain() {
    try {
      return await look(after);
    } catch (error) {
      if (!(error instanceof StalePositionError)) throw error;
      const now = await look(undefined);
      return now && { ...now, continues: false };
    }
  }

  return watchRow(orderHub, id, after, { look: lookAgain, gone: noSuchOrder, logger: context.logger });
}

/**
 * An order for who begins to watch it, read together with all who begin in that moment: after a node is gone thousands
 * come to another one at once, and each by itself they would wait for a connection until they are refused. The statement
 * is sent after they have told the hub what they watch, so that nothing falls between.
 * @throws StalePositionError
 */
async function orderToWatch(
  context: Context,
  id: string,
  after: Position | undefined,
): Promise<Found<OrderWithCustomer>> {
  const { dependencies: parts } = context;
  const found = await parts.orderToWatch(id);
  // A frame's position is its row's: if that is the one asked after, there is no doubt of whose log it is.
  const { row } = found.value ?? {};
  if (!after || (row?.position === after.point && row.hash === after.hash)) return found;
  const read = async () => {
    const { position, rows } = await readOrdersAlone(parts.source, [id], after);
    return { position, value: rows.get(id) };
  };
  const readShared = () => parts.sharedReads.once(JSON.stringify(['order', id, after]), read);
  const known = await readShared();
  // A server that has not come to `after` may not have come to the order's first event either.
  return known.value ? known : waitForPosition(context, after, readShared);
}

/** Another's order is answered like a missing one. */
function noSuchOrder(): Error {
  return codedError('NOT_FOUND', 'There is no such order.');
}

async function watchCustomerOrders(context: Context, customerId: string, filter: Filter, after: Position | undefined) {
  const { role, subject } = viewerOf(context);
  const known = role === 'staff' ? await isCustomer(context, customerId, after) : customerId === subject;
  // A customer may watch their own orders before they have registered, as they may list them.
  if (!known) throw codedError('NOT_FOUND', 'There is no such customer.');
  return watchOrders(context, customerId, filter, after);
}

/** A server that has not come to `after` may not have come to the customer's first event either: waits for it then. */
async function isCustomer(context: Context, customerId: string, after: Position | undefined): Promise<boolean> {
  const { customer, source } = context.dependencies;
  const { position, value } = await customer(customerId);
  if (value || !after || position.point >= after.point) return value !== undefined;
  const { rows } = await waitForPosition(context, after, () => readCustomers(source, [customerId], after));
  return rows.has(customerId);
}

/** @param customerId undefined: everybody's */
async function watchOrders(
  context: Context,
  customerId: string | undefined,
  filter: Filter,
  after: Position | undefined,
) {
  const { orderHub, source, sharedReads } = context.dependencies;
  // What it answers depends on nothing else, whoever asks: rights are decided before, and per delivery.
  const read = (from: Position | undefined, limit: number) =>
    sharedReads.once(JSON.stringify(['orders', customerId, filter, from, limit]), () =>
      readOrderChanges(source, { customerId, filter }, from, limit),
    );
  const frames = await watchList(orderHub, customerId ?? everything, after, { read, logger: context.logger });
  return withFilter(frames, filter);
}

async function watchOrderEvents(context: Context, orderId: string, after: Position | undefined) {
  const { source, logHub, sharedReads } = context.dependencies;
  // By the log, so that an order whose creation was acknowledged is found, projected or not.
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

/** Each frame with the filter that its `matches` is about. */
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
