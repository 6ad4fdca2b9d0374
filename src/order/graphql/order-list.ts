import type { GraphQLResolveInfo } from 'graphql';
import { waitForPosition } from '../../graphql/wait-for-position.ts';
import { builder } from '../../graphql/builder.ts';
import { badInput, limitExceeded } from '../../graphql/coded-error.ts';
import { SortDirection } from '../../graphql/common-types.ts';
import { type Connection, connection } from '../../graphql/connection.ts';
import type { Context } from '../../graphql/context.ts';
import type { Sort } from '../../graphql/cursor.ts';
import { checkedId } from '../../graphql/node.ts';
import { type PageArguments, pageArguments, pageRequest } from '../../graphql/page-arguments.ts';
import { selectedPageFields } from '../../graphql/selected-page-fields.ts';
import { searchedWords, searchLimits } from '../../graphql/search-input.ts';
import type { Position } from '../../event-store/position.ts';
import type { Found } from '../../projections/batched-read.ts';
import type { PageRequest } from '../../projections/page.ts';
import type { OrderFilter as Filter } from '../views/order-filter.ts';
import { type OrderList, type OrderPage, type OrderSort as SortColumn, readOrderPage } from '../views/read-orders.ts';
import type { OrderNode } from './find-order.ts';
import { OrderStatus } from './types.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    /** A page of a customer's orders. Equal pages of several customers are read in one batch. */
    readonly customerOrders: (customerId: string, request: CustomerOrdersRequest) => Promise<Found<OrderPage>>;
  }
}

interface CustomerOrdersRequest {
  readonly list: OrderList;
  readonly request: PageRequest;
}

const maximumIds = 100;

export const OrderFilter = builder.inputType('OrderFilter', {
  description: 'A filter for a list of orders. An order matches if it meets all given conditions.',
  fields: t => ({
    idIn: t.idList({ description: `Orders with one of these ids. At most ${maximumIds} ids.` }),
    statusIn: t.field({ type: [OrderStatus], description: 'Orders with one of these statuses.' }),
    customerId: t.id({ description: 'Orders of this customer.' }),
    productId: t.id({ description: 'Orders that have a line with this product.' }),
    reference: t.string({ description: 'Orders with exactly this reference.' }),
    currency: t.field({ type: 'CurrencyCode', description: 'Orders in this currency.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Orders that were created at this time or later.' }),
    createdTo: t.field({ type: 'DateTime', description: 'Orders that were created before this time.' }),
    search: t.string({
      description: `Orders with all of these words in order number, reference, customer name, product names or tracking number. The last word also matches as a prefix. ${searchLimits}`,
    }),
  }),
});

const OrderSortField = builder.enumType('OrderSortField', {
  description: 'The value by which a list of orders is sorted.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'The time at which the order was created.' },
    UPDATED_AT: { value: 'updatedAt', description: 'The time of the last change.' },
    TOTAL: {
      value: 'total',
      description: "The total as a number of its currency's smallest unit. Currencies are not converted.",
    },
  } as const,
});

const OrderSort = builder.inputType('OrderSort', {
  description: 'The sort order of a list of orders.',
  fields: t => ({
    field: t.field({ type: OrderSortField, required: true, description: 'The value to sort by.' }),
    direction: t.field({ type: SortDirection, required: true, description: 'Ascending or descending.' }),
  }),
});

const sorts: { readonly [Column in SortColumn]: Sort } = {
  createdAt: { name: 'order-created', value: 'date-time' },
  updatedAt: { name: 'order-updated', value: 'date-time' },
  total: { name: 'order-total', value: 'integer' },
};

/** The arguments of every list of orders. */
export const orderListArguments = builder.args(t => ({
  ...pageArguments,
  filter: t.field({ type: OrderFilter, description: 'The orders to include. By default all.' }),
  orderBy: t.field({
    type: OrderSort,
    defaultValue: { field: 'createdAt', direction: 'DESC' },
    description: 'The sort order. By default the newest orders come first.',
  }),
}));

export type FilterInput = typeof OrderFilter.$inferInput;

interface ListArguments extends PageArguments {
  readonly filter?: FilterInput | null | undefined;
  readonly orderBy?: typeof OrderSort.$inferInput | null | undefined;
}

/** A page of orders: all of them, or one customer's. */
export async function listOrders(
  context: Context,
  args: ListArguments,
  info: GraphQLResolveInfo,
  options: { customerId?: string; atLeast?: Position | undefined },
): Promise<Connection<OrderNode>> {
  const { customerId, atLeast } = options;
  const { field: sort, direction } = args.orderBy ?? { field: 'createdAt', direction: 'DESC' };
  const page = pageRequest(args, sorts[sort]);
  const request = { ...page, ...selectedPageFields(info, page, 'customer'), direction, atLeast };
  const list = { filter: orderFilter(args.filter), sort };
  const { dependencies } = context;
  const read = async (): Promise<OrderPage> => {
    if (customerId === undefined) return readOrderPage(dependencies.cachedSource, list, request);
    const { value } = await dependencies.customerOrders(customerId, { list, request });
    if (!value) throw new Error(`no page of the orders of ${customerId}`);
    return value;
  };
  const result = await waitForPosition(context, atLeast, read);
  // The fields below these orders have to reflect the same position.
  const rows: readonly OrderNode[] = atLeast ? result.rows.map(row => ({ ...row, atLeast })) : result.rows;
  return connection(context, { ...result, rows }, sorts[sort], ({ row }) => ({ value: row[sort], id: row.orderId }));
}

/**
 * @throws BAD_USER_INPUT if an id or the time range is invalid, LIMIT_EXCEEDED if there are too many ids or search
 * words
 */
export function orderFilter(input: FilterInput | null | undefined): Filter {
  const { idIn, statusIn, customerId, productId, reference, currency, createdFrom, createdTo, search } = input ?? {};
  if (idIn && idIn.length > maximumIds) throw limitExceeded(`\`idIn\` takes at most ${maximumIds} ids.`, maximumIds);
  if (createdFrom && createdTo && createdFrom > createdTo) {
    throw badInput('`createdFrom` has to be before `createdTo`.');
  }
  // No order has a reference that PostgreSQL can't store. Such a text must not make the statement fail.
  const byReference = reference?.includes('\0') === true ? { idIn: [] } : { reference: reference ?? undefined };
  return {
    idIn: idIn?.map(id => checkedId(id, 'ord')),
    statusIn: statusIn ?? undefined,
    customerId: customerId == null ? undefined : checkedId(customerId, 'cus'),
    productId: productId == null ? undefined : checkedId(productId, 'prd'),
    currency: currency ?? undefined,
    createdFrom: createdFrom?.toISOString(),
    createdTo: createdTo?.toISOString(),
    search: searchedWords(search),
    ...byReference,
  };
}
