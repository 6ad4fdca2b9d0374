import { type Decider, hasRight } from '../commands/decider.ts';
import type { OrderCommand } from './domain/commands.ts';
import { decide } from './domain/decide.ts';
import type { OrderEvent } from './domain/events.ts';
import { evolve, noOrder, type Order } from './domain/order.ts';
import { type OrderRejection, orderRejectionReasons } from './domain/rejection.ts';

export const orderDecider: Decider<Order, OrderCommand, OrderEvent, OrderRejection> = {
  streamType: 'order',
  idPrefix: 'ord',
  initialState: noOrder,
  evolve,
  decide,
  rights: {
    CreateOrder: 'authenticated',
    AddOrderItem: 'authenticated',
    RemoveOrderItem: 'authenticated',
    ChangeOrderItemQuantity: 'authenticated',
    SubmitOrder: 'authenticated',
    ConfirmOrder: 'staff',
    ShipOrder: 'staff',
    DeliverOrder: 'staff',
    CancelOrder: 'authenticated',
    ImportOrder: 'staff',
    EraseOrder: 'operator',
  },
  reasons: orderRejectionReasons,
  creates: command => command.type === 'CreateOrder' || command.type === 'ImportOrder',
  isVisibleTo: (order, actor) =>
    hasRight(actor, 'staff') || (order.status !== 'None' && order.customerId === actor.subject),
  subject: order => (order.status === 'None' ? undefined : order.customerId),
  erasure: { type: 'EraseOrder' },
  schemaVersions: {
    OrderCreated: 1,
    OrderItemAdded: 1,
    OrderItemQuantityChanged: 1,
    OrderItemRemoved: 1,
    OrderSubmitted: 1,
    OrderConfirmed: 1,
    OrderShipped: 1,
    OrderDelivered: 1,
    OrderCancelled: 1,
    OrderErased: 1,
  },
  snapshotShape: 2,
  numbered: { OrderCreated: 'number' },
  upcast: ({ type }, schemaVersion) => {
    throw new Error(`${type} has no upcast from schema version ${schemaVersion}`);
  },
};
