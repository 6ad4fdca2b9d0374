import { readFileSync } from 'node:fs';
import { buildSchema, type DocumentNode, execute } from 'graphql';
import type { Data } from '../../../../src/client/data.ts';
import type { ListFilter, OrderSort, OrderStatus } from '../../../../src/client/list-documents.ts';
import { formatCursor, parseCursor, type Sort } from '../../../../src/graphql/cursor.ts';

export const schema = buildSchema(readFileSync(new URL('../../../../schema.graphql', import.meta.url), 'utf8'));

/** An order in one version, as its last change left it. */
export interface OrderState {
  readonly id: string;
  readonly version: number;
  /** The number of the change in the log, from 1. */
  readonly point: number;
  readonly status: OrderStatus;
  /** Whether filters by product find it. */
  readonly isFound: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly total: number;
}

/** The query of a list. */
export interface ListQuery {
  readonly filter?: ListFilter | null;
  readonly orderBy: OrderSort;
  readonly first: number;
  readonly after?: string | null;
}

const sorts: Record<OrderSort['field'], Sort> = {
  CREATED_AT: { name: 'order-created', value: 'date-time' },
  UPDATED_AT: { name: 'order-updated', value: 'date-time' },
  TOTAL: { name: 'order-total', value: 'integer' },
};

export const customerId = 'cus_00000000-0000-4000-8000-000000000001';
export const orderId = (number: number) => `ord_00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
export const time = (tick: number) => new Date(Date.UTC(2026, 0, 1) + tick * 1_000).toISOString();

/** The log of a server, and its answers as they are at any point of it. */
export class OrderLog {
  readonly generation: number;
  readonly #changes: OrderState[] = [];
  readonly #hash: string;

  constructor(generation: number) {
    this.generation = generation;
    this.#hash = String(generation % 10).repeat(12);
  }

  get point(): number {
    return this.#changes.length;
  }

  positionAt(point: number): string {
    return `${point.toString(16).padStart(13, '0')}-${this.#hash}`;
  }

  append(change: Partial<OrderState> & { readonly id: string }): OrderState {
    const before = this.ordersAt(this.point).get(change.id);
    const created = { status: 'DRAFT', isFound: true, createdAt: time(0), updatedAt: time(0), total: 0 } as const;
    const state = { ...created, ...before, ...change, version: (before?.version ?? 0) + 1, point: this.point + 1 };
    this.#changes.push(state);
    return state;
  }

  ordersAt(point: number): ReadonlyMap<string, OrderState> {
    return new Map(this.#changes.slice(0, point).map(state => [state.id, state]));
  }

  /** The orders that changed after a point, each in its newest state, as a subscription to a list sends them. */
  changesAfter(point: number): OrderState[] {
    return [...this.ordersAt(this.point).values()]
      .filter(state => state.point > point)
      .sort((left, right) => left.point - right.point);
  }

  /** All rows of a list. */
  listAt(point: number, { filter, orderBy }: Pick<ListQuery, 'filter' | 'orderBy'>): OrderState[] {
    const found = [...this.ordersAt(point).values()].filter(
      state => this.matches(state, filter) && (!filter?.statusIn || filter.statusIn.includes(state.status)),
    );
    return found.sort((left, right) => compare(left, right, orderBy));
  }

  /** Whether it meets the filter, apart from its status. */
  matches(state: OrderState, filter: ListFilter | null | undefined): boolean {
    return filter?.productId == null || state.isFound;
  }

  /** @throws if the document is not valid, or a field fails */
  execute(document: DocumentNode, variables: Data, rootValue: object): Data {
    const { data, errors } = execute({ schema, document, variableValues: variables, rootValue }) as {
      data: Data;
      errors?: readonly Error[];
    };
    if (errors) throw errors[0]!;
    return JSON.parse(JSON.stringify(data)) as Data;
  }

  /**
   * The fields of Query that lists use.
   * @param spread number of changes between the reads of two pages of one answer
   */
  queryAt(point: number, spread = 0): object {
    let next = point - spread;
    const orders = (query: ListQuery) => this.#connection((next = Math.min(next + spread, this.point)), query);
    return {
      orders,
      customer: ({ id }: { id: string }) =>
        id === customerId ? { id, version: 1, position: this.positionAt(1), name: 'Zoë', orders } : null,
    };
  }

  orderOf(state: OrderState): object {
    const { point, total, ...fields } = state;
    return {
      __typename: 'Order',
      ...fields,
      position: this.positionAt(point),
      number: state.id.slice(-9),
      reference: null,
      itemCount: state.version,
      total: { amount: String(total), minorUnits: total, currency: 'EUR' },
      customer: { id: customerId, version: 1, position: this.positionAt(1), name: 'Zoë', createdAt: time(0) },
    };
  }

  #connection(point: number, query: ListQuery): object {
    const { first, after, orderBy } = query;
    const all = this.listAt(point, query);
    const sort = sorts[orderBy.field];
    const cursor = after == null ? undefined : parseCursor(sort, after);
    const start = cursor
      ? all.findIndex(state => compare(state, { ...state, id: cursor.id, ...at(orderBy, cursor.value) }, orderBy) > 0)
      : 0;
    const rest = start < 0 ? [] : all.slice(start);
    return {
      edges: rest.slice(0, first).map(state => ({
        node: this.orderOf(state),
        cursor: formatCursor(sort, { value: valueOf(state, orderBy), id: state.id }),
      })),
      pageInfo: { hasNextPage: rest.length > first },
      position: this.positionAt(point),
    };
  }
}

function valueOf(state: OrderState, { field }: OrderSort): string | number {
  return { CREATED_AT: state.createdAt, UPDATED_AT: state.updatedAt, TOTAL: state.total }[field];
}

function at({ field }: OrderSort, value: string | number): object {
  return { [{ CREATED_AT: 'createdAt', UPDATED_AT: 'updatedAt', TOTAL: 'total' }[field]]: value };
}

/** As PostgreSQL sorts rows by value and id, both in the same direction. */
function compare(left: OrderState, right: OrderState, orderBy: OrderSort): number {
  const [one, other] = orderBy.direction === 'ASC' ? [left, right] : [right, left];
  const [low, high] = [valueOf(one, orderBy), valueOf(other, orderBy)];
  if (low !== high) return low < high ? -1 : 1;
  return one.id < other.id ? -1 : one.id > other.id ? 1 : 0;
}
