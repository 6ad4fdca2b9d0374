// Written by codegen.ts from the schema.

/** The schema without descriptions. */
export const schemaText = `
scalar Date

scalar DateTime @specifiedBy(url: "https://scalars.graphql.org/andimarek/date-time.html")

scalar Decimal

scalar CurrencyCode

scalar SafeInt

scalar IdempotencyKey

scalar Position

scalar JSON

enum SortDirection {
  ASC
  DESC
}

enum ErrorCode {
  GRAPHQL_PARSE_FAILED
  GRAPHQL_VALIDATION_FAILED
  BAD_USER_INPUT
  NOT_ACCEPTABLE
  UNAUTHENTICATED
  FORBIDDEN
  NOT_FOUND
  VIEW_LAGGING
  VIEW_PARKED
  STALE_POSITION
  OUTCOME_UNKNOWN
  LIMIT_EXCEEDED
  RATE_LIMITED
  UNAVAILABLE
  READ_ONLY
  INTERNAL
}

enum LiveKind {
  SNAPSHOT
  UPDATE
  RESYNC
  PROGRESS
}

enum Role {
  CUSTOMER
  STAFF
  OPERATOR
}

enum ProjectionState {
  LIVE
  REBUILDING
  PAUSED
  FAILED
}

enum ProcessRole {
  API
  PROJECTOR
}

enum OrderStatus {
  DRAFT
  SUBMITTED
  CONFIRMED
  SHIPPED
  DELIVERED
  CANCELLED
}

enum OrderAction {
  ADD_ITEM
  REMOVE_ITEM
  CHANGE_QUANTITY
  SUBMIT
  CONFIRM
  SHIP
  DELIVER
  CANCEL
}

enum OrderSortField {
  CREATED_AT
  UPDATED_AT
  TOTAL
}

enum RejectionReason {
  CUSTOMER_NOT_FOUND
  CUSTOMER_ALREADY_EXISTS
  ORDER_ALREADY_EXISTS
  ORDER_NOT_DRAFT
  ORDER_EMPTY
  ORDER_NOT_SUBMITTED
  ORDER_NOT_CONFIRMED
  ORDER_NOT_SHIPPED
  ORDER_ALREADY_SHIPPED
  ORDER_CANCELLED
  LINE_NOT_FOUND
  LINE_ALREADY_EXISTS
  TOO_MANY_LINES
  QUANTITY_OUT_OF_RANGE
  TOTAL_OUT_OF_RANGE
  CURRENCY_MISMATCH
  PRODUCT_NOT_FOUND
  PRODUCT_UNAVAILABLE
  PRODUCT_ALREADY_EXISTS
  REBUILD_RUNNING
  NO_REBUILD_RUNNING
  STREAM_NOT_PARKED
}

input RebuildViewInput {
  view: String!
  idempotencyKey: IdempotencyKey
}

input AbandonRebuildInput {
  idempotencyKey: IdempotencyKey
}

input RetryParkedStreamInput {
  streamId: ID!
  idempotencyKey: IdempotencyKey
}

input SkipParkedStreamInput {
  streamId: ID!
  version: Int
  idempotencyKey: IdempotencyKey
}

input RegisterCustomerInput {
  customerId: ID
  name: String!
  email: String!
  idempotencyKey: IdempotencyKey
}

input RenameCustomerInput {
  customerId: ID!
  name: String!
  expectedVersion: Int
  idempotencyKey: IdempotencyKey
}

input EraseCustomerInput {
  customerId: ID!
  idempotencyKey: IdempotencyKey
}

input OrderItemInput {
  productId: ID!
  quantity: Int!
}

input CreateOrderInput {
  orderId: ID
  customerId: ID
  currency: CurrencyCode
  items: [OrderItemInput!] = []
  reference: String
  idempotencyKey: IdempotencyKey
}

input AddOrderItemInput {
  orderId: ID!
  productId: ID!
  quantity: Int! = 1
  lineId: ID
  expectedVersion: Int
  idempotencyKey: IdempotencyKey
}

input RemoveOrderItemInput {
  orderId: ID!
  lineId: ID!
  expectedVersion: Int
  idempotencyKey: IdempotencyKey
}

input ChangeOrderItemQuantityInput {
  orderId: ID!
  lineId: ID!
  quantity: Int!
  expectedVersion: Int
  idempotencyKey: IdempotencyKey
}

input SubmitOrderInput {
  orderId: ID!
  expectedVersion: Int
  idempotencyKey: IdempotencyKey
}

input ConfirmOrderInput {
  orderId: ID!
  expectedVersion: Int
  idempotencyKey: IdempotencyKey
}

input ShipOrderInput {
  orderId: ID!
  carrier: String!
  trackingNumber: String
  expectedVersion: Int
  idempotencyKey: IdempotencyKey
}

input DeliverOrderInput {
  orderId: ID!
  expectedVersion: Int
  idempotencyKey: IdempotencyKey
}

input CancelOrderInput {
  orderId: ID!
  reason: String!
  expectedVersion: Int
  idempotencyKey: IdempotencyKey
}

input OrderAt @oneOf {
  version: Int
  time: DateTime
}

input OrderFilter {
  idIn: [ID!]
  statusIn: [OrderStatus!]
  customerId: ID
  productId: ID
  reference: String
  currency: CurrencyCode
  createdFrom: DateTime
  createdTo: DateTime
  search: String
}

input OrderSort {
  field: OrderSortField!
  direction: SortDirection!
}

input MoneyInput {
  amount: Decimal!
  currency: CurrencyCode!
}

input AddProductInput {
  productId: ID
  sku: String!
  name: String!
  price: MoneyInput!
  idempotencyKey: IdempotencyKey
}

input ChangeProductInput {
  productId: ID!
  name: String
  price: MoneyInput
  available: Boolean
  expectedVersion: Int
  idempotencyKey: IdempotencyKey
}

interface Node {
  id: ID!
}

interface CommandError {
  message: String!
}

type Money {
  amount: Decimal!
  minorUnits: SafeInt!
  currency: CurrencyCode!
}

type Viewer {
  subject: String!
  role: Role!
  customer: Customer
}

type ProjectionRebuild {
  processed: SafeInt!
  total: SafeInt!
  eventsPerSecond: Float!
  etaSeconds: Float
}

type Projection {
  id: ID!
  name: String!
  state: ProjectionState!
  position: Position!
  lagEvents: SafeInt!
  lagSeconds: Float!
  parkedStreams: Int!
  rebuild: ProjectionRebuild
}

type PageInfo {
  hasNextPage: Boolean!
  hasPreviousPage: Boolean!
  startCursor: String
  endCursor: String
}

type ParkedStream {
  id: ID!
  streamType: String!
  streamId: ID!
  version: Int!
  position: Position!
  error: String!
  attempts: Int!
  triedAt: DateTime!
}

type ParkedStreamEdge {
  node: ParkedStream!
  cursor: String!
}

type ParkedStreamConnection {
  edges: [ParkedStreamEdge!]!
  nodes: [ParkedStream!]!
  pageInfo: PageInfo!
  totalCount: Int
  position: Position!
}

type Process {
  id: ID!
  release: String!
  host: String!
  roles: [ProcessRole!]!
  startedAt: DateTime!
  lastSeenAt: DateTime!
  sockets: Int!
  subscriptions: Int!
  lagEvents: SafeInt!
}

type StoredEvent {
  id: ID!
  type: String!
  version: Int!
  position: Position!
  schemaVersion: Int!
  occurredAt: DateTime!
  recordedAt: DateTime!
  actor: String!
  correlationId: String!
  data: JSON!
  streamType: String!
  streamId: ID!
  actorRole: Role!
}

type InputIssue {
  path: [String!]!
  message: String!
}

type RejectedError implements CommandError {
  message: String!
  reason: RejectionReason!
  path: [String!]!
  current: Node
}

type NotFoundError implements CommandError {
  message: String!
  id: ID!
}

type VersionConflictError implements CommandError {
  message: String!
  expectedVersion: Int!
  actualVersion: Int!
  current: Node
}

type InvalidInputError implements CommandError {
  message: String!
  issues: [InputIssue!]!
}

type IdempotencyKeyReusedError implements CommandError {
  message: String!
}

type OperatorCommandPayload {
  position: Position!
}

type Customer implements Node {
  id: ID!
  version: Int!
  position: Position!
  createdAt: DateTime!
  updatedAt: DateTime!
  erasedAt: DateTime
  name: String!
  email: String!
  orders(first: Int, after: String, last: Int, before: String, filter: OrderFilter, orderBy: OrderSort = {field: CREATED_AT, direction: DESC}): OrderConnection
  orderTotals: CustomerOrderTotals!
}

type CustomerEdge {
  node: Customer!
  cursor: String!
}

type CustomerConnection {
  edges: [CustomerEdge!]!
  nodes: [Customer!]!
  pageInfo: PageInfo!
  totalCount: Int
  position: Position!
}

type CustomerCommandPayload {
  customerId: ID!
  version: Int!
  position: Position!
  customer: Customer
}

type CustomerUpdate {
  kind: LiveKind!
  customer: Customer!
  position: Position!
}

type Product implements Node {
  id: ID!
  version: Int!
  position: Position!
  createdAt: DateTime!
  updatedAt: DateTime!
  sku: String!
  name: String!
  price: Money!
  available: Boolean!
}

type ProductEdge {
  node: Product!
  cursor: String!
}

type ProductConnection {
  edges: [ProductEdge!]!
  nodes: [Product!]!
  pageInfo: PageInfo!
  totalCount: Int
  position: Position!
}

type OrderLine {
  id: ID!
  productId: ID!
  sku: String!
  productName: String!
  product: Product
  quantity: Int!
  unitPrice: Money!
  subtotal: Money!
}

type Shipment {
  carrier: String!
  trackingNumber: String
}

type Order implements Node {
  id: ID!
  number: String!
  reference: String
  customer: Customer!
  status: OrderStatus!
  lines: [OrderLine!]!
  itemCount: Int!
  total: Money!
  createdAt: DateTime!
  updatedAt: DateTime!
  submittedAt: DateTime
  confirmedAt: DateTime
  shippedAt: DateTime
  deliveredAt: DateTime
  cancelledAt: DateTime
  cancellationReason: String
  shipment: Shipment
  availableActions: [OrderAction!]!
  version: Int!
  position: Position!
  history(first: Int, after: String): OrderEventConnection
}

type OrderEdge {
  node: Order!
  cursor: String!
}

type OrderConnection {
  edges: [OrderEdge!]!
  nodes: [Order!]!
  pageInfo: PageInfo!
  totalCount: Int
  position: Position!
}

type OrderCommandPayload {
  orderId: ID!
  version: Int!
  position: Position!
  order: Order
}

type OrderEvent {
  id: ID!
  type: String!
  version: Int!
  position: Position!
  schemaVersion: Int!
  occurredAt: DateTime!
  recordedAt: DateTime!
  actor: String!
  correlationId: String!
  data: JSON!
  orderId: ID!
}

type OrderEventEdge {
  node: OrderEvent!
  cursor: String!
}

type OrderEventConnection {
  edges: [OrderEventEdge!]!
  nodes: [OrderEvent!]!
  pageInfo: PageInfo!
  totalCount: Int
  position: Position!
}

type OrderRevisionLine {
  lineId: ID!
  productId: ID!
  productName: String!
  quantity: Int!
  unitPrice: Money!
  subtotal: Money!
}

type OrderRevision {
  id: ID!
  orderId: ID!
  version: Int!
  position: Position!
  occurredAt: DateTime!
  status: OrderStatus!
  reference: String
  lines: [OrderRevisionLine!]!
  itemCount: Int!
  total: Money!
  cancellationReason: String
  shipment: Shipment
}

type OrderStatusCount {
  status: OrderStatus!
  count: Int!
}

type OrderCounts {
  orderCount: Int!
  openOrderCount: Int!
  byStatus: [OrderStatusCount!]!
  position: Position!
}

type CustomerOrderTotals {
  orderCount: Int!
  openOrderCount: Int!
  byStatus: [OrderStatusCount!]!
  totalSpent: [Money!]!
  lastOrderAt: DateTime
}

type SalesDay {
  date: Date!
  orderCount: Int!
  itemCount: SafeInt!
  revenue: Money!
}

type ProductSales {
  productId: ID!
  productName: String!
  unitsSold: SafeInt!
  revenue: Money!
}

type OrderUpdate {
  kind: LiveKind!
  order: Order!
  position: Position!
}

type OrderListUpdate {
  kind: LiveKind!
  position: Position!
  orderId: ID
  matches: Boolean
  order: Order
}

type OrderCountsUpdate {
  kind: LiveKind!
  counts: OrderCounts!
  position: Position!
}

type ProductCommandPayload {
  productId: ID!
  version: Int!
  position: Position!
  product: Product
}

type ProductListUpdate {
  kind: LiveKind!
  position: Position!
  productId: ID
  matches: Boolean
  product: Product
}

union OperatorCommandResult = OperatorCommandPayload | RejectedError | NotFoundError | InvalidInputError | IdempotencyKeyReusedError

union CustomerCommandResult = CustomerCommandPayload | RejectedError | NotFoundError | VersionConflictError | InvalidInputError | IdempotencyKeyReusedError

union OrderCommandResult = OrderCommandPayload | RejectedError | NotFoundError | VersionConflictError | InvalidInputError | IdempotencyKeyReusedError

union ProductCommandResult = ProductCommandPayload | RejectedError | NotFoundError | VersionConflictError | InvalidInputError | IdempotencyKeyReusedError

type Query {
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  viewer: Viewer!
  projections: [Projection!]
  parkedStreams(first: Int, after: String, last: Int, before: String, atLeast: Position): ParkedStreamConnection
  processes: [Process!]
  customer(id: ID!, atLeast: Position): Customer
  customers(first: Int, after: String, last: Int, before: String, search: String, atLeast: Position): CustomerConnection
  orderAt(id: ID!, at: OrderAt!): OrderRevision
  order(id: ID!, atLeast: Position): Order
  orderByNumber(number: String!, atLeast: Position): Order
  orders(first: Int, after: String, last: Int, before: String, filter: OrderFilter, orderBy: OrderSort = {field: CREATED_AT, direction: DESC}, atLeast: Position): OrderConnection
  orderCounts(customerId: ID, atLeast: Position): OrderCounts
  salesByDay(from: Date!, to: Date!, currency: CurrencyCode!): [SalesDay!]
  topProducts(limit: Int! = 10, from: Date, to: Date, currency: CurrencyCode!): [ProductSales!]
  product(id: ID!, atLeast: Position): Product
  products(first: Int, after: String, last: Int, before: String, search: String, atLeast: Position): ProductConnection
}

type Mutation {
  rebuildView(input: RebuildViewInput!): OperatorCommandResult
  abandonRebuild(input: AbandonRebuildInput!): OperatorCommandResult
  retryParkedStream(input: RetryParkedStreamInput!): OperatorCommandResult
  skipParkedStream(input: SkipParkedStreamInput!): OperatorCommandResult
  registerCustomer(input: RegisterCustomerInput!): CustomerCommandResult
  renameCustomer(input: RenameCustomerInput!): CustomerCommandResult
  eraseCustomer(input: EraseCustomerInput!): CustomerCommandResult
  createOrder(input: CreateOrderInput!): OrderCommandResult
  addOrderItem(input: AddOrderItemInput!): OrderCommandResult
  removeOrderItem(input: RemoveOrderItemInput!): OrderCommandResult
  changeOrderItemQuantity(input: ChangeOrderItemQuantityInput!): OrderCommandResult
  submitOrder(input: SubmitOrderInput!): OrderCommandResult
  confirmOrder(input: ConfirmOrderInput!): OrderCommandResult
  shipOrder(input: ShipOrderInput!): OrderCommandResult
  deliverOrder(input: DeliverOrderInput!): OrderCommandResult
  cancelOrder(input: CancelOrderInput!): OrderCommandResult
  addProduct(input: AddProductInput!): ProductCommandResult
  changeProduct(input: ChangeProductInput!): ProductCommandResult
}

type Subscription {
  projectionsUpdated: [Projection!]!
  eventsAppended(after: Position): StoredEvent!
  customerUpdated(id: ID!, after: Position): CustomerUpdate!
  orderUpdated(id: ID!, after: Position): OrderUpdate!
  customerOrdersUpdated(customerId: ID!, filter: OrderFilter, after: Position): OrderListUpdate!
  ordersUpdated(filter: OrderFilter, after: Position): OrderListUpdate!
  orderCountsUpdated(customerId: ID, after: Position): OrderCountsUpdate!
  orderEvents(orderId: ID!, after: Position): OrderEvent!
  productsUpdated(search: String, after: Position): ProductListUpdate!
}
`;
