// Events are stored for ever: their names never change, and a change of their shape needs a new schema version with
// an upcast. `personal` is undefined if there was none, or if its key was deleted.

type Nothing = Readonly<Record<string, never>>;

export interface OrderCreated {
  readonly type: 'OrderCreated';
  readonly data: {
    readonly customerId: string;
    /** Null: the order takes the currency of its first item. */
    readonly currency: string | null;
    /**
     * A number for people. It is derived from the event's position, so the append adds it: `decide` returns an event
     * without it.
     */
    readonly number?: string;
  };
  readonly personal: { readonly reference: string } | undefined;
}

/** A new line, with the product as it was then. */
export interface OrderItemAdded {
  readonly type: 'OrderItemAdded';
  readonly data: {
    readonly lineId: string;
    readonly productId: string;
    readonly sku: string;
    readonly productName: string;
    readonly quantity: number;
    /** In the currency's smallest unit. */
    readonly unitPrice: number;
    readonly currency: string;
  };
}

/** The new quantity of a line, because it was changed or because more of its product was added. */
export interface OrderItemQuantityChanged {
  readonly type: 'OrderItemQuantityChanged';
  readonly data: { readonly lineId: string; readonly quantity: number };
}

export interface OrderItemRemoved {
  readonly type: 'OrderItemRemoved';
  readonly data: { readonly lineId: string };
}

export interface OrderSubmitted {
  readonly type: 'OrderSubmitted';
  readonly data: {
    /** In the currency's smallest unit. */
    readonly total: number;
    /** Units over all lines. */
    readonly itemCount: number;
    readonly currency: string;
  };
}

export interface OrderConfirmed {
  readonly type: 'OrderConfirmed';
  readonly data: Nothing;
}

export interface OrderShipped {
  readonly type: 'OrderShipped';
  readonly data: { readonly carrier: string };
  readonly personal: { readonly trackingNumber: string } | undefined;
}

export interface OrderDelivered {
  readonly type: 'OrderDelivered';
  readonly data: Nothing;
}

export interface OrderCancelled {
  readonly type: 'OrderCancelled';
  readonly data: Nothing;
  readonly personal: { readonly reason: string } | undefined;
}

/** The order's personal data can't be read any more: the key that encrypted it was deleted before this event. */
export interface OrderErased {
  readonly type: 'OrderErased';
  readonly data: Nothing;
}

/** The events that change the lines of a draft. */
export type OrderLineEvent = OrderItemAdded | OrderItemQuantityChanged | OrderItemRemoved;

/** The events of an order. */
export type OrderEvent =
  | OrderCreated
  | OrderLineEvent
  | OrderSubmitted
  | OrderConfirmed
  | OrderShipped
  | OrderDelivered
  | OrderCancelled
  | OrderErased;
