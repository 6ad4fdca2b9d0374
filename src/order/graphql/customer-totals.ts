import { Customer } from '../../customer/graphql/types.ts';
import { waitForPosition, positionToReflect } from '../../graphql/wait-for-position.ts';
import { builder } from '../../graphql/builder.ts';
import { Money } from '../../graphql/common-types.ts';
import type { Found } from '../../projections/batched-read.ts';
import { orderStatuses, type OrderStatus as Status } from '../domain/order.ts';
import type { CustomerTotals } from '../views/customer-totals.ts';
import { OrderStatus } from './types.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    readonly customerTotals: (customerId: string) => Promise<Found<CustomerTotals>>;
  }
}

const OrderStatusCount = builder.objectRef<{ status: Status; count: number }>('OrderStatusCount').implement({
  description: 'How many orders are in one state.',
  rule: 'as-parent',
  fields: t => ({
    status: t.expose('status', { type: OrderStatus, description: 'The state.' }),
    count: t.exposeInt('count', { description: 'Orders in it.' }),
  }),
});

const CustomerOrderTotals = builder.objectRef<CustomerTotals>('CustomerOrderTotals').implement({
  description: "What a customer's orders come to.",
  rule: 'as-parent',
  fields: t => ({
    orderCount: t.int({
      description: 'All orders, drafts and cancelled ones too.',
      resolve: totals => count(totals, orderStatuses),
    }),
    openOrderCount: t.int({
      description: 'SUBMITTED, CONFIRMED or SHIPPED.',
      resolve: totals => count(totals, ['SUBMITTED', 'CONFIRMED', 'SHIPPED']),
    }),
    byStatus: t.field({
      type: [OrderStatusCount],
      description: 'Every state, those without an order too.',
      resolve: totals => orderStatuses.map(status => ({ status, count: count(totals, [status]) })),
    }),
    totalSpent: t.field({
      type: [Money],
      description: 'Of submitted, not cancelled orders; one entry a currency, in the order of their codes.',
      resolve: totals => totals.spent,
    }),
    lastOrderAt: t.expose('lastOrderAt', { type: 'DateTime', nullable: true, description: 'Newest submittedAt.' }),
  }),
});

function count({ counts }: CustomerTotals, statuses: readonly Status[]): number {
  return statuses.reduce((sum, status) => sum + (counts.get(status) ?? 0), 0);
}

const none: CustomerTotals = { counts: new Map(), spent: [], lastOrderAt: null };

builder.objectField(Customer, 'orderTotals', t =>
  t.field({
    type: CustomerOrderTotals,
    description: 'Kept by the projector, with no scan at read time. Like a list it waits for what it has to reflect.',
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
