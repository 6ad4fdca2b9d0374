import type { PriceChange } from './events.ts';

export interface AddProduct {
  readonly type: 'AddProduct';
  readonly productId: string;
  readonly sku: string;
  readonly name: string;
  /** Of one unit, in the currency's smallest unit. */
  readonly price: number;
  readonly currency: string;
  /** The same SKU is the one of a product with another id, from an earlier release. */
  readonly isAddedBefore?: boolean;
}

/** What is undefined stays as it is; that something changes was seen to before. */
export type ChangeProduct = {
  readonly type: 'ChangeProduct';
  readonly name?: string | undefined;
  readonly available?: boolean | undefined;
} & PriceChange;

/** What may be asked of the catalogue's entry. */
export type ProductCommand = AddProduct | ChangeProduct;
