import type { Position } from '../../event-store/position.ts';
import type { RecordedEvent } from '../../event-store/recorded-event.ts';
import type { LiveView } from '../../projections/read-changes.ts';
import { type Entities, openReadEntities, type ReadSource } from '../../projections/read-entities.ts';
import type { Page, PageRequest } from '../../projections/page.ts';
import { readPage } from '../../projections/read-page.ts';
import { missingWords, searchFilters, wordsOf } from '../../projections/search-words.ts';
import { changeView, timeOf, type View } from '../../projections/view.ts';
import type { ProductEvent } from '../domain/events.ts';

/**
 * One product of the catalogue in its current state. The price is in the currency's smallest unit; times are RFC
 * 3339.
 */
export interface ProductRow {
  readonly productId: string;
  readonly sku: string;
  readonly name: string;
  readonly price: number;
  readonly currency: string;
  readonly available: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
  readonly position: number;
  readonly hash: string;
}

export const productView: View<ProductRow> = {
  name: 'product_view',
  streamType: 'product',
  key: 'productId',
  columns: {
    productId: 'text',
    sku: 'text',
    name: 'text',
    price: 'bigint',
    currency: 'text',
    available: 'boolean',
    createdAt: 'timestamptz',
    updatedAt: 'timestamptz',
    version: 'integer',
    position: 'bigint',
    hash: 'text',
  },
  search: productWords,
  fold(row, recorded) {
    const { streamId: productId, version, position, hash } = recorded;
    const at = timeOf(recorded, row?.updatedAt);
    const before = row ?? { productId, sku: '', name: '', price: 0, currency: '', available: true, createdAt: at };
    const changes = changesOf(before, recorded as RecordedEvent & ProductEvent);
    return { ...before, ...changes, updatedAt: at, version, position, hash };
  },
};

export const productChangeView = changeView('product_change_view', productView);

/** Products for subscribers: the list of all. */
export const liveProducts: LiveView<ProductRow> = { rows: productView, all: productChangeView };

function productWords({ sku, name }: ProductRow): string[] {
  return [sku, name].flatMap(wordsOf);
}

/** Whether a search finds a product. @param search words; undefined: all products */
export function isFoundBy(search: readonly string[] | undefined, row: ProductRow): boolean {
  return !search || (search.length > 0 && missingWords(search, productWords(row)).length === 0);
}

type Offer = Pick<ProductRow, 'sku' | 'name' | 'price' | 'currency' | 'available'>;

function changesOf(row: Offer, event: RecordedEvent & ProductEvent): Offer {
  switch (event.type) {
    case 'ProductAdded':
      return event.data;
    case 'ProductChanged': {
      const { name = row.name, price = row.price, currency = row.currency, available = row.available } = event.data;
      return { sku: row.sku, name, price, currency, available };
    }
  }
}

const readProductEntities = openReadEntities(productView);

/** Products by id, in their state at the end of the log; see readEntities(). */
export async function readProducts(
  source: ReadSource,
  ids: readonly string[],
  atLeast?: Position,
): Promise<Pick<Entities<never, never>, 'position' | 'parked'> & { rows: ReadonlyMap<string, ProductRow> }> {
  const { position, parked, rows } = await readProductEntities(source, ids, atLeast);
  return { position, parked, rows: new Map([...rows].map(([id, { row }]) => [id, row])) };
}

/**
 * A page of the catalogue, sorted by the time at which products were added.
 * @param search words in the name or SKU; undefined: all products
 */
export async function readProductPage(
  source: ReadSource,
  search: readonly string[] | undefined,
  request: PageRequest,
): Promise<Page<ProductRow>> {
  const filters = search ? searchFilters(search) : [];
  const index = search ? undefined : {};
  const list = { listing: productView, rows: productView, sort: 'createdAt', filters, index };
  return readPage(source, list, request);
}
