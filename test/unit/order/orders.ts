import type { NewItem, Offer, OrderCommand } from '../../../src/order/domain/commands.ts';
import type { OrderEvent, OrderItemAdded } from '../../../src/order/domain/events.ts';
import { evolve, noOrder, type Order } from '../../../src/order/domain/order.ts';

export const mug: Offer = { sku: 'MUG', name: 'Mug', price: 1250, currency: 'EUR', available: true };
export const pen: Offer = { sku: 'PEN', name: 'Pen', price: 199, currency: 'EUR', available: true };

export function item(lineId: string, quantity: number, productId: string, offer: Offer | undefined): NewItem {
  return { lineId, quantity, product: { productId, offer } };
}

export const created: OrderEvent = {
  type: 'OrderCreated',
  data: { customerId: 'cus_1', currency: null, number: 'K7Q2-9XF4' },
  personal: { reference: 'PO 7' },
};
export const mugsAdded = added('lin_mug', 2, 'prd_mug', mug);
export const pensAdded = added('lin_pen', 10, 'prd_pen', pen);
export const submitted: OrderEvent = {
  type: 'OrderSubmitted',
  data: { total: 4490, itemCount: 12, currency: 'EUR' },
};
export const confirmed: OrderEvent = { type: 'OrderConfirmed', data: {} };
export const shipped: OrderEvent = {
  type: 'OrderShipped',
  data: { carrier: 'DHL' },
  personal: { trackingNumber: 'JD014' },
};
export const delivered: OrderEvent = { type: 'OrderDelivered', data: {} };
export const cancelled: OrderEvent = { type: 'OrderCancelled', data: {}, personal: { reason: 'changed my mind' } };

export const erasedOrder: OrderEvent = { type: 'OrderErased', data: {} };

export function added(lineId: string, quantity: number, productId: string, offer: Offer): OrderItemAdded {
  const { sku, name: productName, price: unitPrice, currency } = offer;
  return { type: 'OrderItemAdded', data: { lineId, productId, sku, productName, quantity, unitPrice, currency } };
}

const draft = [created, mugsAdded, pensAdded];

/** A history that leads into each state; the two of a draft differ in what is allowed. */
export const histories = {
  None: [],
  EMPTY_DRAFT: [created],
  DRAFT: draft,
  SUBMITTED: [...draft, submitted],
  CONFIRMED: [...draft, submitted, confirmed],
  SHIPPED: [...draft, submitted, confirmed, shipped],
  DELIVERED: [...draft, submitted, confirmed, shipped, delivered],
  CANCELLED: [...draft, submitted, cancelled],
} as const satisfies Record<Order['status'] | 'EMPTY_DRAFT', readonly OrderEvent[]>;

export type Situation = keyof typeof histories;
export const situations = Object.keys(histories) as readonly Situation[];

/** One command of each type that every rule except the state's allows. */
export const commands = {
  CreateOrder: {
    type: 'CreateOrder',
    orderId: 'ord_1',
    customer: { customerId: 'cus_1', registered: true },
    currency: undefined,
    reference: undefined,
    items: [item('lin_mug', 2, 'prd_mug', mug)],
  },
  ImportOrder: {
    type: 'ImportOrder',
    orderId: 'ord_1',
    customer: { customerId: 'cus_1', registered: true },
    currency: 'EUR',
    reference: 'PO 7',
    items: [item('lin_mug', 2, 'prd_mug', mug)],
  },
  AddOrderItem: { type: 'AddOrderItem', ...item('lin_new', 3, 'prd_mug', { ...mug, price: 1300 }) },
  RemoveOrderItem: { type: 'RemoveOrderItem', lineId: 'lin_mug' },
  ChangeOrderItemQuantity: { type: 'ChangeOrderItemQuantity', lineId: 'lin_mug', quantity: 7 },
  SubmitOrder: { type: 'SubmitOrder' },
  ConfirmOrder: { type: 'ConfirmOrder' },
  ShipOrder: { type: 'ShipOrder', carrier: 'DHL', trackingNumber: 'JD014' },
  DeliverOrder: { type: 'DeliverOrder' },
  CancelOrder: { type: 'CancelOrder', reason: 'changed my mind' },
  EraseOrder: { type: 'EraseOrder' },
} as const satisfies { [Type in OrderCommand['type']]: Extract<OrderCommand, { type: Type }> };

export function fold(events: readonly OrderEvent[]): Order {
  return events.reduce(evolve, noOrder);
}
