import type { Position } from '../../event-store/position.ts';
import { type CustomerRow, customerView } from '../../customer/views/customer-view.ts';
import { Prisma } from '../../generated/prisma/client.ts';
import { type Join, openReadEntities, readEntities, type ReadSource } from '../../projections/read-entities.ts';
import {
  type Listing,
  type Page,
  type PageRequest,
  parentId,
  readPage,
  readPages,
} from '../../projections/read-page.ts';
import {
  openPlainPages,
  type PlainFilter,
  type PlainList,
  type PlainPage,
} from '../../projections/read-plain-pages.ts';
import { customerOrderView } from './customer-order-view.ts';
import { orderFilters, type OrderFilter, statusAlternatives, statusFilter } from './order-filter.ts';
import { orderSearch, orderSearchFilters } from './order-search.ts';
import { type OrderRow, orderView } from './order-view.ts';

/** The row of an order, and its customer in their current state. */
export interface OrderWithCustomer {
  readonly row: OrderRow;
  readonly joined: CustomerRow | undefined;
}

/** The value by which a list of orders is sorted. */
export type OrderSort = 'createdAt' | 'updatedAt' | 'total';

const withCustomer: Join<OrderRow, CustomerRow> = { view: customerView, by: 'customerId' };

/** Orders by id, each with its customer, in their state at the end of the log, projected or not; see readEntities(). */
export const readOrders = openReadEntities(orderView, withCustomer);

/** The same without the customer, which takes two thirds of the time. */
export const readOrdersAlone = openReadEntities<OrderRow, CustomerRow>(orderView);

/** The order with this number. If it is not projected yet, it is found among the events after the checkpoint. */
export async function readOrderByNumber(
  source: ReadSource,
  number: string,
  atLeast?: Position,
): Promise<{ position: Position; found: OrderWithCustomer | undefined; parkedAt: number | undefined }> {
  const wanted = Prisma.sql`LATERAL (
    SELECT o.order_id FROM order_view o WHERE o.generation = c.generation AND o.number = ${number}
    UNION
    SELECT e.stream_id FROM events e
    WHERE e.position > c.position AND e.type = 'OrderCreated' AND e.data->>'number' = ${number})`;
  const { position, rows, parked } = await readEntities(source, orderView, wanted, { atLeast, join: withCustomer });
  return { position, found: [...rows.values()][0], parkedAt: [...parked.values()][0] };
}

/** A list of orders: its filter and its sort order. */
export interface OrderList {
  /** Only the orders of this customer. */
  readonly customerId?: string | undefined;
  readonly filter: OrderFilter;
  readonly sort: OrderSort;
}

/** The list whose plain pages are read: orders by time of creation, of all customers and statuses, or of one. */
const plainOrders: PlainList<OrderRow, CustomerRow> = {
  view: orderView,
  sort: 'createdAt',
  filterColumns: ['status', 'customerId'],
  join: withCustomer,
};

/** The filter of a plain list (`one` is undefined for all orders); undefined if the list is not plain. */
function plainFilter({ customerId, filter, sort }: OrderList): { one: PlainFilter | undefined } | undefined {
  const conditions = Object.entries({ ofCustomer: customerId, ...filter }).filter(([, value]) => value !== undefined);
  if (sort !== 'createdAt' || conditions.length > 1) return undefined;
  const [[name, value] = []] = conditions as [string, unknown][];
  if (name === undefined) return { one: undefined };
  if (name === 'ofCustomer' || name === 'customerId') return { one: { column: 'customerId', value: value as string } };
  const [status, secondStatus] = name === 'statusIn' ? (value as readonly string[]) : [];
  if (status === undefined || secondStatus !== undefined) return undefined;
  return { one: { column: 'status', value: status } };
}

/**
 * Opens the reader for plain pages of orders; see openPlainPages().
 * @returns a function that returns undefined if the list or the request is not plain; then use readOrderPage()
 */
export function openPlainOrderPages(
  source: ReadSource,
): (list: OrderList, request: PageRequest) => Promise<PlainPage<OrderRow, CustomerRow>> | undefined {
  const read = openPlainPages(source, plainOrders);
  return (list, request) => {
    const filter = plainFilter(list);
    return filter && read(filter.one, request);
  };
}

/** A page of orders, each with its customer. */
export type OrderPage = Page<OrderRow, CustomerRow>;

/** A page of all orders, or of the orders of one customer. */
export async function readOrderPage(source: ReadSource, list: OrderList, request: PageRequest): Promise<OrderPage> {
  const owner = list.customerId ?? list.filter.customerId;
  if (owner === undefined) return readPage(source, listingOfAll(list), request);
  const { filters, ...listing } = listingOfCustomer(list, Prisma.sql`${owner}`);
  const owned = { ...listing, filters: [Prisma.sql`l.customer_id = ${owner}`, ...filters] };
  return readPage(source, isRare(list.filter) ? { ...owned, gathered: gatheredAtOnce } : owned, request);
}

/** The same page of the orders of several customers, from one statement. */
export async function readCustomersOrderPages(
  source: ReadSource,
  customerIds: readonly string[],
  list: Omit<OrderList, 'customerId'>,
  request: PageRequest,
): Promise<{ position: Position; rows: ReadonlyMap<string, OrderPage> }> {
  const [first, ...others] = customerIds;
  if (first !== undefined && others.length === 0) {
    // For a single customer the planner can estimate the number of orders.
    const page = await readOrderPage(source, { ...list, customerId: first }, request);
    return { position: page.position, rows: new Map([[first, page]]) };
  }
  const listing = listingOfCustomer(list, parentId);
  return readPages(source, listing, { column: 'customerId', ids: customerIds }, request);
}

type OrderListing = Listing<OrderRow, CustomerRow>;

/** Collects all matching orders and sorts them: these filters are expected to match few orders. */
const gatheredAtOnce = { by: [Prisma.sql`true`], isAll: Prisma.sql`true` };

function listingOfAll({ filter, sort }: OrderList): OrderListing {
  const { search, statusIn } = filter;
  const page = { listing: orderView, rows: orderView, join: withCustomer, sort };
  const inStates = [...orderFilters(filter), ...(statusIn ? [statusFilter(statusIn)] : [])];
  if (search) {
    const found = orderSearch(search);
    if (!found) return { ...page, filters: [Prisma.sql`false`] };
    const walked = [Prisma.join(found.tested, ' AND ')];
    return { ...page, filters: inStates, gathered: found.gathered, alternatives: walked };
  }
  if (isRare(filter)) return { ...page, filters: inStates, gathered: gatheredAtOnce };
  // Only the index for this sort order begins with the status; the other indexes contain the status in a later
  // column.
  if (sort !== 'createdAt' || !statusIn || statusIn.length === 0) return { ...page, filters: inStates };
  return { ...page, filters: orderFilters(filter), alternatives: statusAlternatives(statusIn) };
}

function listingOfCustomer({ filter, sort }: OrderList, owner: Prisma.Sql): OrderListing {
  const { search, statusIn } = filter;
  const filters = [
    ...orderFilters(filter),
    ...(statusIn ? [statusFilter(statusIn)] : []),
    ...(search ? orderSearchFilters(search, owner) : []),
  ];
  const page = { rows: orderView, join: withCustomer, sort, filters };
  return isRare(filter) ? { ...page, listing: orderView } : { ...page, listing: customerOrderView };
}

/** Filters that match few orders are supported by indexes of order_view only. */
function isRare({ search, reference, productId }: OrderFilter): boolean {
  return search !== undefined || reference !== undefined || productId !== undefined;
}
