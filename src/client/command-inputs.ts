// Written by codegen.ts from the schema.

/** The input of each command, by the name of its mutation. */
export interface CommandInputs {
  readonly registerCustomer: RegisterCustomerInput;
  readonly renameCustomer: RenameCustomerInput;
  readonly eraseCustomer: EraseCustomerInput;
  readonly createOrder: CreateOrderInput;
  readonly addOrderItem: AddOrderItemInput;
  readonly removeOrderItem: RemoveOrderItemInput;
  readonly changeOrderItemQuantity: ChangeOrderItemQuantityInput;
  readonly submitOrder: SubmitOrderInput;
  readonly confirmOrder: ConfirmOrderInput;
  readonly shipOrder: ShipOrderInput;
  readonly deliverOrder: DeliverOrderInput;
  readonly cancelOrder: CancelOrderInput;
  readonly addProduct: AddProductInput;
  readonly changeProduct: ChangeProductInput;
}

/** The type of the object that each command creates or changes. */
export const commandTypes = {
  registerCustomer: 'Customer',
  renameCustomer: 'Customer',
  eraseCustomer: 'Customer',
  createOrder: 'Order',
  addOrderItem: 'Order',
  removeOrderItem: 'Order',
  changeOrderItemQuantity: 'Order',
  submitOrder: 'Order',
  confirmOrder: 'Order',
  shipOrder: 'Order',
  deliverOrder: 'Order',
  cancelOrder: 'Order',
  addProduct: 'Product',
  changeProduct: 'Product',
} as const satisfies Record<keyof CommandInputs, string>;

/** The fields of each of these types that its version covers, without other objects. */
export const ownFields = {
  Customer: 'id version position createdAt updatedAt erasedAt name email',
  Order:
    'id number reference status lines{id productId sku productName quantity unitPrice{amount minorUnits currency} subtotal{amount minorUnits currency}} itemCount total{amount minorUnits currency} createdAt updatedAt submittedAt confirmedAt shippedAt deliveredAt cancelledAt cancellationReason shipment{carrier trackingNumber} availableActions version position',
  Product: 'id version position createdAt updatedAt sku name price{amount minorUnits currency} available',
} as const;

/** The fields of each error. The state of the object has the fields of a fragment `State`. */
export const errorFields =
  '...on RejectedError{message reason path current{...State}}...on NotFoundError{message id}...on VersionConflictError{message expectedVersion actualVersion current{...State}}...on InvalidInputError{message issues{path message}}...on IdempotencyKeyReusedError{message}';

/** Why a command was not accepted. */
export type CommandError =
  | RejectedError
  | NotFoundError
  | VersionConflictError
  | InvalidInputError
  | IdempotencyKeyReusedError;

/** The data of a new customer. */
export interface RegisterCustomerInput {
  /** The id of the customer. The default is the viewer's own id; for staff, it is a new id. */
  readonly customerId?: string | null | undefined;

  /** The name of the customer, at most 200 characters. */
  readonly name: string;

  /** The e-mail address of the customer, at most 254 characters. */
  readonly email: string;

  /** A command with the same key is executed only once. A repeat gets the first result. */
  readonly idempotencyKey?: string | null | undefined;
}

/** The new name of a customer. */
export interface RenameCustomerInput {
  /** The id of the customer, `cus_<uuid>`. */
  readonly customerId: string;

  /** The name of the customer, at most 200 characters. */
  readonly name: string;

  /** If it is set and the customer is at another version, the command fails with a VersionConflictError. */
  readonly expectedVersion?: number | null | undefined;

  /** A command with the same key is executed only once. A repeat gets the first result. */
  readonly idempotencyKey?: string | null | undefined;
}

/** The customer to erase. */
export interface EraseCustomerInput {
  /** The id of the customer, `cus_<uuid>`. */
  readonly customerId: string;

  /** A command with the same key is executed only once. A repeat gets the first result. */
  readonly idempotencyKey?: string | null | undefined;
}

/** The data of a new order. */
export interface CreateOrderInput {
  /** The id of the new order, `ord_<uuid>`. A client sets it if it needs the id before the response. By default the server creates it. */
  readonly orderId?: string | null | undefined;

  /** The customer for whom staff creates the order. Customers can order only for themselves and leave it out. */
  readonly customerId?: string | null | undefined;

  /** The currency of the order. The default is the currency of its first item. Codes that are not money, like XXX or XAU, are rejected; XXX is only returned. */
  readonly currency?: string | null | undefined;

  /** The first items of the order, at most 500. */
  readonly items?: readonly OrderItemInput[] | null | undefined;

  /** The caller's own reference for the order, at most 100 characters. */
  readonly reference?: string | null | undefined;

