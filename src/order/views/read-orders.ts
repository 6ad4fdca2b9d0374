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

/** An order as it is answered: its row, and its customer as they are now. */
export interface OrderWithCustomer {
  readonly row: OrderRow;
  readonly joined: CustomerRow | undefined;
}

/** What a list of orders can be sorted by. */
export type OrderSort = 'createdAt' | 'updatedAt' | 'total';

const withCustomer: Join<OrderRow, CustomerRow> = { view: customerView, by: 'customerId' };

/** Orders by id as the log has them now, projected or not, each with its customer; see readEntities(). */
export const readOrders = openReadEntities(orderView, withCustomer);

/** The same for who asks for no customer: it takes two thirds of the time. */
export const readOrdersAlone = openReadEntities<OrderRow, CustomerRow>(orderView);

/** The order of that number, found also while it is not projected yet: then among the events beyond the checkpoint. */
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

/** A list of orders: what it is cut down to, and what it is sorted by. */
export interface OrderList {
  /** One customer's only. */
  readonly customerId?: string | undefined;
  readonly filter: OrderFilter;
  readonly sort: OrderSort;
}

/** Orders that nothing but their state or their customer is asked of, newest or oldest first. */
const plainOrders: PlainList<OrderRow, CustomerRow> = {
  view: orderView,
  sort: 'createdAt',
  by: ['status', 'customerId'],
  join: withCustomer,
};

/** What a plain list of orders is cut down to; undefined if the list is not a plain one. */
function plainFilter({ customerId, filter, sort }: OrderList): { only: PlainFilter | undefined } | undefined {
  const given = Object.entries({ ofCustomer: customerId, ...filter }).filter(([, value]) => value !== undefined);
  if (sort !== 'createdAt' || given.length > 1) return undefined;
  const [[name, value] = []] = given as [string, unknown][];
  if (name === undefined) return { only: undefined };
  if (name === 'ofCustomer' || name === 'customerId') return { only: { column: 'customerId', value: value as string } };
  const [status, another] = name === 'statusIn' ? (value as readonly string[]) : [];
  return status !== undefined && another === undefined ? { only: { column: 'status', value: status } } : undefined;
}

/**
 * Pages of lists as most of them are asked for; see openPlainPages().
 * @returns undefined for another list, or a request that is not plain: readOrderPage() reads it
 */
export function openPlainOrderPages(
  source: ReadSource,
): (list: OrderList, request: PageRequest) => Promise<PlainPage<OrderRow, CustomerRow>> | undefined {
  const read = openPlainPages(source, plainOrders);
  return (list, request) => {
    const filter = plainFilter(list);
    return filter && read(filter.only, request);
  };
}

/** Orders, each with its customer. */
export type OrderPage = Page<OrderRow, CustomerRow>;

/** A page of all orders, or of one customer's. */
export async function readOrderPage(source: ReadSource, list: OrderList, request: PageRequest): Promise<OrderPage> {
  const owner = list.customerId ?? list.filter.customerId;
  if (owner === undefined) return readPage(source, listingOfAll(list), request);
  const { filters, ...listing } = listingOfCustomer(list, Prisma.sql`${owner}`);
  const owned = { ...listing, filters: [Prisma.sql`l.customer_id = ${owner}`, ...filters] };
  return readPage(source, isRare(list.filter) ? { ...owned, gathered: gatheredAtOnce } : owned, request);
}

/** The same page of the orders of each of several customers, by one statement. */
export async function readCustomersOrderPages(
  source: ReadSource,
  customerIds: readonly string[],
  list: Omit<OrderList, 'customerId'>,
  request: PageRequest,
): Promise<{ position: Position; rows: ReadonlyMap<string, OrderPage> }> {
  const [first, ...others] = customerIds;
  if (first !== undefined && others.length === 0) {
    // Of one customer the planner knows how many orders they have.
    const page = await readOrderPage(source, { ...list, customerId: first }, request);
    return { position: page.position, rows: new Map([[first, page]]) };
  }
  const listing = listingOfCustomer(list, parentId);
  return readPages(source, listing, { column: 'customerId', ids: customerIds }, request);
}

type OrderListing = Listing<OrderRow, CustomerRow>;

/** Few orders have it in common, as far as is known before they are read. */
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
  // Only the index of this order begins with the state: the indexes of the others have the state inside.
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

/** What few orders have in common is indexed in order_view alone. */
function isRare({ search, reference, productId }: OrderFilter): boolean {
  return search !== undefined || reference !== undefined || productId !== undefined;
}
