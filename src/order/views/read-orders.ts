import type { Position } from '../../event-store/position.ts';
import { type CustomerRow, customerView } from '../../customer/views/customer-view.ts';
import { type Sql, sql } from '../../database/sql.ts';
import { type Join, openReadEntities, readEntities, type ReadSource } from '../../projections/read-entities.ts';
import { type Listing, type ListIndex, type Page, type PageRequest, parentId } from '../../projections/page.ts';
import { readPage, readPages } from '../../projections/read-page.ts';
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
  const wanted = sql`LATERAL (
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

/** A page of orders, each with its customer. */
export type OrderPage = Page<OrderRow, CustomerRow>;

/** A page of all orders, or of the orders of one customer. */
export async function readOrderPage(source: ReadSource, list: OrderList, request: PageRequest): Promise<OrderPage> {
  const owner = list.customerId ?? list.filter.customerId;
  if (owner === undefined) return readPage(source, listingOfAll(list), request);
  const { filters, ...listing } = listingOfCustomer(list, sql`${owner}`);
  const index = indexOfCustomer(list, owner);
  const owned = { ...listing, filters: [sql`l.customer_id = ${owner}`, ...filters], index };
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
  const listing = { ...listingOfCustomer(list, parentId), index: indexOfCustomer(list, undefined) };
  return readPages(source, listing, { column: 'customerId', ids: customerIds }, request);
}

type OrderListing = Listing<OrderRow, CustomerRow>;

/** Collects all matching orders and sorts them: these filters are expected to match few orders. */
const gatheredAtOnce = { by: [sql`true`], isAll: sql`true` };

function listingOfAll({ filter, sort }: OrderList): OrderListing {
  const { search, statusIn } = filter;
  const page = { listing: orderView, rows: orderView, join: withCustomer, sort };
  const inStates = [...orderFilters(filter), ...(statusIn ? [statusFilter(statusIn)] : [])];
  if (search) {
    const found = orderSearch(search);
    if (!found) return { ...page, filters: [sql`false`] };
    const walked = [sql.join(found.tested, ' AND ')];
    return { ...page, filters: inStates, gathered: found.gathered, alternatives: walked };
  }
  if (isRare(filter)) return { ...page, filters: inStates, gathered: gatheredAtOnce };
  // Only the index for this sort order begins with the status; the other indexes contain the status in a later
  // column.
  const index = indexOfAll({ filter, sort });
  if (sort !== 'createdAt' || !statusIn || statusIn.length === 0) return { ...page, filters: inStates, index };
  return { ...page, filters: orderFilters(filter), alternatives: statusAlternatives(statusIn), index };
}

/** Each sort has an index of all orders, and the time of creation has one of each status. */
function indexOfAll({ filter, sort }: OrderList): ListIndex | undefined {
  if (isFilteredBy(filter)) return {};
  const [status, ...others] = filter.statusIn ?? [];
  const isOne = status !== undefined && others.length === 0 && isFilteredBy(filter, 'statusIn');
  return isOne && sort === 'createdAt' ? { column: 'status', value: status } : undefined;
}

/** @param owner undefined: the list's parent */
function indexOfCustomer({ filter, sort }: OrderList, owner: string | undefined): ListIndex | undefined {
  const isOther = filter.customerId !== undefined && filter.customerId !== owner;
  if (sort !== 'createdAt' || isOther || !isFilteredBy(filter, 'customerId')) return undefined;
  return { column: 'customerId', ...(owner !== undefined && { value: owner }) };
}

/** Whether the list is filtered by nothing but these. */
function isFilteredBy(filter: OrderFilter, ...by: (keyof OrderFilter)[]): boolean {
  return Object.entries(filter).every(([key, value]) => value === undefined || by.includes(key as keyof OrderFilter));
}

function listingOfCustomer({ filter, sort }: OrderList, owner: Sql): OrderListing {
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
