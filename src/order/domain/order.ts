import type { OrderCreated, OrderEvent, OrderLineEvent } from './events.ts';
import type { OrderLine } from './lines.ts';

export const orderStatuses = ['DRAFT', 'SUBMITTED', 'CONFIRMED', 'SHIPPED', 'DELIVERED', 'CANCELLED'] as const;
export type OrderStatus = (typeof orderStatuses)[number];

export interface NoOrder {
  readonly status: 'None';
}

export interface DraftOrder {
  readonly status: 'DRAFT';
  readonly customerId: string;
  /** Undefined until `OrderCreated` or the first item sets it. Removing items does not change it. */
  readonly currency: string | undefined;
  readonly lines: readonly OrderLine[];
}

/** After the draft, no decision depends on the lines. */
export interface FixedOrder {
  readonly status: Exclude<OrderStatus, 'DRAFT'>;
  readonly customerId: string;
}

/** The state that decisions need: nothing that is only displayed, and no personal data. */
export type Order = NoOrder | DraftOrder | FixedOrder;

export const noOrder: NoOrder = { status: 'None' };

/**
 * The order after one more event.
 * @throws Error only if the event can't follow this state. A stored event has happened, so evolve checks no business
 * rule.
 */
export function evolve(order: Order, event: OrderEvent): Order {
  switch (event.type) {
    case 'OrderCreated':
      return draftOf(event);
    case 'OrderItemAdded':
    case 'OrderItemQuantityChanged':
    case 'OrderItemRemoved':
      if (order.status !== 'DRAFT') throw impossible(order, event);
      return evolveDraft(order, event);
    case 'OrderSubmitted':
      return fix(order, event, 'SUBMITTED');
    case 'OrderConfirmed':
      return fix(order, event, 'CONFIRMED');
    case 'OrderShipped':
      return fix(order, event, 'SHIPPED');
    case 'OrderDelivered':
      return fix(order, event, 'DELIVERED');
    case 'OrderCancelled':
      return fix(order, event, 'CANCELLED');
    case 'OrderErased':
      return order;
  }
}

export function draftOf({ data: { customerId, currency } }: OrderCreated): DraftOrder {
  return { status: 'DRAFT', customerId, currency: currency ?? undefined, lines: [] };
}

export function evolveDraft(draft: DraftOrder, event: OrderLineEvent): DraftOrder {
  switch (event.type) {
    case 'OrderItemAdded': {
      const { lineId, productId, quantity, unitPrice, currency } = event.data;
      return withLines(draft, [...draft.lines, { lineId, productId, quantity, unitPrice }], currency);
    }
    case 'OrderItemQuantityChanged': {
      const { lineId, quantity } = event.data;
      return withLines(
        draft,
        draft.lines.map(line => (line.lineId === lineId ? withQuantity(line, quantity) : line)),
      );
    }
    case 'OrderItemRemoved':
      return withLines(
        draft,
        draft.lines.filter(line => line.lineId !== event.data.lineId),
      );
  }
}

// Fields are listed here and below, because the engine gives an object made by a spread a shape of its own, and
// decisions read hundreds of lines.
function withLines(
  { status, customerId, currency }: DraftOrder,
  lines: readonly OrderLine[],
  first?: string,
): DraftOrder {
  return { status, customerId, currency: currency ?? first, lines };
}

function withQuantity({ lineId, productId, unitPrice }: OrderLine, quantity: number): OrderLine {
  return { lineId, productId, quantity, unitPrice };
}

function fix(order: Order, event: OrderEvent, status: FixedOrder['status']): FixedOrder {
  if (order.status === 'None') throw impossible(order, event);
  return { status, customerId: order.customerId };
}

function impossible(order: Order, event: OrderEvent): Error {
  return new Error(`${event.type} can't follow in a stream whose order is ${order.status}: the log or evolve is wrong`);
}
