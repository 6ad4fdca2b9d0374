import { hasRight } from '../../commands/decider.ts';
import { findCustomer } from '../../customer/graphql/find-customer.ts';
import type { Position } from '../../event-store/position.ts';
import { builder } from '../../graphql/builder.ts';
import { type Context, viewerOf } from '../../graphql/context.ts';
import { checkedId } from '../../graphql/node.ts';
import { waitForPosition } from '../../graphql/wait-for-position.ts';
import { orderStatuses, type OrderStatus as Status } from '../domain/order.ts';
import { type OrderCounts as Counts, readOrderCounts } from '../views/order-counts.ts';
import { OrderStatus } from './types.ts';

/** The number of orders with one of these statuses. */
export function countOf(counts: Counts, statuses: readonly Status[]): number {
  return statuses.reduce((sum, status) => sum + (counts.get(status) ?? 0), 0);
}

/** Each status with its count, also those without orders. */
export function countsByStatus(counts: Counts): { status: Status; count: number }[] {
  return orderStatuses.map(status => ({ status, count: countOf(counts, [status]) }));
}

/** Orders that were submitted and have not arrived yet. */
export const openStatuses: readonly Status[] = ['SUBMITTED', 'CONFIRMED', 'SHIPPED'];

export const OrderStatusCount = builder.objectRef<{ status: Status; count: number }>('OrderStatusCount').implement({
  description: 'The number of orders with one status.',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    status: t.expose('status', { type: OrderStatus, description: 'The status.' }),
    count: t.exposeInt('count', { description: 'The number of orders with this status.' }),
  }),
});

export const OrderCounts = builder.objectRef<{ counts: Counts; position: Position }>('OrderCounts').implement({
  description: 'The number of orders in each status.',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    orderCount: t.int({
      description: 'The number of all orders, including drafts and cancelled ones.',
      resolve: ({ counts }) => countOf(counts, orderStatuses),
    }),
    openOrderCount: t.int({
      description: 'The number of orders with the status SUBMITTED, CONFIRMED or SHIPPED.',
      resolve: ({ counts }) => countOf(counts, openStatuses),
    }),
    byStatus: t.field({
      type: [OrderStatusCount],
      description: 'The number of orders for each status, including those without orders.',
      resolve: ({ counts }) => countsByStatus(counts),
    }),
    position: t.expose('position', {
      type: 'Position',
      description: 'The position that the counts reflect. Pass it as `after` to a subscription.',
    }),
  }),
});

/** The customer whose orders are counted; undefined: all orders, which only staff may count. */
export function countedCustomer(context: Context, customerId: string | null | undefined): string | undefined {
  if (customerId != null) return checkedId(customerId, 'cus');
  const viewer = viewerOf(context);
  return hasRight(viewer, 'staff') ? undefined : viewer.subject;
}

builder.queryField('orderCounts', t =>
  t.field({
    type: OrderCounts,
    nullable: true,
    rule: 'authenticated',
    description:
      'Returns the number of orders in each status: for staff of all orders, for a customer of their own. With `customerId` it counts the orders of this customer, and is null if the customer does not exist or the viewer may not see them. The projector maintains the counts, so reading them scans no orders.',
    args: {
      customerId: t.arg.id({ description: 'The id of a customer, `cus_<uuid>`.' }),
      atLeast: t.arg({
        type: 'Position',
        description:
          'A position that the counts have to reflect. The server waits until the read model has reached it.',
      }),
    },
    resolve: async (_root, { customerId, atLeast: argument }, context) => {
      const atLeast = argument ?? context.atLeast;
      const counted = countedCustomer(context, customerId);
      // A customer may count their own orders before they are registered, just as they may list them.
      const isOwn = counted === undefined || counted === viewerOf(context).subject;
      if (!isOwn && !(await findCustomer(context, counted, atLeast))) return null;
      const found = await waitForPosition(context, atLeast, () =>
        readOrderCounts(context.dependencies.source, counted, atLeast),
      );
      context.responsePosition.read(found.position);
      return found;
    },
  }),
);
