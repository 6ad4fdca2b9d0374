import { accept, type Decision } from '../../commands/decider.ts';
import type { ChangeOrderItemQuantity, CreateOrder, ImportOrder, NewItem, OrderCommand } from './commands.ts';
import type { OrderCreated, OrderEvent, OrderLineEvent } from './events.ts';
import { maximumLines, maximumQuantity, maximumTotal } from './limits.ts';
import { itemCountOf, type OrderLine, totalOf } from './lines.ts';
import { draftOf, evolve, evolveDraft, noOrder, type DraftOrder, type Order } from './order.ts';
import { refuse, type OrderRejection } from './rejection.ts';

type OrderDecision<Event extends OrderEvent = OrderEvent> = Decision<Event, OrderRejection>;

/**
 * Decides which events a command causes, or why it is rejected. It checks the order's state first, then the numbers
 * in the command, then the customer and the products that it refers to. Whether the caller may see the order was
 * checked before.
 */
export function decide(command: OrderCommand, order: Order): OrderDecision {
  if (command.type === 'CreateOrder') return order.status === 'None' ? create(command) : refuse('ORDER_ALREADY_EXISTS');
  if (command.type === 'ImportOrder') return order.status === 'None' ? place(command) : refuse('ORDER_ALREADY_EXISTS');
  if (order.status === 'None') throw new Error(`${command.type} needs an order, and there is none`);
  if (command.type === 'EraseOrder') return accept({ type: 'OrderErased', data: {} });
  if (order.status === 'CANCELLED') return refuse('ORDER_CANCELLED');

  switch (command.type) {
    case 'AddOrderItem':
      if (order.status !== 'DRAFT') return refuse('ORDER_NOT_DRAFT');
      if (!isQuantity(command.quantity)) return refuse('QUANTITY_OUT_OF_RANGE', ['input', 'quantity']);
      return addItem(command, order, ['input']);

    case 'RemoveOrderItem': {
      if (order.status !== 'DRAFT') return refuse('ORDER_NOT_DRAFT');
      const { lineId } = command;
      if (!order.lines.some(line => line.lineId === lineId)) return refuse('LINE_NOT_FOUND', ['input', 'lineId']);
      return accept({ type: 'OrderItemRemoved', data: { lineId } });
    }

    case 'ChangeOrderItemQuantity':
      return order.status === 'DRAFT' ? changeQuantity(command, order) : refuse('ORDER_NOT_DRAFT');

    case 'SubmitOrder':
      return order.status === 'DRAFT' ? submit(order) : refuse('ORDER_NOT_DRAFT');

    case 'ConfirmOrder':
      return order.status === 'SUBMITTED'
        ? accept({ type: 'OrderConfirmed', data: {} })
        : refuse('ORDER_NOT_SUBMITTED');

    case 'ShipOrder': {
      if (order.status !== 'CONFIRMED') return refuse('ORDER_NOT_CONFIRMED');
      const { carrier, trackingNumber } = command;
      const personal = trackingNumber === undefined ? undefined : { trackingNumber };
      return accept({ type: 'OrderShipped', data: { carrier }, personal });
    }

    case 'DeliverOrder':
      return order.status === 'SHIPPED' ? accept({ type: 'OrderDelivered', data: {} }) : refuse('ORDER_NOT_SHIPPED');

    case 'CancelOrder':
      if (order.status === 'SHIPPED' || order.status === 'DELIVERED') return refuse('ORDER_ALREADY_SHIPPED');
      return accept({ type: 'OrderCancelled', data: {}, personal: { reason: command.reason } });
  }
}

function create({ customer, currency, reference, items }: CreateOrder | ImportOrder): OrderDecision {
  // This also applies if items would be merged into fewer lines: each item is an event, and all events are stored
  // while the log's only lock is held.
  if (items.length > maximumLines) return refuse('TOO_MANY_LINES', ['input', 'items']);
  const at = items.findIndex(item => !isQuantity(item.quantity));
  if (at >= 0) return refuse('QUANTITY_OUT_OF_RANGE', ['input', 'items', String(at), 'quantity']);
  if (!customer.registered) return refuse('CUSTOMER_NOT_FOUND', ['input', 'customerId']);

  const created: OrderCreated = {
    type: 'OrderCreated',
    data: { customerId: customer.customerId, currency: currency ?? null },
    personal: reference === undefined ? undefined : { reference },
  };
  const added: OrderLineEvent[] = [];
  let draft = draftOf(created);
  for (const [index, item] of items.entries()) {
    const decision = addItem(item, draft, ['input', 'items', String(index)]);
    if (decision.type === 'rejected') return decision;
    added.push(...decision.events);
    draft = decision.events.reduce(evolveDraft, draft);
  }
  return accept<OrderEvent>(created, ...added);
}

