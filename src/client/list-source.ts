import type { DocumentNode } from 'graphql';
import type { OrderPage } from './board-rows.ts';
import { composeList, type ListFilter, type OrderFragment, type OrderSort, rowFragment } from './list-documents.ts';
import type { Data, Variables } from './data.ts';
import { OperationError } from './operation-error.ts';
import type { Operations } from './operations.ts';

/** What the server knows of a board. */
export interface ListSource {
  /** Loads the first page of each column, with one query. */
  loadFirst(first: number, signal: AbortSignal): Promise<readonly OrderPage[]>;
  loadPage(column: number, first: number, after: string, signal: AbortSignal): Promise<OrderPage>;
  /** The newest state of a row that the session knows. */
  readonly renewed: (row: Data) => Data;
  /** The subscription to what changes in it. */
  readonly changes: DocumentNode;
  readonly changesAfter: (position: string) => Variables;
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
  async function pagesOf(document: DocumentNode, variables: Variables, signal: AbortSignal) {
    const data = await operations.query(document, { ...scope, orderBy, ...variables }, signal);
    const lists = (customerId === undefined ? data : data['customer']) as Readonly<Record<string, OrderPage>> | null;
    if (!lists) throw new OperationError('NOT_FOUND', 'There is no customer with this id.');
    return statuses.flatMap((_, column) => lists[`column${column}`] ?? []);
  }

  return {
    loadFirst(first, signal) {
      const filters = Object.fromEntries(statuses.map((_, column) => [`filter${column}`, filterOf(column)]));
      return pagesOf(documents.firstPages, { first, ...filters }, signal);
    },
    async loadPage(column, first, after, signal) {
      const [page] = await pagesOf(documents.page, { first, after, filter0: filterOf(column) }, signal);
      return page as OrderPage;
    },
    renewed: row => operations.session.entities.renewEntity(documents.changes, rowFragment, {}, row),
    changes: documents.changes,
    changesAfter: after => ({ ...scope, filter, after }),
  };
}
