import { Customer } from '../../customer/graphql/types.ts';
import { waitForPosition, positionToReflect } from '../../graphql/wait-for-position.ts';
import { builder } from '../../graphql/builder.ts';
import { Money } from '../../graphql/common-types.ts';
import type { Found } from '../../projections/batched-read.ts';
import { orderStatuses } from '../domain/order.ts';
import type { CustomerTotals } from '../views/customer-totals.ts';
import { countOf, countsByStatus, openStatuses, OrderStatusCount } from './order-counts.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    readonly customerTotals: (customerId: string) => Promise<Found<CustomerTotals>>;
  }
}

const CustomerOrderTotals = builder.objectRef<CustomerTotals>('CustomerOrderTotals').implement({
  description: "Totals over a customer's orders.",
  rule: 'as-parent',
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
    totalSpent: t.field({
      type: [Money],
      description:
        'The total of all orders that were submitted and not cancelled: one entry for each currency, sorted by its code.',
      resolve: totals => totals.spent,
    }),
    lastOrderAt: t.expose('lastOrderAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The latest time at which an order was submitted. Null if there is none.',
    }),
  }),
});

const none: CustomerTotals = { counts: new Map(), spent: [], lastOrderAt: null };

builder.objectField(Customer, 'orderTotals', t =>
  t.field({
    type: CustomerOrderTotals,
    description:
      "Totals over the customer's orders. The projector maintains them, so reading them scans no orders. If the request has a position (`atLeast`), the server waits until the totals reflect it.",
    resolve: async ({ customerId, atLeast }, _args, context) => {
      const { customerTotals } = context.dependencies;
      const { position, value } = await waitForPosition(context, positionToReflect(context, atLeast), () =>
        customerTotals(customerId),
      );
      context.responsePosition.read(position);
      return value ?? none;
    },
  }),
);
