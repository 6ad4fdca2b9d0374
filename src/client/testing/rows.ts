/** The status of an order, as in the schema. */
export type OrderStatus = 'DRAFT' | 'SUBMITTED' | 'CONFIRMED' | 'SHIPPED' | 'DELIVERED' | 'CANCELLED';

export const orderStatuses: readonly OrderStatus[] = [
  'DRAFT',
  'SUBMITTED',
  'CONFIRMED',
  'SHIPPED',
  'DELIVERED',
  'CANCELLED',
];

/** What all objects have. Times are RFC 3339. */
interface Versioned {
  readonly id: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
  readonly position: string;
}

/** A line of an order, with the product as it was when the line was added. */
export interface LineRow {
  readonly id: string;
  readonly productId: string;
  readonly sku: string;
  readonly productName: string;
  readonly quantity: number;
  /** In the smallest unit of the order's currency. */
  readonly unitPrice: number;
}

/** An order in one of its versions. */
export interface OrderRow extends Versioned {
  readonly __typename: 'Order';
  readonly number: string;
  readonly reference: string | null;
  readonly customerId: string;
  readonly status: OrderStatus;
  readonly currency: string | null;
  readonly lines: readonly LineRow[];
  readonly submittedAt: string | null;
  readonly confirmedAt: string | null;
  readonly shippedAt: string | null;
  readonly deliveredAt: string | null;
  readonly cancelledAt: string | null;
  readonly cancellationReason: string | null;
  readonly carrier: string | null;
  readonly trackingNumber: string | null;
}

/** A customer in one of their versions. */
export interface CustomerRow extends Versioned {
  readonly __typename: 'Customer';
  readonly name: string;
  readonly email: string;
  readonly erasedAt: string | null;
}

/** A product in one of its versions. */
export interface ProductRow extends Versioned {
  readonly __typename: 'Product';
  readonly sku: string;
  readonly name: string;
  /** Of one unit, in the currency's smallest unit. */
  readonly price: number;
  readonly currency: string;
  readonly available: boolean;
}

export type Row = OrderRow | CustomerRow | ProductRow;
export type TypeName = Row['__typename'];
export type RowOf<Type extends TypeName> = Extract<Row, { readonly __typename: Type }>;

type Fields<One extends Row> = Partial<Omit<One, '__typename' | 'position' | 'lines'>>;

/** The fields of an order that a test cares about; the others get values that fit. */
export type GivenOrder = Fields<OrderRow> & { readonly lines?: readonly Partial<LineRow>[] };
/** The fields of a customer that a test cares about. */
export type GivenCustomer = Fields<CustomerRow>;
/** The fields of a product that a test cares about. */
export type GivenProduct = Fields<ProductRow>;

export type GivenRow = GivenOrder | GivenCustomer | GivenProduct;

/** What a scripted server starts with. Of objects with no own time, the last one is the newest. */
export interface GivenShop {
  readonly orders?: readonly GivenOrder[] | undefined;
  readonly customers?: readonly GivenCustomer[] | undefined;
  readonly products?: readonly GivenProduct[] | undefined;
}
