import type { Position } from '../../event-store/position.ts';
import type { RecordedEvent } from '../../event-store/recorded-event.ts';
import type { LiveView } from '../../projections/read-changes.ts';
import { type Entities, openReadEntities, type ReadSource } from '../../projections/read-entities.ts';
import type { Page, PageRequest } from '../../projections/page.ts';
import { readPage } from '../../projections/read-page.ts';
import { searchFilters, wordsOf } from '../../projections/search-words.ts';
import { erased, timeOf, type View } from '../../projections/view.ts';
import type { CustomerEvent } from '../domain/events.ts';

/** One customer as they are now. Times are RFC 3339. */
export interface CustomerRow {
  readonly customerId: string;
  readonly name: string;
  readonly email: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly erasedAt: string | null;
  readonly version: number;
  readonly position: number;
  readonly hash: string;
}

const emailMark = '@';

export const customerView: View<CustomerRow> = {
  name: 'customer_view',
  streamType: 'customer',
  key: 'customerId',
  columns: {
    customerId: 'text',
    name: 'text',
    email: 'text',
    createdAt: 'timestamptz',
    updatedAt: 'timestamptz',
    erasedAt: 'timestamptz',
    version: 'integer',
    position: 'bigint',
    hash: 'text',
  },
  // A search for orders matches the customer's name, but not parts of the e-mail address, so the words of the address
  // are marked.
  search: ({ name, email }) => [...wordsOf(name), ...wordsOf(email).map(word => emailMark + word)],
  fold(row, recorded) {
    const { streamId: customerId, version, position, hash } = recorded;
    const at = timeOf(recorded, row?.updatedAt);
    const before = row ?? { customerId, name: erased, email: erased, createdAt: at, erasedAt: null };
    const changes = changesOf(recorded as RecordedEvent & CustomerEvent, at);
    return { ...before, ...changes, updatedAt: at, version, position, hash };
  },
};

/** Customers for subscribers: one customer. */
export const liveCustomers: LiveView<CustomerRow> = { rows: customerView };

function changesOf(event: RecordedEvent & CustomerEvent, at: string): Partial<CustomerRow> {
  switch (event.type) {
    case 'CustomerRegistered':
      return { name: event.personal?.name ?? erased, email: event.personal?.email ?? erased };
    case 'CustomerRenamed':
      return { name: event.personal?.name ?? erased };
    case 'CustomerErased':
      return { name: erased, email: erased, erasedAt: at };
  }
}

const readCustomerEntities = openReadEntities(customerView);

/** Customers by id, in their state at the end of the log; see readEntities(). */
export async function readCustomers(
  source: ReadSource,
  ids: readonly string[],
  atLeast?: Position,
): Promise<Pick<Entities<never, never>, 'position' | 'parked'> & { rows: ReadonlyMap<string, CustomerRow> }> {
  const { position, parked, rows } = await readCustomerEntities(source, ids, atLeast);
  return { position, parked, rows: new Map([...rows].map(([id, { row }]) => [id, row])) };
}

/**
 * A page of customers, sorted by registration time.
 * @param search words in the name or e-mail address; undefined: all customers
 */
export async function readCustomerPage(
  source: ReadSource,
  search: readonly string[] | undefined,
  request: PageRequest,
): Promise<Page<CustomerRow>> {
  const filters = search ? searchFilters(search, ['', emailMark]) : [];
  const index = search ? undefined : {};
  const list = { listing: customerView, rows: customerView, sort: 'createdAt', filters, index };
  return readPage(source, list, request);
}
