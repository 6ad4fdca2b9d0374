import type { ProductEvent } from './events.ts';

export interface ListedProduct {
  readonly status: 'Listed';
  readonly sku: string;
  readonly name: string;
  /** Of one unit, in the currency's smallest unit. */
  readonly price: number;
  readonly currency: string;
  readonly available: boolean;
}

/** A product of the catalogue. An order line copies its price and name. */
export type Product = { readonly status: 'None' } | ListedProduct;

export const noProduct: Product = { status: 'None' };

/**
 * The product after one more event.
 * @throws Error if a change has no product: then the log is damaged
 */
export function evolve(product: Product, event: ProductEvent): Product {
  switch (event.type) {
    case 'ProductAdded': {
      const { sku, name, price, currency, available } = event.data;
      return { status: 'Listed', sku, name, price, currency, available };
    }
    case 'ProductChanged': {
      if (product.status === 'None') throw new Error("ProductChanged can't be the first event of a product");
      const { name = product.name, price = product.price, available = product.available } = event.data;
      return { ...product, name, price, currency: event.data.currency ?? product.currency, available };
    }
  }
}
