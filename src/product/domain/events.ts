// Events are stored for ever: their names never change, and a change of their shape needs a new schema version with
// an upcast.

export interface ProductAdded {
  readonly type: 'ProductAdded';
  readonly data: {
    readonly sku: string;
    readonly name: string;
    /** Of one unit, in the currency's smallest unit. */
    readonly price: number;
    readonly currency: string;
    readonly available: true;
  };
}

/** Fields that are undefined (absent in the stored event) did not change. */
export interface ProductChanged {
  readonly type: 'ProductChanged';
  readonly data: { readonly name?: string | undefined; readonly available?: boolean | undefined } & PriceChange;
}

/** A price never changes without its currency. */
export type PriceChange =
  | { readonly price: number; readonly currency: string }
  | { readonly price?: undefined; readonly currency?: undefined };

/** The events of a product. */
export type ProductEvent = ProductAdded | ProductChanged;