/** The events that creating and submitting the order would have stored, in one command. */
function place(command: ImportOrder): OrderDecision {
  const creation = create(command);
  if (creation.type === 'rejected') return creation;
  const submission = decide({ type: 'SubmitOrder' }, creation.events.reduce(evolve, noOrder));
  if (submission.type === 'rejected') return submission;
  return accept<OrderEvent>(...creation.events, ...submission.events);
}

function addItem(item: NewItem, draft: DraftOrder, path: readonly string[]): OrderDecision<OrderLineEvent> {
  const { productId, offer } = item.product;
  if (offer === undefined) return refuse('PRODUCT_NOT_FOUND', [...path, 'productId']);
  if (!offer.available) return refuse('PRODUCT_UNAVAILABLE', [...path, 'productId']);
  if ((draft.currency ?? offer.currency) !== offer.currency) return refuse('CURRENCY_MISMATCH', [...path, 'productId']);

  let line: OrderLine | undefined;
  let sameId: OrderLine | undefined;
  // One pass over the lines: this is the most frequent command, and an order may have hundreds of lines.
  for (const existing of draft.lines) {
    if (existing.productId === productId && existing.unitPrice === offer.price) line = existing;
    if (existing.lineId === item.lineId) sameId = existing;
  }
  if (sameId !== undefined && sameId !== line) return refuse('LINE_ALREADY_EXISTS', [...path, 'lineId']);
  if (line === undefined && draft.lines.length >= maximumLines) return refuse('TOO_MANY_LINES', path);

  const quantity = (line?.quantity ?? 0) + item.quantity;
  if (!isQuantity(quantity)) return refuse('QUANTITY_OUT_OF_RANGE', [...path, 'quantity']);
  if (!hasRoomFor(draft, item.quantity, offer.price)) return refuse('TOTAL_OUT_OF_RANGE', [...path, 'quantity']);

  if (line !== undefined) return accept({ type: 'OrderItemQuantityChanged', data: { lineId: line.lineId, quantity } });
  const { sku, name: productName, price: unitPrice, currency } = offer;
  const data = { lineId: item.lineId, productId, sku, productName, quantity, unitPrice, currency };
  return accept({ type: 'OrderItemAdded', data });
}

function changeQuantity({ lineId, quantity }: ChangeOrderItemQuantity, draft: DraftOrder): OrderDecision {
  if (!isQuantity(quantity)) return refuse('QUANTITY_OUT_OF_RANGE', ['input', 'quantity']);
  const line = draft.lines.find(existing => existing.lineId === lineId);
  if (line === undefined) return refuse('LINE_NOT_FOUND', ['input', 'lineId']);
  if (!hasRoomFor(draft, quantity - line.quantity, line.unitPrice)) {
    return refuse('TOTAL_OUT_OF_RANGE', ['input', 'quantity']);
  }
  return accept({ type: 'OrderItemQuantityChanged', data: { lineId, quantity } });
}

function submit({ lines, currency }: DraftOrder): OrderDecision {
  if (lines.length === 0 || currency === undefined) return refuse('ORDER_EMPTY');
  return accept({ type: 'OrderSubmitted', data: { total: totalOf(lines), itemCount: itemCountOf(lines), currency } });
}

function isQuantity(quantity: number): boolean {
  return Number.isInteger(quantity) && quantity >= 1 && quantity <= maximumQuantity;
}

// Correct although the sum may be rounded: rounding never brings a number above 2^53 - 1 back below it.
function hasRoomFor(draft: DraftOrder, moreUnits: number, unitPrice: number): boolean {
  return totalOf(draft.lines) + moreUnits * unitPrice <= maximumTotal;
}
