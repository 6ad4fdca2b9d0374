/** A product as it was for this decision: `offer` is undefined if there is no such product. */
export interface ProductOnOffer {
  readonly productId: string;
  readonly offer: Offer | undefined;
}

export interface Offer {
  readonly sku: string;
  readonly name: string;
  /** Price of one unit, in the currency's smallest unit. */
  readonly price: number;
  readonly currency: string;
  readonly available: boolean;
}

/** The item to add, and the id for a new line. */
export interface NewItem {
  readonly lineId: string;
  readonly quantity: number;
  readonly product: ProductOnOffer;
}

export interface CreateOrder {
  readonly type: 'CreateOrder';
  readonly orderId: string;
  readonly customer: { readonly customerId: string; readonly registered: boolean };
  /** Undefined: the currency of the first item. */
  readonly currency: string | undefined;
  readonly reference: string | undefined;
  readonly items: readonly NewItem[];
}

/**
 * An order that was placed in another system: created, filled and submitted at once, with products as they were then.
 * The API does not offer this command, because it trusts the caller's prices.
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

/** The customer's key was deleted: the views show the personal data that it encrypted as erased. */
export interface EraseOrder {
  readonly type: 'EraseOrder';
}

/** The commands of an order. Prices, ids and the state of other aggregates arrive inside the command. */
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
