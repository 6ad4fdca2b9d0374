import { Customer } from '../../customer/graphql/types.ts';
import { findCustomer } from '../../customer/graphql/find-customer.ts';
import { builder } from '../../graphql/builder.ts';
import { Money } from '../../graphql/common-types.ts';
import { connectionType } from '../../graphql/connection.ts';
import { viewerOf } from '../../graphql/context.ts';
import { Node, registerNode } from '../../graphql/node.ts';
import { noCurrency } from '../../money.ts';
import { findProduct } from '../../product/graphql/find-product.ts';
import { Product } from '../../product/graphql/types.ts';
import { orderDecider } from '../decider.ts';
import { availableActions, type OrderAction } from '../domain/available-actions.ts';
import type { OrderStatus as Status } from '../domain/order.ts';
import type { OrderRow, OrderRowLine } from '../views/order-view.ts';
import { findOrder, type OrderNode } from './find-order.ts';

const statuses: { readonly [Name in Status]: { readonly description: string } } = {
  DRAFT: { description: 'The lines of the order can be changed.' },
  SUBMITTED: { description: 'The order was submitted. Its lines cannot be changed any more.' },
  CONFIRMED: { description: 'The seller has confirmed the order.' },
  SHIPPED: { description: 'The order was shipped.' },
  DELIVERED: { description: 'The order was delivered.' },
  CANCELLED: { description: 'The order was cancelled.' },
};

export const OrderStatus = builder.enumType('OrderStatus', {
  description: 'The status of an order.',
  values: statuses,
});

const actions: { readonly [Name in OrderAction]: { readonly description: string } } = {
  ADD_ITEM: { description: 'The mutation `addOrderItem`.' },
  REMOVE_ITEM: { description: 'The mutation `removeOrderItem`.' },
  CHANGE_QUANTITY: { description: 'The mutation `changeOrderItemQuantity`.' },
  SUBMIT: { description: 'The mutation `submitOrder`.' },
  CONFIRM: { description: 'The mutation `confirmOrder`.' },
  SHIP: { description: 'The mutation `shipOrder`.' },
  DELIVER: { description: 'The mutation `deliverOrder`.' },
  CANCEL: { description: 'The mutation `cancelOrder`.' },
};

const OrderActionType = builder.enumType('OrderAction', {
  description: "A command that the status of an order and the viewer's role allow.",
  values: actions,
});

interface LineNode {
  readonly line: OrderRowLine;
  readonly currency: string;
}

const OrderLine = builder.objectRef<LineNode>('OrderLine').implement({
  description: 'A line of an order: a quantity of one product at one price.',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    id: t.id({ description: 'The id of the line, `lin_<uuid>`.', resolve: ({ line }) => line.lineId }),
    productId: t.id({ description: 'The id of the product, `prd_<uuid>`.', resolve: ({ line }) => line.productId }),
    sku: t.string({ description: 'The SKU of the product when the line was added.', resolve: ({ line }) => line.sku }),
    productName: t.string({
      description: 'The name of the product when the line was added.',
      resolve: ({ line }) => line.productName,
    }),
    product: t.field({
      type: Product,
      nullable: true,
      description: 'The product in its current state.',
      resolve: ({ line }, _args, context) => findProduct(context, line.productId),
    }),
    quantity: t.int({ description: 'The number of units.', resolve: ({ line }) => line.quantity }),
    unitPrice: t.field({
      type: Money,
      description: 'The price of one unit when the line was added.',
      resolve: ({ line, currency }) => ({ minorUnits: line.unitPrice, currency }),
    }),
    subtotal: t.field({
      type: Money,
      description: 'The quantity times the unit price.',
      resolve: ({ line, currency }) => ({ minorUnits: line.quantity * line.unitPrice, currency }),
    }),
  }),
});

export const Shipment = builder.objectRef<{ carrier: string; trackingNumber: string | null }>('Shipment').implement({
  description: 'The shipment of an order.',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    carrier: t.exposeString('carrier', { description: 'The carrier of the shipment.' }),
    trackingNumber: t.exposeString('trackingNumber', {
      nullable: true,
      description: 'The tracking number of the carrier.',
    }),
  }),
});

