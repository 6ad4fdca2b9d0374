import { type Accepted, type Command, textIssues } from './command.ts';
import { codedError } from './coded-error.ts';
import { statusFields } from './complete.ts';
import type { Context } from './nodes.ts';
import type { Refusal, RejectionReason } from './refusals.ts';
import type { LineRow, OrderRow, OrderStatus } from './rows.ts';
import type { Draft } from './shop.ts';

const mostLines = 500;
const mostUnits = 10_000;

interface Item {
  readonly productId: string;
  readonly quantity: number;
  readonly lineId?: string | null;
}

interface NewOrder {
  readonly orderId?: string | null;
  readonly customerId?: string | null;
  readonly currency?: string | null;
  readonly items?: readonly Item[] | null;
  readonly reference?: string | null;
}

type Decide<Given> = (order: OrderRow, input: Given, context: Context) => Accepted | Refusal;

/** The commands of an order. */
export const orderCommands: { readonly [Name in string]?: Command } = {
  createOrder: {
    type: 'Order',
    creates: true,
    issuesOf: ({ reference }: NewOrder) => textIssues('reference', reference, 100),
    decide: create,
  },
  addOrderItem: onOrder('DRAFT', 'ORDER_NOT_DRAFT', (order, item: Item, context) => {
    if (!isQuantity(item.quantity)) return outOfRange(['input']);
    const added = withItem(order, item, context, ['input']);
    return 'lines' in added ? next(added) : added;
  }),
  removeOrderItem: onOrder('DRAFT', 'ORDER_NOT_DRAFT', (order, { lineId }: { lineId: string }) => {
    const lines = order.lines.filter(({ id }) => id !== lineId);
    return lines.length < order.lines.length ? next({ ...order, lines }) : noLine;
  }),
  changeOrderItemQuantity: onOrder(
    'DRAFT',
    'ORDER_NOT_DRAFT',
    (order, { lineId, quantity }: { lineId: string; quantity: number }) => {
      if (!isQuantity(quantity)) return outOfRange(['input']);
      if (!order.lines.some(({ id }) => id === lineId)) return noLine;
      return next({ ...order, lines: order.lines.map(line => (line.id === lineId ? { ...line, quantity } : line)) });
    },
  ),
  submitOrder: onOrder('DRAFT', 'ORDER_NOT_DRAFT', order =>
    order.lines.length === 0 ? { reason: 'ORDER_EMPTY' } : inStatus(order, 'SUBMITTED'),
  ),
  confirmOrder: forStaff(onOrder('SUBMITTED', 'ORDER_NOT_SUBMITTED', order => inStatus(order, 'CONFIRMED'))),
  shipOrder: forStaff({
    ...onOrder(
      'CONFIRMED',
      'ORDER_NOT_CONFIRMED',
      (order, { carrier, trackingNumber }: { carrier: string; trackingNumber?: string | null }) =>
        inStatus(order, 'SHIPPED', { carrier, trackingNumber: trackingNumber ?? null }),
    ),
    issuesOf: ({ carrier, trackingNumber }: { carrier: string; trackingNumber?: string | null }) => [
      ...textIssues('carrier', carrier, 100),
      ...textIssues('trackingNumber', trackingNumber, 100),
    ],
  }),
  deliverOrder: forStaff(onOrder('SHIPPED', 'ORDER_NOT_SHIPPED', order => inStatus(order, 'DELIVERED'))),
  cancelOrder: {
    type: 'Order',
    issuesOf: ({ reason }: { reason: string }) => textIssues('reason', reason, 500),
    decide({ reason }: { reason: string }, _context, order: OrderRow) {
      if (order.status === 'CANCELLED') return { reason: 'ORDER_CANCELLED' };
      if (order.status === 'SHIPPED' || order.status === 'DELIVERED') return { reason: 'ORDER_ALREADY_SHIPPED' };
      return inStatus(order, 'CANCELLED', { cancellationReason: reason });
    },
  },
};

const noLine: Refusal = { reason: 'LINE_NOT_FOUND', path: ['input', 'lineId'] };