  /** A command with the same key is executed only once. A repeat gets the first result. */
  readonly idempotencyKey?: string | null | undefined;
}

/** An item of a new order: a product and its quantity. */
export interface OrderItemInput {
  /** The id of the product, `prd_<uuid>`. */
  readonly productId: string;

  /** The number of units, from 1 to 10000. */
  readonly quantity: number;
}

/** An item to add to a draft. If the draft has a line with the same product and price, its quantity is increased. Otherwise a new line is added. */
export interface AddOrderItemInput {
  /** The id of the order, `ord_<uuid>`. */
  readonly orderId: string;

  /** The id of the product, `prd_<uuid>`. */
  readonly productId: string;

  /** The number of units, from 1 to 10000. */
  readonly quantity?: number | undefined;

  /** The id of the line if a new one is added, `lin_<uuid>`. By default the server creates it. */
  readonly lineId?: string | null | undefined;

  /** If it is set and the order is at another version, the command fails with a VersionConflictError. */
  readonly expectedVersion?: number | null | undefined;

  /** A command with the same key is executed only once. A repeat gets the first result. */
  readonly idempotencyKey?: string | null | undefined;
}

/** The line to remove from a draft. */
export interface RemoveOrderItemInput {
  /** The id of the order, `ord_<uuid>`. */
  readonly orderId: string;

  /** The id of the line, `lin_<uuid>`. */
  readonly lineId: string;

  /** If it is set and the order is at another version, the command fails with a VersionConflictError. */
  readonly expectedVersion?: number | null | undefined;

  /** A command with the same key is executed only once. A repeat gets the first result. */
  readonly idempotencyKey?: string | null | undefined;
}

/** The new quantity of a line of a draft. */
export interface ChangeOrderItemQuantityInput {
  /** The id of the order, `ord_<uuid>`. */
  readonly orderId: string;

  /** The id of the line, `lin_<uuid>`. */
  readonly lineId: string;

  /** The number of units, from 1 to 10000. */
  readonly quantity: number;

  /** If it is set and the order is at another version, the command fails with a VersionConflictError. */
  readonly expectedVersion?: number | null | undefined;

  /** A command with the same key is executed only once. A repeat gets the first result. */
  readonly idempotencyKey?: string | null | undefined;
}

/** The draft to submit. */
export interface SubmitOrderInput {
  /** The id of the order, `ord_<uuid>`. */
  readonly orderId: string;

  /** If it is set and the order is at another version, the command fails with a VersionConflictError. */
  readonly expectedVersion?: number | null | undefined;

  /** A command with the same key is executed only once. A repeat gets the first result. */
  readonly idempotencyKey?: string | null | undefined;
}

/** The submitted order to confirm. */
export interface ConfirmOrderInput {
  /** The id of the order, `ord_<uuid>`. */
  readonly orderId: string;

  /** If it is set and the order is at another version, the command fails with a VersionConflictError. */
  readonly expectedVersion?: number | null | undefined;

  /** A command with the same key is executed only once. A repeat gets the first result. */
  readonly idempotencyKey?: string | null | undefined;
}

/** The confirmed order that was shipped. */
export interface ShipOrderInput {
  /** The id of the order, `ord_<uuid>`. */
  readonly orderId: string;

  /** The carrier of the shipment, at most 100 characters. */
  readonly carrier: string;

  /** The tracking number of the carrier, at most 100 characters. */
  readonly trackingNumber?: string | null | undefined;

  /** If it is set and the order is at another version, the command fails with a VersionConflictError. */
  readonly expectedVersion?: number | null | undefined;

  /** A command with the same key is executed only once. A repeat gets the first result. */
  readonly idempotencyKey?: string | null | undefined;
}

/** The shipped order that was delivered. */
export interface DeliverOrderInput {
  /** The id of the order, `ord_<uuid>`. */
  readonly orderId: string;

  /** If it is set and the order is at another version, the command fails with a VersionConflictError. */
  readonly expectedVersion?: number | null | undefined;

  /** A command with the same key is executed only once. A repeat gets the first result. */
  readonly idempotencyKey?: string | null | undefined;
}

/** The order to cancel, and the reason. */
export interface CancelOrderInput {
  /** The id of the order, `ord_<uuid>`. */
  readonly orderId: string;

  /** The reason, at most 500 characters. It may have line breaks. */
  readonly reason: string;

  /** If it is set and the order is at another version, the command fails with a VersionConflictError. */
  readonly expectedVersion?: number | null | undefined;

  /** A command with the same key is executed only once. A repeat gets the first result. */
  readonly idempotencyKey?: string | null | undefined;
}

/** The data of a new product. */
export interface AddProductInput {
  /** The id of the product, `prd_<uuid>`. By default it is derived from the SKU, so that one SKU is one product. */
  readonly productId?: string | null | undefined;