/** A nullable field for the time of a step in the order's life. */
function timeField(name: keyof OrderRow & `${string}At`, description: string) {
  return { description, nullable: true, resolve: ({ row }: OrderNode) => row[name] } as const;
}

export const Order = builder.objectRef<OrderNode>('Order').implement({
  description: 'An order of a customer.',
  rule: 'as-parent',
  sharing: 'role',
  interfaces: [Node],
  fields: t => ({
    id: t.id({ description: 'The id of the order, `ord_<uuid>`.', resolve: ({ row }) => row.orderId }),
    number: t.string({
      description: 'A short unique number for people, e.g. K7Q2-9XF4. It does not reveal how many orders there are.',
      resolve: ({ row }) => row.number,
    }),
    reference: t.string({
      nullable: true,
      description: "The caller's own reference, set when the order was created.",
      resolve: ({ row }) => row.reference,
    }),
    customer: t.field({
      type: Customer,
      description: 'The customer in their current state.',
      resolve: async ({ row, joined, atLeast }, _args, context) => {
        const customer = joined ?? (await findCustomer(context, row.customerId, atLeast));
        if (!customer) throw new Error(`the customer of ${row.orderId} does not exist`);
        return atLeast ? { ...customer, atLeast } : customer;
      },
    }),
    status: t.field({ type: OrderStatus, description: 'The status of the order.', resolve: ({ row }) => row.status }),
    lines: t.field({
      type: [OrderLine],
      description: 'The lines, in the order in which they were added.',
      resolve: ({ row }) => row.lines.map(line => ({ line, currency: row.currency ?? noCurrency })),
    }),
    itemCount: t.int({ description: 'The number of units in all lines.', resolve: ({ row }) => row.itemCount }),
    total: t.field({
      type: Money,
      description: 'The total of all lines. Until the order has a currency, the total is 0 in XXX (no currency).',
      resolve: ({ row }) => ({ minorUnits: row.total, currency: row.currency ?? noCurrency }),
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'The time at which the order was created.',
      resolve: ({ row }) => row.createdAt,
    }),
    updatedAt: t.field({
      type: 'DateTime',
      description: 'The time of the last change.',
      resolve: ({ row }) => row.updatedAt,
    }),
    submittedAt: t.field({
      type: 'DateTime',
      ...timeField('submittedAt', 'The time at which the order was submitted.'),
    }),
    confirmedAt: t.field({
      type: 'DateTime',
      ...timeField('confirmedAt', 'The time at which the order was confirmed.'),
    }),
    shippedAt: t.field({ type: 'DateTime', ...timeField('shippedAt', 'The time at which the order was shipped.') }),
    deliveredAt: t.field({
      type: 'DateTime',
      ...timeField('deliveredAt', 'The time at which the order was delivered.'),
    }),
    cancelledAt: t.field({
      type: 'DateTime',
      ...timeField('cancelledAt', 'The time at which the order was cancelled.'),
    }),
    cancellationReason: t.string({
      nullable: true,
      description: 'The reason of the cancellation. Null if the order was not cancelled.',
      resolve: ({ row }) => row.cancellationReason,
    }),
    shipment: t.field({
      type: Shipment,
      nullable: true,
      description: 'The shipment. Null until the order is shipped.',
      resolve: ({ row: { carrier, trackingNumber } }) => (carrier === null ? null : { carrier, trackingNumber }),
    }),
    availableActions: t.field({
      type: [OrderActionType],
      description: "The commands that the status of the order and the viewer's role allow.",
      resolve: ({ row }, _args, context) => [...availableActions(row, viewerOf(context).role)],
    }),
    version: t.int({
      description: "The version of the order's event stream that this object reflects, from 1.",
      resolve: ({ row }) => row.version,
    }),
    position: t.field({
      type: 'Position',
      description: 'The position of the last event that changed this object.',
      resolve: ({ row }) => ({ point: row.position, hash: row.hash }),
    }),
  }),
});

export const OrderConnection = connectionType(Order);

registerNode(orderDecider.idPrefix, Order, (context, id) => findOrder(context, id));
