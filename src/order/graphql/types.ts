import { Customer } from '../../customer/graphql/types.ts';
import { type CustomerNode, findCustomer } from '../../customer/graphql/find-customer.ts';
import { builder } from '../../graphql/builder.ts';
import { Money } from '../../graphql/common-types.ts';
import { connectionType } from '../../graphql/connection.ts';
import { type Context, viewerOf } from '../../graphql/context.ts';
import { Node, registerNode } from '../../graphql/node.ts';
import { noCurrency } from '../../money.ts';
import { findProduct } from '../../product/graphql/find-product.ts';
import { Product } from '../../product/graphql/types.ts';
import { availableActions, type OrderAction } from '../domain/available-actions.ts';
import type { OrderStatus as Status } from '../domain/order.ts';
import type { OrderRow, OrderRowLine } from '../views/order-view.ts';
import { findOrder, type OrderNode } from './find-order.ts';

const statuses: { readonly [Name in Status]: { readonly description: string } } = {
  DRAFT: { description: 'Its lines can be changed.' },
  SUBMITTED: { description: 'Its lines are fixed; it waits for the seller.' },
  CONFIRMED: { description: 'The seller took it on.' },
  SHIPPED: { description: 'It is on its way.' },
  DELIVERED: { description: 'It has arrived.' },
  CANCELLED: { description: 'Nothing more happens to it.' },
};

export const OrderStatus = builder.enumType('OrderStatus', {
  description: 'How far an order has come.',
  values: statuses,
});

const actions: { readonly [Name in OrderAction]: { readonly description: string } } = {
  ADD_ITEM: { description: '`addOrderItem`.' },
  REMOVE_ITEM: { description: '`removeOrderItem`.' },
  CHANGE_QUANTITY: { description: '`changeOrderItemQuantity`.' },
  SUBMIT: { description: '`submitOrder`.' },
  CONFIRM: { description: '`confirmOrder`.' },
  SHIP: { description: '`shipOrder`.' },
  DELIVER: { description: '`deliverOrder`.' },
  CANCEL: { description: '`cancelOrder`.' },
};

const OrderActionType = builder.enumType('OrderAction', {
  description: "What may be done to an order next, as its state and the viewer's role allow.",
  values: actions,
});

interface LineNode {
  readonly line: OrderRowLine;
  readonly currency: string;
}

const OrderLine = builder.objectRef<LineNode>('OrderLine').implement({
  description: 'So many units of one product at one price.',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    id: t.id({ description: '`lin_<uuid>`.', resolve: ({ line }) => line.lineId }),
    productId: t.id({ description: '`prd_<uuid>`.', resolve: ({ line }) => line.productId }),
    sku: t.string({ description: 'As it was when the line was added.', resolve: ({ line }) => line.sku }),
    productName: t.string({
      description: 'As it was when the line was added.',
      resolve: ({ line }) => line.productName,
    }),
    product: t.field({
      type: Product,
      nullable: true,
      description: "The catalogue's entry as it is now.",
      resolve: ({ line }, _args, context) => findProduct(context, line.productId),
    }),
    quantity: t.int({ description: 'Units.', resolve: ({ line }) => line.quantity }),
    unitPrice: t.field({
      type: Money,
      description: 'Of one unit, as it was when the line was added.',
      resolve: ({ line, currency }) => ({ minorUnits: line.unitPrice, currency }),
    }),
    subtotal: t.field({
      type: Money,
      description: 'Quantity x unit price.',
      resolve: ({ line, currency }) => ({ minorUnits: line.quantity * line.unitPrice, currency }),
    }),
  }),
});

export const Shipment = builder.objectRef<{ carrier: string; trackingNumber: string | null }>('Shipment').implement({
  description: 'How an order travels.',
  rule: 'as-parent',
  sharing: 'role',
  fields: t => ({
    carrier: t.exposeString('carrier', { description: 'Who carries it.' }),
    trackingNumber: t.exposeString('trackingNumber', { nullable: true, description: "The carrier's name for it." }),
  }),
});

/** A point in an order's life; null until it comes to it. */
function timeField(name: keyof OrderRow & `${string}At`, description: string) {
  return { description, nullable: true, resolve: ({ row }: OrderNode) => row[name] } as const;
}

