import type { OrderPage } from './board-rows.ts';
import { composeList, type ListFilter, type OrderFragment, type OrderSort, rowFragment } from './list-documents.ts';
import { type Data, OperationError, type Operations } from './operations.ts';

/** A frame of the subscription to a list. */
export interface ListChange {
  readonly kind: 'UPDATE' | 'RESYNC' | 'PROGRESS';
  readonly position: string;
  readonly matches: boolean | null;
  readonly order: Data | null;
}

/** What the server knows of a board. */
export interface ListSource {
  /** Loads the first page of each column, with one query. */
  loadFirst(first: number, signal: AbortSignal): Promise<readonly OrderPage[]>;
  loadPage(column: number, first: number, after: string, signal: AbortSignal): Promise<OrderPage>;
  /** The newest state of a row that the session knows. */
  readonly renewed: (row: Data) => Data;
  /** @returns a function that ends it */
  subscribe(after: string, onChange: (change: ListChange) => void, onEnd: (error: unknown) => void): () => void;
}

export interface ListSourceOptions {
  readonly fragment: OrderFragment<unknown>;
  readonly orderBy: OrderSort;
  /** Of each column; undefined: all. */
  readonly statuses: readonly (readonly string[] | undefined)[];
  /** Of all columns, without a status. */
  readonly filter: ListFilter;
  /** Undefined: the orders of all customers. */
  readonly customerId: string | undefined;
}

export function openListSource(operations: Operations, options: ListSourceOptions): ListSource {
  const { fragment, orderBy, statuses, filter, customerId } = options;
  const documents = composeList(fragment, statuses.length, orderBy.field, customerId !== undefined);
  const scope = customerId === undefined ? {} : { customerId };
  const filterOf = (column: number) => ({ ...filter, ...(statuses[column] && { statusIn: statuses[column] }) });

  /** @throws OperationError NOT_FOUND */
  function pagesOf(data: Data): readonly OrderPage[] {
    const lists = (customerId === undefined ? data : data['customer']) as Readonly<Record<string, OrderPage>> | null;
    if (!lists) throw new OperationError('NOT_FOUND', 'There is no customer with this id.');
    return statuses.flatMap((_, index) => lists[`column${index}`] ?? []);
  }

  return {
    async loadFirst(first, signal) {
      const filters = Object.fromEntries(statuses.map((_, column) => [`filter${column}`, filterOf(column)]));
      return pagesOf(await operations.query(documents.firstPages, { ...scope, first, orderBy, ...filters }, signal));
    },
    async loadPage(column, first, after, signal) {
      const variables = { ...scope, first, after, orderBy, filter0: filterOf(column) };
      return pagesOf(await operations.query(documents.page, variables, signal))[0] as OrderPage;
    },
    renewed: row => operations.session.entities.renewEntity(documents.changes, rowFragment, {}, row),
    subscribe(after, onChange, onEnd) {
      return operations.subscribe(
        documents.changes,
        { ...scope, filter, after },
        {
          next({ data, errors }) {
            const change = (data as { readonly change?: ListChange } | null | undefined)?.change;
            if (change && (change.kind !== 'UPDATE' || change.order)) onChange(change);
            else onEnd(new OperationError('INTERNAL', errors?.[0]?.message ?? 'A change came without its order.'));
          },
          error: onEnd,
          complete: () => onEnd(new OperationError('NETWORK', 'The server ended the subscription.')),
        },
      );
    },
  };
}
