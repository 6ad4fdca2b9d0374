import type { GraphQLResolveInfo } from 'graphql';
import { waitForPosition } from '../../graphql/wait-for-position.ts';
import { builder } from '../../graphql/builder.ts';
import { badInput, limitExceeded } from '../../graphql/coded-error.ts';
import { SortDirection } from '../../graphql/common-types.ts';
import { type Connection, connection, type Unchanged } from '../../graphql/connection.ts';
import type { Context } from '../../graphql/context.ts';
import type { Sort } from '../../graphql/cursor.ts';
import { checkedId } from '../../graphql/node.ts';
import { type PageArguments, pageArguments, pageRequest } from '../../graphql/page-arguments.ts';
import { selectedPageFields } from '../../graphql/selected-page-fields.ts';
import { searchedWords, searchLimits } from '../../graphql/search-input.ts';
import type { Position } from '../../event-store/position.ts';
import type { Found } from '../../projections/batched-read.ts';
import type { PageRequest } from '../../projections/read-page.ts';
import type { OrderFilter as Filter } from '../views/order-filter.ts';
import {
  type openPlainOrderPages,
  type OrderList,
  type OrderPage,
  type OrderSort as SortColumn,
  readOrderPage,
} from '../views/read-orders.ts';
import type { OrderNode } from './find-order.ts';
import { OrderStatus } from './types.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    /** A page of a customer's orders, read together with the same page of others'. */
    readonly customerOrders: (customerId: string, asked: AskedOrders) => Promise<Found<OrderPage>>;
    /** A page of a list as most are asked for; undefined for another one. */
    readonly plainOrders: ReturnType<typeof openPlainOrderPages>;
  }
}

interface AskedOrders {
  readonly list: OrderList;
  readonly request: PageRequest;
}

const maximumIds = 100;

export const OrderFilter = builder.inputType('OrderFilter', {
  description: 'What a list of orders is cut down to; every part that is given must hold.',
  fields: t => ({
    idIn: t.idList({ description: `At most ${maximumIds}.` }),
    statusIn: t.field({ type: [OrderStatus], description: 'In one of these states.' }),
    customerId: t.id({ description: 'Of this customer.' }),
    productId: t.id({ description: 'With a line of this product.' }),
    reference: t.string({ description: 'Exact.' }),
    currency: t.field({ type: 'CurrencyCode', description: 'In this currency.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Created then or later.' }),
    createdTo: t.field({ type: 'DateTime', description: 'Exclusive.' }),
    search: t.string({
      description: `Words in order number, reference, customer name, product names or tracking number; last word matches as a prefix. ${searchLimits}`,
    }),
  }),
});

const OrderSortField = builder.enumType('OrderSortField', {
  description: 'What a list of orders can be sorted by.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'When the order was created.' },
    UPDATED_AT: { value: 'updatedAt', description: 'When it last changed.' },
    TOTAL: { value: 'total', description: "Its total in its currency's smallest unit, whatever the currency." },
  } as const,
});

const OrderSort = builder.inputType('OrderSort', {
  description: 'How a list of orders is sorted.',
  fields: t => ({
    field: t.field({ type: OrderSortField, required: true, description: 'By what.' }),
    direction: t.field({ type: SortDirection, required: true, description: 'Which end comes first.' }),
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
  filter: t.field({ type: OrderFilter, description: 'Only these.' }),
  orderBy: t.field({
    type: OrderSort,
    defaultValue: { field: 'createdAt', direction: 'DESC' },
    description: 'Newest first where left out.',
  }),
}));

type FilterInput = typeof OrderFilter.$inferInput;

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
  const { count, otherSide, ofNodes } = selectedPageFields(info, page);
  const request = { ...page, count, otherSide, joined: ofNodes.has('customer'), direction, atLeast };
  const list = { customerId, filter: orderFilter(args.filter), sort };
  const { dependencies: parts } = context;
  const read = async (): Promise<OrderPage & Unchanged> => {
    const plain = parts.plainOrders(list, request);
    if (plain) return plain;
    if (customerId === undefined) return readOrderPage(parts.source, list, request);
    const { value } = await parts.customerOrders(customerId, { list: { filter: list.filter, sort }, request });
    if (!value) throw new Error(`no page of the orders of ${customerId}`);
    return value;
  };
  const answer = await waitForPosition(context, atLeast, read);
  // What stands below these orders has to reflect the same position.
  const rows: readonly OrderNode[] = atLeast ? answer.rows.map(row => ({ ...row, atLeast })) : answer.rows;
  return connection(context, { ...answer, rows }, sorts[sort], ({ row }) => ({ value: row[sort], id: row.orderId }));
}

/** @throws BAD_USER_INPUT, LIMIT_EXCEEDED */
export function orderFilter(input: FilterInput | null | undefined): Filter {
  const { idIn, statusIn, customerId, productId, reference, currency, createdFrom, createdTo, search } = input ?? {};
  if (idIn && idIn.length > maximumIds) throw limitExceeded(`\`idIn\` takes at most ${maximumIds} ids.`, maximumIds);
  if (createdFrom && createdTo && createdFrom > createdTo) {
    throw badInput('`createdFrom` has to be before `createdTo`.');
  }
  // What PostgreSQL can't take as text, no order has: it must not fail the statement.
  const found = reference?.includes('\0') === true ? { idIn: [] } : { reference: reference ?? undefined };
  return {
    idIn: idIn?.map(id => checkedId(id, 'ord')),
    statusIn: statusIn ?? undefined,
    customerId: customerId == null ? undefined : checkedId(customerId, 'cus'),
    productId: productId == null ? undefined : checkedId(productId, 'prd'),
    currency: currency ?? undefined,
    createdFrom: createdFrom?.toISOString(),
    createdTo: createdTo?.toISOString(),
    search: searchedWords(search),
    ...found,
  };
}
