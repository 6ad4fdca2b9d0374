/** A product as it was when the command was made ready: `offer` is undefined where there is no such product. */
export interface ProductOnOffer {
  readonly productId: string;
  readonly offer: Offer | undefined;
}

export interface Offer {
  readonly sku: string;
  readonly name: string;
  /** Of one unit, in the currency's smallest unit. */
  readonly price: number;
  readonly currency: string;
  readonly available: boolean;
}

/** What is to be added, and the id that its line gets if it makes a new one. */
export interface NewItem {
  readonly lineId: string;
  readonly quantity: number;
  readonly product: ProductOnOffer;
}

export interface CreateOrder {
  readonly type: 'CreateOrder';
  readonly orderId: string;
  readonly customer: { readonly customerId: string; readonly registered: boolean };
  /** Undefined: that of the first item. */
  readonly currency: string | undefined;
  readonly reference: string | undefined;
  readonly items: readonly NewItem[];
}

/**
 * An order that was placed elsewhere: created, filled and submitted at once, with products as they were then. The API
 * does not offer it, as it takes the asker's word for prices.
 */
export interface ImportOrder {
  readonly type: 'ImportOrder';
  readonly orderId: string;
  readonly customer: { readonly customerId: string; readonly registered: boolean };
  readonly currency: string;
  readonly reference: string;
  readonly items: readonly NewItem[];
}

export interface AddOrderItem extends NewItem {
  readonly type: 'AddOrderItem';
}

export interface RemoveOrderItem {
  readonly type: 'RemoveOrderItem';
  readonly lineId: string;
}

export interface ChangeOrderItemQuantity {
  readonly type: 'ChangeOrderItemQuantity';
  readonly lineId: string;
  readonly quantity: number;
}

export interface SubmitOrder {
  readonly type: 'SubmitOrder';
}

export interface ConfirmOrder {
  readonly type: 'ConfirmOrder';
}

export interface ShipOrder {
  readonly type: 'ShipOrder';
  readonly carrier: string;
  readonly trackingNumber: string | undefined;
}

export interface DeliverOrder {
  readonly type: 'DeliverOrder';
}

export interface CancelOrder {
  readonly type: 'CancelOrder';
  readonly reason: string;
}

/** Its customer's key is gone: what it sealed is to be shown as erased. */
export interface EraseOrder {
  readonly type: 'EraseOrder';
}

/** What may be asked of an order. Prices, ids and what is known of other aggregates arrive inside the command. */
export type OrderCommand =
  | CreateOrder
  | ImportOrder
  | AddOrderItem
  | RemoveOrderItem
  | ChangeOrderItemQuantity
  | SubmitOrder
  | ConfirmOrder
  | ShipOrder
  | DeliverOrder
  | CancelOrder
  | EraseOrder;
