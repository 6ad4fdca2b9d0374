import { type DocumentNode, type FragmentDefinitionNode, Kind, parse, visit } from 'graphql';
import { withEntityFields } from './entity-fields.ts';
import type { Data } from './data.ts';

/**
 * A fragment on `Order`: what each row holds. If it is typed, rows have its type. Fragments that it spreads are in the
 * same document.
 */
export type OrderFragment<Row = Data> = DocumentNode & { readonly __apiType?: ((variables: never) => Row) | undefined };

export type OrderStatus = 'DRAFT' | 'SUBMITTED' | 'CONFIRMED' | 'SHIPPED' | 'DELIVERED' | 'CANCELLED';

export interface OrderSort {
  readonly field: 'CREATED_AT' | 'UPDATED_AT' | 'TOTAL';
  readonly direction: 'ASC' | 'DESC';
}

/** As `OrderFilter` of the schema. */
export interface ListFilter {
  readonly idIn?: readonly string[] | null | undefined;
  readonly statusIn?: readonly OrderStatus[] | null | undefined;
  readonly customerId?: string | null | undefined;
  readonly productId?: string | null | undefined;
  readonly reference?: string | null | undefined;
  readonly currency?: string | null | undefined;
  readonly createdFrom?: string | null | undefined;
  readonly createdTo?: string | null | undefined;
  readonly search?: string | null | undefined;
}

/** The documents of one list or board. */
export interface ListDocuments {
  /** The first page of each column, as `column0`, `column1` and so on. */
  readonly firstPages: DocumentNode;
  /** One more page of a column, as `column0`. */
  readonly page: DocumentNode;
  readonly changes: DocumentNode;
}

/** The fragment of rows in these documents: the user's fragment, and under other keys what the list itself reads. */
export const rowFragment = 'OrderstreamRow';

const sortSelections = { CREATED_AT: 'createdAt', UPDATED_AT: 'updatedAt', TOTAL: 'total { minorUnits }' } as const;

/**
 * The documents of `createLiveBoard` and `useLiveBoard` with these options: for a server that accepts only registered
 * documents. They depend on the fragment, on the number of columns, on the field of `orderBy`, and on whether
 * `customerId` is set. If it is not set, the documents for staff and the ones for customers are returned.
 */
export function boardDocuments(options: {
  readonly fragment: OrderFragment<unknown>;
  readonly columns: Readonly<Record<string, unknown>>;
  readonly orderBy?: OrderSort | undefined;
  readonly customerId?: string | undefined;
}): readonly DocumentNode[] {
  const { fragment, columns, orderBy, customerId } = options;
  const kinds = customerId === undefined ? [false, true] : [true];
  return kinds.flatMap(isOfCustomer => {
    const { firstPages, page, changes } = composeList(
      fragment,
      Object.keys(columns).length,
      orderBy?.field,
      isOfCustomer,
    );
    return [firstPages, page, changes];
  });
}

/** The documents of `createLiveList` and `useLiveList`; see `boardDocuments`. */
export function listDocuments(options: Omit<Parameters<typeof boardDocuments>[0], 'columns'>): readonly DocumentNode[] {
  return boardDocuments({ ...options, columns: { rows: undefined } });
}

export function composeList(
  fragment: OrderFragment<unknown>,
  columnCount: number,
  sort: OrderSort['field'] = 'CREATED_AT',
  isOfCustomer: boolean,
): ListDocuments {
  const customer = isOfCustomer ? '$customerId: ID!, ' : '';
  const row = `fragment ${rowFragment} on Order {
    orderstream_id: id
    orderstream_version: version
    orderstream_status: status
    orderstream_sort: ${sortSelections[sort]}
    ...${nameOf(fragment)}
  }`;
  const page = `fragment OrderstreamPage on OrderConnection {
    edges { cursor node { ...${rowFragment} } }
    pageInfo { hasNextPage }
    position
  }`;
  const inCustomer = (fields: string) => (isOfCustomer ? `customer(id: $customerId) { ${fields} }` : fields);
  const column = (index: number, after: string) =>
    `column${index}: orders(first: $first${after}, filter: $filter${index}, orderBy: $orderBy) { ...OrderstreamPage }`;
  const indexes = Array.from({ length: columnCount }, (_, index) => index);
  const filters = indexes.map(index => `$filter${index}: OrderFilter`).join(', ');
  const field = isOfCustomer ? 'customerOrdersUpdated(customerId: $customerId, ' : 'ordersUpdated(';
  return {
    firstPages: composed(
      fragment,
      `query OrderstreamFirstPages(${customer}$first: Int!, $orderBy: OrderSort!, ${filters}) {
        ${inCustomer(indexes.map(index => column(index, '')).join(' '))}
      } ${page} ${row}`,
    ),
    page: composed(
      fragment,
      `query OrderstreamPage(${customer}$first: Int!, $after: String, $orderBy: OrderSort!, $filter0: OrderFilter) {
        ${inCustomer(column(0, ', after: $after'))}
      } ${page} ${row}`,
    ),
    changes: composed(
      fragment,
      `subscription OrderstreamChanges(${customer}$filter: OrderFilter, $after: Position) {
        value: ${field}filter: $filter, after: $after) {
          kind position matches order { ...${rowFragment} }
        }
      } ${row}`,
    ),
  };
}

/** The document of `createLiveOrder` and `useLiveOrder` with this fragment. */
export function orderDocument(fragment: OrderFragment<unknown>): DocumentNode {
  return composed(
    fragment,
    `subscription OrderstreamOrder($id: ID!, $after: Position) {
      value: orderUpdated(id: $id, after: $after) { kind position order { ...${rowFragment} } }
    }
    fragment ${rowFragment} on Order { orderstream_version: version ...${nameOf(fragment)} }`,
  );
}

/** The document of `createLiveCounts` and `useLiveCounts`. */
export function countsDocument(): DocumentNode {
  return composed(
    { kind: Kind.DOCUMENT, definitions: [] },
    `subscription OrderstreamCounts($customerId: ID, $after: Position) {
      value: orderCountsUpdated(customerId: $customerId, after: $after) {
        kind position counts { orderCount openOrderCount byStatus { status count } position }
      }
    }`,
  );
}

/** The same text for the same fragment, whatever the options' values are: a server may know documents by their hash. */
function composed(fragment: OrderFragment<unknown>, text: string): DocumentNode {
  const { kind, definitions } = parse(text, { noLocation: true });
  return withEntityFields({ kind, definitions: [...definitions, ...fragment.definitions] });
}

/** The fragment that rows are made of: of several on `Order` the one that no other spreads. */
function nameOf(fragment: OrderFragment<unknown>): string {
  const spread = new Set<string>();
  visit(fragment, { FragmentSpread: node => void spread.add(node.name.value) });
  const isRoot = (node: DocumentNode['definitions'][number]): node is FragmentDefinitionNode =>
    node.kind === Kind.FRAGMENT_DEFINITION && node.typeCondition.name.value === 'Order' && !spread.has(node.name.value);
  const root = fragment.definitions.find(isRoot);
  if (!root) throw new TypeError('`fragment` has to be a document with a fragment on Order.');
  return root.name.value;
}
