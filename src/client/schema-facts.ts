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

/**
 * The types of the fields that are objects, by the type that has the field. Fields of Query, Mutation and Subscription are
 * left out if their answers contain nothing that has a version.
 */
export const fieldTypes: Record<string, Record<string, string>> = {
  Query: {
    node: 'Node',
    nodes: 'Node',
    viewer: 'Viewer',
    customer: 'Customer',
    customers: 'CustomerConnection',
    order: 'Order',
    orderByNumber: 'Order',
    orders: 'OrderConnection',
    product: 'Product',
    products: 'ProductConnection',
  },
  Customer: { orders: 'OrderConnection', orderTotals: 'CustomerOrderTotals' },
  OrderConnection: { edges: 'OrderEdge', nodes: 'Order', pageInfo: 'PageInfo' },
  OrderEdge: { node: 'Order' },
  Order: {
    customer: 'Customer',
    lines: 'OrderLine',
    total: 'Money',
    shipment: 'Shipment',
    history: 'OrderEventConnection',
  },
  OrderLine: { product: 'Product', unitPrice: 'Money', subtotal: 'Money' },
  Product: { price: 'Money' },
  OrderEventConnection: { edges: 'OrderEventEdge', nodes: 'OrderEvent', pageInfo: 'PageInfo' },
  OrderEventEdge: { node: 'OrderEvent' },
  CustomerOrderTotals: { byStatus: 'OrderStatusCount', totalSpent: 'Money' },
  Viewer: { customer: 'Customer' },
  CustomerConnection: { edges: 'CustomerEdge', nodes: 'Customer', pageInfo: 'PageInfo' },
  CustomerEdge: { node: 'Customer' },
  ProductConnection: { edges: 'ProductEdge', nodes: 'Product', pageInfo: 'PageInfo' },
  ProductEdge: { node: 'Product' },
  Mutation: {
    registerCustomer: 'CustomerCommandResult',
    renameCustomer: 'CustomerCommandResult',
    createOrder: 'OrderCommandResult',
    addOrderItem: 'OrderCommandResult',
    removeOrderItem: 'OrderCommandResult',
    changeOrderItemQuantity: 'OrderCommandResult',
    submitOrder: 'OrderCommandResult',
    confirmOrder: 'OrderCommandResult',
    shipOrder: 'OrderCommandResult',
    deliverOrder: 'OrderCommandResult',
    cancelOrder: 'OrderCommandResult',
    addProduct: 'ProductCommandResult',
    changeProduct: 'ProductCommandResult',
  },
  CustomerCommandPayload: { customer: 'Customer' },
  RejectedError: { current: 'Node' },
  VersionConflictError: { current: 'Node' },
  InvalidInputError: { issues: 'InputIssue' },
  OrderCommandPayload: { order: 'Order' },
  ProductCommandPayload: { product: 'Product' },
  Subscription: {
    customerUpdated: 'CustomerUpdate',
    orderUpdated: 'OrderUpdate',
    customerOrdersUpdated: 'OrderListUpdate',
    ordersUpdated: 'OrderListUpdate',
    productsUpdated: 'ProductListUpdate',
  },
  CustomerUpdate: { customer: 'Customer' },
  OrderUpdate: { order: 'Order' },
  OrderListUpdate: { order: 'Order' },
  ProductListUpdate: { product: 'Product' },
};

/**
 * The fields that say which state of an object an answer has, by type. A type with the empty text has no such field, and
 * the version of its parent does not cover it.
 */
export const stateFields: Record<string, string> = {
  Node: 'id',
  Customer: 'id version position',
  CustomerConnection: 'position',
  CustomerCommandPayload: 'version position',
  Product: 'id version position',
  ProductConnection: 'position',
  Order: 'id version position',
  OrderConnection: 'position',
  OrderCommandPayload: 'version position',
  OrderEventConnection: 'position',
  CustomerOrderTotals: '',
  ProductCommandPayload: 'version position',
};
