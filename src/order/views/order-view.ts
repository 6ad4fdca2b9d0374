import type { RecordedEvent } from '../../event-store/recorded-event.ts';
import { wordsOf } from '../../projections/search-words.ts';
import { erased, timeOf, type View } from '../../projections/view.ts';
import type { OrderEvent } from '../domain/events.ts';
import { itemCountOf, totalOf } from '../domain/lines.ts';
import type { OrderStatus } from '../domain/order.ts';

/**
 * A line, with the product as it was when the line was added. Money is in the smallest unit of the order's currency.
 */
export interface OrderRowLine {
  readonly lineId: string;
  readonly productId: string;
  readonly sku: string;
  readonly productName: string;
  readonly quantity: number;
  readonly unitPrice: number;
}

/** One order with all data that is displayed. Times are RFC 3339. */
export interface OrderRow {
  readonly orderId: string;
  readonly number: string;
  readonly reference: string | null;
  readonly customerId: string;
  readonly status: OrderStatus;
  readonly currency: string | null;
  readonly lines: readonly OrderRowLine[];
  readonly productIds: readonly string[];
  readonly itemCount: number;
  readonly total: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly submittedAt: string | null;
  readonly confirmedAt: string | null;
  readonly shippedAt: string | null;
  readonly deliveredAt: string | null;
  readonly cancelledAt: string | null;
  readonly cancellationReason: string | null;
  readonly carrier: string | null;
  readonly trackingNumber: string | null;
  readonly version: number;
  readonly position: number;
  readonly hash: string;
}

export const orderView: View<OrderRow> = {
  name: 'order_view',
  streamType: 'order',
  key: 'orderId',
  columns: {
    orderId: 'text',
    number: 'text',
    reference: 'text',
    customerId: 'text',
    status: 'text',
    currency: 'text',
    lines: 'jsonb',
    productIds: 'text[]',
    itemCount: 'integer',
    total: 'bigint',
    createdAt: 'timestamptz',
    updatedAt: 'timestamptz',
    submittedAt: 'timestamptz',
    confirmedAt: 'timestamptz',
    shippedAt: 'timestamptz',
    deliveredAt: 'timestamptz',
    cancelledAt: 'timestamptz',
    cancellationReason: 'text',
    carrier: 'text',
    trackingNumber: 'text',
    version: 'integer',
    position: 'bigint',
    hash: 'text',
  },
  search: orderWords,
  fold: foldOrder,
};

/**
 * The words by which a search finds an order in its own row. The name of the customer is only in the customer's row.
 */
export function orderWords({ number, reference, trackingNumber, lines }: OrderRow): string[] {
  // People also type the number without its dash.
  const words = [number.replace('-', ''), number, reference, trackingNumber].flatMap(wordsOf);
  for (const name of new Set(lines.map(line => line.productName))) words.push(...wordsOfProduct(name));
  return words;
}

/**
 * The words of product names. Catalogue names repeat in many lines, so they are cached; at `maxCachedNames` the cache
 * is cleared.
 */
const productWords = new Map<string, readonly string[]>();
const maxCachedNames = 10_000;

function wordsOfProduct(name: string): readonly string[] {
  const known = productWords.get(name);
  if (known) return known;
  if (productWords.size >= maxCachedNames) productWords.clear();
  const words = wordsOf(name);
  productWords.set(name, words);
  return words;
}

/** The row after one more event of its stream. */
export function foldOrder(row: OrderRow | undefined, recorded: RecordedEvent): OrderRow {
  const { streamId, version, position, hash } = recorded;
  const at = timeOf(recorded, row?.updatedAt);
  const before = row ?? emptyRow(streamId, at);
  const changes = changesOf(before, recorded as RecordedEvent & OrderEvent, at);
  return { ...before, ...changes, updatedAt: at, version, position, hash };
}

function changesOf(row: OrderRow, event: RecordedEvent & OrderEvent, at: string): Partial<OrderRow> {
  switch (event.type) {
    case 'OrderCreated': {
      const { customerId, currency, number = '' } = event.data;
      return { customerId, currency, number, reference: event.personal?.reference ?? null };
    }
    case 'OrderItemAdded': {
      const { currency, ...line } = event.data;
      return { currency: row.currency ?? currency, ...withLines([...row.lines, line]) };
    }
    case 'OrderItemQuantityChanged': {
      const { lineId, quantity } = event.data;
      return withLines(row.lines.map(line => (line.lineId === lineId ? { ...line, quantity } : line)));
    }
    case 'OrderItemRemoved':
      return withLines(row.lines.filter(line => line.lineId !== event.data.lineId));
    case 'OrderSubmitted':
      return { status: 'SUBMITTED', submittedAt: at };
    case 'OrderConfirmed':
      return { status: 'CONFIRMED', confirmedAt: at };
    case 'OrderShipped': {
      const trackingNumber = event.personal?.trackingNumber ?? null;
      return { status: 'SHIPPED', shippedAt: at, carrier: event.data.carrier, trackingNumber };
    }
    case 'OrderDelivered':
      return { status: 'DELIVERED', deliveredAt: at };
    case 'OrderCancelled':
      return { status: 'CANCELLED', cancelledAt: at, cancellationReason: event.personal?.reason ?? erased };
    case 'OrderErased':
      // The fold of the order's other events gives the same result once their personal data can't be decrypted any
      // more.
      return {
        reference: null,
        trackingNumber: null,
        cancellationReason: row.status === 'CANCELLED' ? erased : null,
      };
  }
}

function withLines(lines: readonly OrderRowLine[]): Partial<OrderRow> {
  const productIds = [...new Set(lines.map(line => line.productId))];
  return { lines, productIds, itemCount: itemCountOf(lines), total: totalOf(lines) };
}

function emptyRow(orderId: string, createdAt: string): OrderRow {
  return {
    orderId,
    number: '',
    reference: null,
    customerId: '',
    status: 'DRAFT',
    currency: null,
    lines: [],
    productIds: [],
    itemCount: 0,
    total: 0,
    createdAt,
    updatedAt: createdAt,
    submittedAt: null,
    confirmedAt: null,
    shippedAt: null,
    deliveredAt: null,
    cancelledAt: null,
    cancellationReason: null,
    carrier: null,
    trackingNumber: null,
    version: 0,
    position: 0,
    hash: '',
  };
}