export const Order = builder.objectRef<OrderNode>('Order').implement({
  description: 'The order view: one denormalised row per order.',
  rule: 'as-parent',
  sharing: 'role',
  interfaces: [Node],
  fields: t => ({
    id: t.id({ description: '`ord_<uuid>`.', resolve: ({ row }) => row.orderId }),
    number: t.string({
      description: 'Short number for people, e.g. K7Q2-9XF4: unique, says nothing of how many orders there are.',
      resolve: ({ row }) => row.number,
    }),
    reference: t.string({
      nullable: true,
      description: "The caller's own reference, settable at create.",
      resolve: ({ row }) => row.reference,
    }),
    customer: t.field({
      type: Customer,
      description: 'The customer as they are now.',
      // No promise if they were read with the order: of a page with its customers the response can be cached.
      resolve: (order, _args, context) =>
        order.joined ? customerBelow(order, order.joined) : customerLater(context, order),
    }),
    status: t.field({ type: OrderStatus, description: 'How far it has come.', resolve: ({ row }) => row.status }),
    lines: t.field({
      type: [OrderLine],
      description: 'In the order in which they were added.',
      resolve: ({ row }) => row.lines.map(line => ({ line, currency: row.currency ?? noCurrency })),
    }),
    itemCount: t.int({ description: 'Units over all lines.', resolve: ({ row }) => row.itemCount }),
    total: t.field({
      type: Money,
      description: 'Currency XXX (ISO 4217: none) until the order has one.',
      resolve: ({ row }) => ({ minorUnits: row.total, currency: row.currency ?? noCurrency }),
    }),
    createdAt: t.field({ type: 'DateTime', description: 'When it was created.', resolve: ({ row }) => row.createdAt }),
    updatedAt: t.field({ type: 'DateTime', description: 'When it last changed.', resolve: ({ row }) => row.updatedAt }),
    submittedAt: t.field({ type: 'DateTime', ...timeField('submittedAt', 'When it was submitted.') }),
    confirmedAt: t.field({ type: 'DateTime', ...timeField('confirmedAt', 'When it was confirmed.') }),
    shippedAt: t.field({ type: 'DateTime', ...timeField('shippedAt', 'When it was shipped.') }),
    deliveredAt: t.field({ type: 'DateTime', ...timeField('deliveredAt', 'When it was delivered.') }),
    cancelledAt: t.field({ type: 'DateTime', ...timeField('cancelledAt', 'When it was cancelled.') }),
    cancellationReason: t.string({
      nullable: true,
      description: 'Why it was cancelled.',
      resolve: ({ row }) => row.cancellationReason,
    }),
    shipment: t.field({
      type: Shipment,
      nullable: true,
      description: 'Null until it is shipped.',
      resolve: ({ row: { carrier, trackingNumber } }) => (carrier === null ? null : { carrier, trackingNumber }),
    }),
    availableActions: t.field({
      type: [OrderActionType],
      description: "What may be done next, as its state and the viewer's role allow.",
      resolve: ({ row }, _args, context) => [...availableActions(row, viewerOf(context).role)],
    }),
    version: t.int({
      description: "Version of the order's event stream that this row reflects; 1 is its first event.",
      resolve: ({ row }) => row.version,
    }),
    position: t.field({
      type: 'Position',
      description: 'Position of the last event that changed this row.',
      resolve: ({ row }) => ({ point: row.position, hash: row.hash }),
    }),
  }),
});

async function customerLater(context: Context, order: OrderNode): Promise<CustomerNode> {
  const customer = await findCustomer(context, order.row.customerId, order.atLeast);
  if (!customer) throw new Error(`${order.row.orderId} is of a customer that is not there`);
  return customerBelow(order, customer);
}

/** What stands below the customer has to reflect the same position as the order. */
function customerBelow({ atLeast }: OrderNode, customer: CustomerNode): CustomerNode {
  return atLeast ? { ...customer, atLeast } : customer;
}

export const OrderConnection = connectionType(Order);

registerNode('ord', Order, (context, id) => findOrder(context, id));