/** A command that an order takes in one status; in any other one it is refused for this reason. */
function onOrder<Given>(status: OrderStatus, reason: RejectionReason, decide: Decide<Given>): Command {
  return {
    type: 'Order',
    decide(input: Given, context: Context, order: OrderRow) {
      if (order.status === 'CANCELLED') return { reason: 'ORDER_CANCELLED' };
      return order.status === status ? decide(order, input, context) : { reason };
    },
  };
}

function forStaff(command: Command): Command {
  return { ...command, isForStaff: true };
}

function next(draft: Draft<OrderRow>): Accepted {
  return { draft: { ...draft, updatedAt: new Date().toISOString() } };
}

function inStatus(order: OrderRow, status: OrderStatus, fields: Partial<OrderRow> = {}): Accepted {
  return next({ ...order, ...statusFields(status, new Date().toISOString(), order), ...fields });
}

function isQuantity(quantity: number): boolean {
  return quantity >= 1 && quantity <= mostUnits;
}

function outOfRange(path: readonly string[]): Refusal {
  return { reason: 'QUANTITY_OUT_OF_RANGE', path: [...path, 'quantity'] };
}

function create(input: NewOrder, context: Context, existing: OrderRow | undefined): Accepted | Refusal {
  const { shop, viewer } = context;
  const { items, reference } = input;
  if (viewer.role === 'CUSTOMER' && input.customerId != null && input.customerId !== viewer.subject) {
    throw codedError('FORBIDDEN', 'Customers can order only for themselves.');
  }
  const customerId = viewer.role === 'CUSTOMER' ? viewer.subject : input.customerId;
  if (customerId == null) {
    return { issues: [{ path: ['input', 'customerId'], message: 'customerId is required for staff.' }] };
  }
  if (existing) return { reason: 'ORDER_ALREADY_EXISTS' };
  if (items && items.length > mostLines) return { reason: 'TOO_MANY_LINES', path: ['input', 'items'] };
  const wrong = items?.findIndex(({ quantity }) => !isQuantity(quantity)) ?? -1;
  if (wrong >= 0) return outOfRange(['input', 'items', String(wrong)]);
  if (!shop.find('Customer', customerId)) return { reason: 'CUSTOMER_NOT_FOUND', path: ['input', 'customerId'] };
  const id = input.orderId == null ? {} : { id: input.orderId };
  const { currency = null } = input;
  let draft: Draft<OrderRow> = shop.newOrder({ ...id, customerId, currency, reference: reference ?? null, lines: [] });
  for (const [index, item] of (items ?? []).entries()) {
    const added = withItem(draft, item, context, ['input', 'items', String(index)]);
    if (!('lines' in added)) return added;
    draft = added;
  }
  return { draft, changes: 1 + (items?.length ?? 0) };
}

/** The draft with one more item. A line of the same product and price takes it in. */
function withItem(
  draft: Draft<OrderRow>,
  item: Item,
  { shop }: Context,
  path: readonly string[],
): Draft<OrderRow> | Refusal {
  const product = shop.find('Product', item.productId);
  const productPath = [...path, 'productId'];
  if (!product) return { reason: 'PRODUCT_NOT_FOUND', path: productPath };
  if (!product.available) return { reason: 'PRODUCT_UNAVAILABLE', path: productPath };
  const currency = draft.currency ?? product.currency;
  if (currency !== product.currency) return { reason: 'CURRENCY_MISMATCH', path: productPath };
  const { id: productId, price: unitPrice, sku, name: productName } = product;
  const same = draft.lines.find(line => line.productId === productId && line.unitPrice === unitPrice);
  const sameId = draft.lines.find(({ id }) => id === item.lineId);
  if (sameId && sameId !== same) return { reason: 'LINE_ALREADY_EXISTS', path: [...path, 'lineId'] };
  if (!same && draft.lines.length >= mostLines) return { reason: 'TOO_MANY_LINES', path };
  const quantity = (same?.quantity ?? 0) + item.quantity;
  if (!isQuantity(quantity)) return outOfRange(path);
  const line: LineRow = { id: item.lineId ?? shop.newId('lin'), productId, sku, productName, quantity, unitPrice };
  const lines = same ? draft.lines.map(one => (one === same ? { ...same, quantity } : one)) : [...draft.lines, line];
  return { ...draft, currency, lines };
}
