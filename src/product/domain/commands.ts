import type { PriceChange } from './events.ts';

export interface AddProduct {
  readonly type: 'AddProduct';
  readonly productId: string;
  readonly sku: string;
  readonly name: string;
  /** Of one unit, in the currency's smallest unit. */
  readonly price: number;
  readonly currency: string;
  /** A product with the same SKU and another id exists already: an earlier release added it. */
  readonly isAddedBefore?: boolean;
}

/** Fields that are undefined do not change. The mutation has checked that at least one is defined. */
export type ChangeProduct = {
  readonly type: 'ChangeProduct';
  readonly name?: string | undefined;
  readonly available?: boolean | undefined;
} & PriceChange;

/** The commands of a product. */
export type ProductCommand = AddProduct | ChangeProduct;
