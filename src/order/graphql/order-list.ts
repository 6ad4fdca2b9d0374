import { readAtLeast } from '../../graphql/at-least.ts';
import { builder } from '../../graphql/builder.ts';
import { badInput, limitExceeded } from '../../graphql/coded-error.ts';
import { SortDirection } from '../../graphql/common-types.ts';
import { type Connection, connection } from '../../graphql/connection.ts';
import type { Context } from '../../graphql/context.ts';
import type { Sort } from '../../graphql/cursor.ts';
import { checkedId } from '../../graphql/node.ts';
import { type PageArguments, pageArguments, pageRequest } from '../../graphql/page-arguments.ts';
import { searchedWords, searchLimits } from '../../graphql/search-input.ts';
import type { Position } from '../../event-store/position.ts';
import type { OrderFilter as Filter } from '../views/order-filter.ts';
import { type OrderSort as SortColumn, readOrderPage } from '../views/read-orders.ts';
import type { OrderNode } from './find-order.ts';
import { OrderStatus } from './types.ts';

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
  options: { customerId?: string; atLeast?: Position | undefined; count: boolean },
): Promise<Connection<OrderNode>> {
  const { customerId, atLeast, count } = options;
  const { field: sort, direction } = args.orderBy ?? { field: 'createdAt', direction: 'DESC' };
  const request = { ...pageRequest(args, sorts[sort]), direction, count, atLeast };
  const filter = orderFilter(args.filter);
  const page = await readAtLeast(context, atLeast, () =>
    readOrderPage(context.parts.source, { customerId, filter, sort }, request),
  );
  const rows: readonly OrderNode[] = atLeast ? page.rows.map(row => ({ ...row, atLeast })) : page.rows;
  return connection(context, { ...page, rows }, sorts[sort], ({ row }) => ({ value: row[sort], id: row.orderId }));
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