  /** The SKU of the product, at most 64 characters. SKUs that differ only in case, in the encoding of accents, in invisible characters or in surrounding spaces are the same SKU. */
  readonly sku: string;

  /** The name of the product, at most 200 characters. */
  readonly name: string;

  /** The price of one unit. */
  readonly price: MoneyInput;

  /** A command with the same key is executed only once. A repeat gets the first result. */
  readonly idempotencyKey?: string | null | undefined;
}

/** An amount of money in one currency. */
export interface MoneyInput {
  /** The amount in the currency's main unit. It can't have more decimals than the currency has. */
  readonly amount: string;

  /** The currency of the amount. */
  readonly currency: string;
}

/** The changes to a product. At least one of name, price and available is required. */
export interface ChangeProductInput {
  /** The id of the product, `prd_<uuid>`. */
  readonly productId: string;

  /** The new name, at most 200 characters. Existing order lines keep the old name. */
  readonly name?: string | null | undefined;

  /** The new price of one unit. Existing order lines keep the old price. */
  readonly price?: MoneyInput | null | undefined;

  /** Whether the product can be ordered. */
  readonly available?: boolean | null | undefined;

  /** If it is set and the product is at another version, the command fails with a VersionConflictError. */
  readonly expectedVersion?: number | null | undefined;

  /** A command with the same key is executed only once. A repeat gets the first result. */
  readonly idempotencyKey?: string | null | undefined;
}

/** A business rule rejected the command. `path` leads to the rejected part of the input. `current` is the current state of the object. */
export interface RejectedError {
  readonly __typename: 'RejectedError';

  /** A text for people: the reason, and what to do. */
  readonly message: string;

  /** The business rule that rejected the command. */
  readonly reason: RejectionReason;

  /** Path from the arguments of the mutation to the rejected part of the input. */
  readonly path: readonly string[];

  /** The current state of the object. Null if it does not exist or the viewer may not see it. */
  readonly current: { readonly __typename: string; readonly id: string; readonly [field: string]: unknown } | null;
}

/** The business rule that rejected the command. New values may be added. */
export type RejectionReason =
  | 'CUSTOMER_NOT_FOUND'
  | 'CUSTOMER_ALREADY_EXISTS'
  | 'ORDER_ALREADY_EXISTS'
  | 'ORDER_NOT_DRAFT'
  | 'ORDER_EMPTY'
  | 'ORDER_NOT_SUBMITTED'
  | 'ORDER_NOT_CONFIRMED'
  | 'ORDER_NOT_SHIPPED'
  | 'ORDER_ALREADY_SHIPPED'
  | 'ORDER_CANCELLED'
  | 'LINE_NOT_FOUND'
  | 'LINE_ALREADY_EXISTS'
  | 'TOO_MANY_LINES'
  | 'QUANTITY_OUT_OF_RANGE'
  | 'TOTAL_OUT_OF_RANGE'
  | 'CURRENCY_MISMATCH'
  | 'PRODUCT_NOT_FOUND'
  | 'PRODUCT_UNAVAILABLE'
  | 'PRODUCT_ALREADY_EXISTS'
  | 'REBUILD_RUNNING'
  | 'NO_REBUILD_RUNNING'
  | 'STREAM_NOT_PARKED';

/** The object of the command does not exist, or the viewer may not see it. */
export interface NotFoundError {
  readonly __typename: 'NotFoundError';

  /** A text for people: the reason, and what to do. */
  readonly message: string;

  /** The id that was not found. */
  readonly id: string;
}

/** The object has changed since `expectedVersion`. */
export interface VersionConflictError {
  readonly __typename: 'VersionConflictError';

  /** A text for people: the reason, and what to do. */
  readonly message: string;

  /** The version that the command expected. */
  readonly expectedVersion: number;

  /** The version that the object has now. */
  readonly actualVersion: number;

  /** The current state of the object. Null if it does not exist or the viewer may not see it. */
  readonly current: { readonly __typename: string; readonly id: string; readonly [field: string]: unknown } | null;
}

/** The input is invalid. */
export interface InvalidInputError {
  readonly __typename: 'InvalidInputError';

  /** A text for people: the reason, and what to do. */
  readonly message: string;

  /** All problems of the input. */
  readonly issues: readonly InputIssue[];
}

/** One problem of an input. */
export interface InputIssue {
  /** Path from the arguments of the mutation to the invalid part. */
  readonly path: readonly string[];

  /** A text for people: the problem. */
  readonly message: string;
}

/** The idempotency key was already used for another command. */
export interface IdempotencyKeyReusedError {
  readonly __typename: 'IdempotencyKeyReusedError';

  /** A text for people: the reason, and what to do. */
  readonly message: string;
}
