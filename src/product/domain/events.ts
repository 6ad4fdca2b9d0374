// Stored for ever: a name here never changes, and a change of a shape needs a new schema version with an upcast.

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

/** What is undefined (absent, once stored) stayed as it was. */
export interface ProductChanged {
  readonly type: 'ProductChanged';
  readonly data: { readonly name?: string | undefined; readonly available?: boolean | undefined } & PriceChange;
}

/** A price never changes without saying its currency. */
export type PriceChange =
  | { readonly price: number; readonly currency: string }
  | { readonly price?: undefined; readonly currency?: undefined };

/** What a product's stream remembers. */
export type ProductEvent = ProductAdded | ProductChanged;
