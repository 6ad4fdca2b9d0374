import { codedError } from './coded-error.ts';
import {
  type Context,
  countsOf,
  maySee,
  newestPage,
  nodeOf,
  type OrderListArguments,
  orderPage,
  mayActAsStaff,
} from './nodes.ts';
import type { PageArguments } from './page.ts';
import type { Row, TypeName } from './rows.ts';
import { isFound } from './search.ts';

export type Resolve = (args: never, context: Context) => unknown;

interface WithId {
  readonly id: string;
}

/** The argument of all reads. */
interface Reading {
  readonly atLeast?: string | null;
}

type Searched = Reading & PageArguments & { readonly search?: string | null };

/** The fields of Query that the scripted server answers. */
export const queries: { readonly [Field in string]?: Resolve } = {
  node: ({ id }: WithId, context) => anyNode(context, id),
  nodes: ({ ids }: { ids: readonly string[] }, context) => ids.map(id => anyNode(context, id)),
  viewer: (_args, context) => ({
    ...context.viewer,
    customer: () => (context.viewer.role === 'CUSTOMER' ? anyNode(context, context.viewer.subject) : null),
  }),
  order: found('Order'),
  customer: found('Customer'),
  product: found('Product'),
  orderByNumber({ number, ...args }: { number: string; atLeast?: string | null }, context) {
    reflect(args, context);
    const plain = (text: string) => text.toUpperCase().replace(/[\s-]/g, '');
    const order = context.shop.all('Order').find(one => plain(one.number) === plain(number));
    return order ? visible(context, order) : null;
  },
  orders(args: Reading & OrderListArguments, context) {
    onlyStaff(context);
    reflect(args, context);
    return orderPage(context, args);
  },
  customers(args: Searched, context) {
    onlyStaff(context);
    reflect(args, context);
    const rows = context.shop.all('Customer').filter(({ name, email }) => isFound(args.search, [name, email]));
    return newestPage(context, 'customers', rows, args);
  },
  products(args: Searched, context) {
    reflect(args, context);
    const rows = context.shop.all('Product').filter(({ name, sku }) => isFound(args.search, [name, sku]));
    return newestPage(context, 'products', rows, args);
  },
  orderCounts(args: Reading & { customerId?: string | null }, context) {
    reflect(args, context);
    const customerId = countedCustomer(context, args.customerId);
    const isVisible = customerId === undefined || isVisibleCustomer(context, customerId);
    return isVisible ? countsNow(context, customerId) : null;
  },
};

/** @throws FORBIDDEN if the viewer is a customer */
export function onlyStaff({ viewer }: Context): void {
  if (!mayActAsStaff(viewer)) throw codedError('FORBIDDEN', 'Only staff may do this.');
}

/** The customer whose orders a viewer counts; undefined: all orders, which only staff may count. */
export function countedCustomer({ viewer }: Context, customerId: string | null | undefined): string | undefined {
  return customerId ?? (mayActAsStaff(viewer) ? undefined : viewer.subject);
}

/** The counts of all orders, or of one customer's. */
export function countsNow({ shop }: Context, customerId: string | undefined): object {
  const orders = shop.all('Order').filter(order => customerId === undefined || order.customerId === customerId);
  return { ...countsOf(orders), position: shop.log.position };
}

/** Whether a customer exists and the viewer may see them. Customers see themselves before they are registered. */
export function isVisibleCustomer({ shop, viewer }: Context, customerId: string): boolean {
  return mayActAsStaff(viewer) ? shop.find('Customer', customerId) !== undefined : customerId === viewer.subject;
}

/** The object, as its viewer may see it. */
export function visible({ shop, viewer }: Context, row: Row): object | null {
  return maySee(viewer, row) ? nodeOf(shop, row) : null;
}

function found(type: TypeName): Resolve {
  return ({ id, ...args }: WithId, context) => {
    reflect(args, context);
    const row = context.shop.find(type, id);
    return row ? visible(context, row) : null;
  };
}

function anyNode(context: Context, id: string): object | null {
  reflect({}, context);
  context.position = context.shop.log.position;
  const row = (['Order', 'Customer', 'Product'] as const).map(type => context.shop.find(type, id)).find(Boolean);
  return row ? visible(context, row) : null;
}

/** Answers reflect the newest state, so they have every position of this log. @throws STALE_POSITION */
function reflect(args: Reading, context: Context): void {
  const { log } = context.shop;
  const wanted = args.atLeast ?? context.atLeast;
  if (wanted !== undefined && !log.holds(wanted)) {
    throw codedError('STALE_POSITION', 'The position is of another log: drop it and try again without it.');
  }
}
