import {
  type CustomerRow,
  type GivenCustomer,
  type GivenOrder,
  type GivenProduct,
  type LineRow,
  type OrderRow,
  type OrderStatus,
  orderStatuses,
  type ProductRow,
} from './rows.ts';

/** A row without its place in the log. */
type Complete<One> = Omit<One, 'position'>;

interface Start {
  readonly id: string;
  /** The time of its creation, unless one is given. */
  readonly at: string;
}

export function completeCustomer(given: GivenCustomer, { id, at }: Start): Complete<CustomerRow> {
  const createdAt = given.createdAt ?? at;
  return {
    __typename: 'Customer',
    id,
    createdAt,
    updatedAt: createdAt,
    erasedAt: null,
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    version: 1,
    ...given,
  };
}

export function completeProduct(given: GivenProduct, { id, at }: Start): Complete<ProductRow> {
  const createdAt = given.createdAt ?? at;
  return {
    __typename: 'Product',
    id,
    createdAt,
    updatedAt: createdAt,
    sku: `SKU-${Number.parseInt(id.slice(-12), 16) || id}`,
    name: 'Green tea',
    price: 1250,
    currency: 'EUR',
    available: true,
    version: 1,
    ...given,
  };
}

export function completeOrder(
  given: GivenOrder,
  start: Start & { readonly customer: CustomerRow; readonly number: number },
  parts: { readonly productFor: (id: string | undefined) => ProductRow; readonly newId: () => string },
): Complete<OrderRow> {
  const { id, at, customer, number } = start;
  const createdAt = given.createdAt ?? at;
  const { lines: givenLines = [{}], ...others } = given;
  const products = givenLines.map(({ productId }) => parts.productFor(productId));
  const lines = givenLines.map((line, index): LineRow => {
    const { id: productId, sku, name: productName, price: unitPrice } = products[index] as ProductRow;
    return { id: line.id ?? parts.newId(), productId, sku, productName, quantity: 1, unitPrice, ...line };
  });
  const status = given.status ?? 'DRAFT';
  return {
    __typename: 'Order',
    id,
    number: digits(number),
    reference: null,
    customerId: customer.id,
    currency: products[0]?.currency ?? null,
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
    // Of its creation, of each line, and of each status after the first.
    version: 1 + lines.length + (status === 'CANCELLED' ? 1 : orderStatuses.indexOf(status)),
    ...pastFields(status, createdAt),
    ...others,
    status,
    lines,
  };
}

function digits(number: number): string {
  const text = String(number).padStart(8, '0');
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}

/** What an order of this status has from its earlier ones. */
function pastFields(status: OrderStatus, at: string): Partial<OrderRow> {
  const past = status === 'CANCELLED' ? [status] : orderStatuses.slice(0, orderStatuses.indexOf(status) + 1);
  return Object.assign({}, ...past.map(one => statusFields(one, at))) as Partial<OrderRow>;
}

/** What changes with the status of an order. */
export function statusFields(status: OrderStatus, at: string, order?: OrderRow): Partial<OrderRow> {
  switch (status) {
    case 'DRAFT':
      return { status };
    case 'SUBMITTED':
      return { status, submittedAt: at };
    case 'CONFIRMED':
      return { status, confirmedAt: at };
    case 'SHIPPED':
      return { status, shippedAt: at, carrier: order?.carrier ?? 'DHL' };
    case 'DELIVERED':
      return { status, deliveredAt: at };
    case 'CANCELLED':
      return { status, cancelledAt: at, cancellationReason: order?.cancellationReason ?? 'No longer needed' };
  }
}
