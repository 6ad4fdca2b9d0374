import { codedError } from './coded-error.ts';
import { matches, type OrderFilter } from './order-filter.ts';
import { pageOf, type PageArguments } from './page.ts';
import { type CustomerRow, type LineRow, type OrderRow, orderStatuses, type ProductRow, type Row } from './rows.ts';
import type { Shop } from './shop.ts';

export interface Viewer {
  readonly subject: string;
  readonly role: 'STAFF' | 'CUSTOMER' | 'OPERATOR';
}

/** What the fields of one operation share. */
export interface Context {
  readonly shop: Shop;
  readonly viewer: Viewer;
  /** A position that the answer has to reflect, from a header or the extensions of the operation. */
  readonly atLeast: string | undefined;
  /** What the answer reports as `extensions.position`. */
  position?: string | undefined;
}

/** Whether a viewer may do what staff may: operators may, too. */
export function mayActAsStaff({ role }: Viewer): boolean {
  return role !== 'CUSTOMER';
}

/** Whether a viewer may see an object. */
export function maySee(viewer: Viewer, row: Row): boolean {
  if (mayActAsStaff(viewer) || row.__typename === 'Product') return true;
  return viewer.subject === (row.__typename === 'Order' ? row.customerId : row.id);
}

/** The source of a type that implements Node, for graphql-js' default resolvers. */
export function nodeOf(shop: Shop, row: Row): object {
  switch (row.__typename) {
    case 'Order':
      return orderNode(shop, row);
    case 'Customer':
      return customerNode(shop, row);
    case 'Product':
      return { ...row, price: money(row.price, row.currency) };
  }
}

function orderNode(shop: Shop, order: OrderRow): object {
  const currency = order.currency ?? 'XXX';
  const { carrier, trackingNumber } = order;
  return {
    ...order,
    customer: () => nodeOf(shop, shop.row(order.customerId)),
    lines: order.lines.map(line => lineNode(shop, line, currency)),
    itemCount: order.lines.reduce((count, { quantity }) => count + quantity, 0),
    total: money(totalOf(order), currency),
    shipment: carrier === null ? null : { carrier, trackingNumber },
    availableActions: (_args: unknown, { viewer }: Context) => availableActions(order, viewer),
    history: () => {
      throw codedError('INTERNAL', 'The scripted server keeps no events: it does not answer `history`.');
    },
  };
}

function lineNode(shop: Shop, line: LineRow, currency: string): object {
  return {
    ...line,
    product: () => {
      const product = shop.find('Product', line.productId);
      return product ? nodeOf(shop, product) : null;
    },
    unitPrice: money(line.unitPrice, currency),
    subtotal: money(line.quantity * line.unitPrice, currency),
  };
}

function customerNode(shop: Shop, customer: CustomerRow): object {
  return {
    ...customer,
    orders: (args: OrderListArguments, context: Context) => orderPage(context, args, customer.id),
    orderTotals: () => {
      const orders = shop.all('Order').filter(({ customerId }) => customerId === customer.id);
      const sold = orders.filter(({ submittedAt, cancelledAt }) => submittedAt !== null && cancelledAt === null);
      const currencies = [...new Set(sold.map(({ currency }) => currency ?? 'XXX'))].sort();
      const times = orders.flatMap(({ submittedAt }) => submittedAt ?? []);
      return {
        ...countsOf(orders),
        totalSpent: currencies.map(currency =>
          money(
            sold.filter(order => order.currency === currency).reduce((sum, order) => sum + totalOf(order), 0),
            currency,
          ),
        ),
        lastOrderAt: times.sort().at(-1) ?? null,
      };
    },
  };
}

export interface OrderListArguments extends PageArguments {
  readonly filter?: OrderFilter | null;
  readonly orderBy?: {
    readonly field: 'CREATED_AT' | 'UPDATED_AT' | 'TOTAL';
    readonly direction: 'ASC' | 'DESC';
  } | null;
}

const sorts = {
  CREATED_AT: { name: 'order-created', value: ({ createdAt }: OrderRow) => createdAt },
  UPDATED_AT: { name: 'order-updated', value: ({ updatedAt }: OrderRow) => updatedAt },
  TOTAL: { name: 'order-total', value: (order: OrderRow) => totalOf(order) },
};

/** A page of all orders, or of one customer's. */
export function orderPage({ shop }: Context, args: OrderListArguments, customerId?: string): object {
  const { field, direction } = args.orderBy ?? { field: 'CREATED_AT', direction: 'DESC' };
  const rows = shop
    .all('Order')
    .filter(order => customerId === undefined || order.customerId === customerId)
    .filter(order => matches(order, args.filter, customerNameOf(shop, order)));
  return pageOf(rows, args, {
    sort: { ...sorts[field], isDescending: direction === 'DESC' },
    nodeOf: row => nodeOf(shop, row),
    position: shop.log.position,
  });
}

/** A page of customers or products, the newest first. @param name of the list, in its cursors */
export function newestPage(
  { shop }: Context,
  name: 'customers' | 'products',
  rows: readonly (CustomerRow | ProductRow)[],
  args: PageArguments,
): object {
  return pageOf(rows, args, {
    sort: { name, value: ({ createdAt }) => createdAt, isDescending: true },
    nodeOf: row => nodeOf(shop, row),
    position: shop.log.position,
  });
}

export function customerNameOf(shop: Shop, { customerId }: OrderRow): string {
  return shop.find('Customer', customerId)?.name ?? '';
}

export function countsOf(orders: readonly OrderRow[]) {
  const byStatus = orderStatuses.map(status => ({
    status,
    count: orders.filter(order => order.status === status).length,
  }));
  const open = byStatus.filter(({ status }) => ['SUBMITTED', 'CONFIRMED', 'SHIPPED'].includes(status));
  return { orderCount: orders.length, openOrderCount: open.reduce((sum, { count }) => sum + count, 0), byStatus };
}

export function totalOf({ lines }: Pick<OrderRow, 'lines'>): number {
  return lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);
}

function money(minorUnits: number, currency: string): object {
  const decimals = decimalsOf(currency);
  return { amount: (minorUnits / 10 ** decimals).toFixed(decimals), minorUnits, currency };
}

/** The number of decimals of a currency. */
export function decimalsOf(currency: string): number {
  if (currency === 'XXX') return 0;
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

const actions: { readonly [Status in OrderRow['status']]: readonly string[] } = {
  DRAFT: ['ADD_ITEM', 'REMOVE_ITEM', 'CHANGE_QUANTITY', 'SUBMIT', 'CANCEL'],
  SUBMITTED: ['CONFIRM', 'CANCEL'],
  CONFIRMED: ['SHIP', 'CANCEL'],
  SHIPPED: ['DELIVER'],
  DELIVERED: [],
  CANCELLED: [],
};

function availableActions({ status, lines }: OrderRow, viewer: Viewer): readonly string[] {
  const possible = status === 'DRAFT' && lines.length === 0 ? ['ADD_ITEM', 'CANCEL'] : actions[status];
  if (mayActAsStaff(viewer)) return possible;
  return possible.filter(action => !['CONFIRM', 'SHIP', 'DELIVER'].includes(action));
}
