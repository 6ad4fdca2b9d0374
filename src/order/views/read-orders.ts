import type { Position } from '../../event-store/position.ts';
import { type CustomerRow, customerView } from '../../customer/views/customer-view.ts';
import { Prisma } from '../../generated/prisma/client.ts';
import { type Join, openReadEntities, readEntities, type ReadSource } from '../../projections/read-entities.ts';
import { type Page, type PageRequest, readPage } from '../../projections/read-page.ts';
import { customerOrderView } from './customer-order-view.ts';
import { orderFilters, type OrderFilter } from './order-filter.ts';
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

/** A page of all orders, or of one customer's. */
export async function readOrderPage(
  source: ReadSource,
  list: { customerId?: string | undefined; filter: OrderFilter; sort: OrderSort },
  request: PageRequest,
): Promise<Page<OrderRow, CustomerRow>> {
  const { customerId, filter, sort } = list;
  const owner = customerId ?? filter.customerId;
  // What few orders have in common is indexed in order_view alone.
  const isRare = filter.search !== undefined || filter.reference !== undefined || filter.productId !== undefined;
  const listing = owner === undefined || isRare ? orderView : customerOrderView;
  const filters = [
    ...(owner === undefined ? [] : [Prisma.sql`l.customer_id = ${owner}`]),
    ...orderFilters(filter, owner),
  ];
  return readPage(source, { listing, rows: orderView, join: withCustomer, sort, filters }, request);
}
