// Written by codegen.ts from the schema.

/** The types of each interface and union, for Apollo's `InMemoryCache({ possibleTypes })`. */
export const possibleTypes: Record<string, string[]> = {
  CommandError: [
    'RejectedError',
    'NotFoundError',
    'VersionConflictError',
    'InvalidInputError',
    'IdempotencyKeyReusedError',
  ],
  CustomerCommandResult: [
    'CustomerCommandPayload',
    'RejectedError',
    'NotFoundError',
    'VersionConflictError',
    'InvalidInputError',
    'IdempotencyKeyReusedError',
  ],
  Node: ['Customer', 'Product', 'Order'],
  OrderCommandResult: [
    'OrderCommandPayload',
    'RejectedError',
    'NotFoundError',
    'VersionConflictError',
    'InvalidInputError',
    'IdempotencyKeyReusedError',
  ],
  ProductCommandResult: [
    'ProductCommandPayload',
    'RejectedError',
    'NotFoundError',
    'VersionConflictError',
    'InvalidInputError',
    'IdempotencyKeyReusedError',
  ],
};

const embedded = (): null => null;

/** Types without an id, which are stored inside their parent: for `cacheExchange({ keys })` of urql's Graphcache. */
export const keys: Record<string, () => null> = {
  CustomerCommandPayload: embedded,
  CustomerConnection: embedded,
  CustomerEdge: embedded,
  CustomerOrderTotals: embedded,
  CustomerUpdate: embedded,
  IdempotencyKeyReusedError: embedded,
  InputIssue: embedded,
  InvalidInputError: embedded,
  Money: embedded,
  OrderCommandPayload: embedded,
  OrderConnection: embedded,
  OrderEdge: embedded,
  OrderEventConnection: embedded,
  OrderEventEdge: embedded,
  OrderListUpdate: embedded,
  OrderRevisionLine: embedded,
  OrderStatusCount: embedded,
  OrderUpdate: embedded,
  PageInfo: embedded,
  ProductCommandPayload: embedded,
  ProductConnection: embedded,
  ProductEdge: embedded,
  ProductListUpdate: embedded,
  ProductSales: embedded,
  ProjectionRebuild: embedded,
  RejectedError: embedded,
  SalesDay: embedded,
  Shipment: embedded,
  VersionConflictError: embedded,
  Viewer: embedded,
};
