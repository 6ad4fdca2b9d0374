import { StartError } from '../start-error.ts';
import type { Product } from './choose-deed.ts';
import { addProduct, catalogue, registerCustomer } from './operations.ts';
import type { People, Person, ShopApi } from './people.ts';

export interface Catalogue {
  readonly products: {
    readonly nodes: readonly (Omit<Product, 'currency'> & {
      readonly available: boolean;
      readonly price: { readonly currency: string };
    })[];
  };
}

interface Result {
  readonly result: { readonly __typename: string; readonly productId?: string; readonly message?: string };
}

/** SKU, name, price in euros. */
const smallCatalogue = [
  ['TEA', 'Tea', '4.50'],
  ['COFFEE', 'Coffee', '6.20'],
  ['HONEY', 'Honey', '7.90'],
  ['MUG', 'Mug', '12.50'],
  ['TEAPOT', 'Teapot', '38.00'],
] as const;

/**
 * Registers the customers, and adds products if the catalogue is empty.
 * @returns the products that can be ordered
 * @throws StartError if no product can be ordered
 */
export async function openShop<One extends Person>(
  api: ShopApi<One>,
  { staff, customers }: People<One>,
): Promise<Product[]> {
  await Promise.all(
    customers.map(async customer => {
      const input = { name: customer.name, email: 'somebody@example.com', idempotencyKey: 'simulate-register' };
      const { result } = await api.ask<Result>(customer, registerCustomer, { input });
      // A customer who is already registered, maybe under another name, is fine.
      if (result.__typename === 'CustomerCommandPayload' || result.__typename === 'RejectedError') return;
      throw new StartError(`${customer.name} can't be registered: ${result.message}`);
    }),
  );
  const { products } = await api.ask<Catalogue>(staff, catalogue);
  const offered = products.nodes.filter(({ available }) => available);
  const known = offered.map(({ id, name, price }) => ({ id, name, currency: price.currency }));
  return known.length > 0 ? known : addSmallCatalogue(api, { staff });
}

async function addSmallCatalogue<One extends Person>(
  api: ShopApi<One>,
  { staff }: Pick<People<One>, 'staff'>,
): Promise<Product[]> {
  const currency = 'EUR';
  const added = await Promise.all(
    smallCatalogue.map(async ([sku, name, amount]) => {
      const input = { sku, name, price: { amount, currency }, idempotencyKey: `simulate-${sku}` };
      const { result } = await api.ask<Result>(staff, addProduct, { input });
      // Without an id if staff has made the product unavailable.
      return result.productId === undefined ? [] : [{ id: result.productId, name, currency }];
    }),
  );
  const products = added.flat();
  if (products.length === 0) throw new StartError('Nothing can be ordered: make a product available (changeProduct)');
  return products;
}
