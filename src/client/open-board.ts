import { createBoardRows, type ShownColumn } from './board-rows.ts';
import type { ListFilter, OrderFragment, OrderSort } from './list-documents.ts';
import { cursorAt } from './list-place.ts';
import { type ListSource, openListSource } from './list-source.ts';
import { type LiveState, openLive } from './open-live.ts';
import type { Data } from './data.ts';
import type { Operations } from './operations.ts';
import { createPageLoads, type PageLoads } from './page-loads.ts';
import { hasSameFields } from './same-fields.ts';
import type { Store } from './store.ts';

/** What the options of lists and boards have in common. */
export interface BoardOptions<Row> {
  /** A fragment on `Order`: what each row holds. */
  readonly fragment: OrderFragment<Row>;
  /** Default: the newest orders first. */
  readonly orderBy?: OrderSort | undefined;
  /** Number of rows that are shown first, and that `loadMore` adds. Default 20, at most 100. */
  readonly pageSize?: number | undefined;
  /** Only the orders of this customer. A viewer who is a customer sees only their own orders. */
  readonly customerId?: string | undefined;
}

/** What the states of lists and boards have in common. */
export interface BoardState extends LiveState {
  /** Every change up to this position is shown. Undefined until the first rows are there. */
  readonly position: string | undefined;
}

export interface LiveColumn<Row = Data> {
  readonly rows: readonly Row[];
  readonly hasMore: boolean;
  /** Rows of this column are being loaded. */
  readonly isLoading: boolean;
}

export interface OpenBoard<State> extends Store<State> {
  readonly loadMore: (column: number) => void;
  readonly retry: () => void;
  readonly end: () => void;
}

/** A frame of the subscription. */
interface ListChange {
  readonly kind: 'UPDATE' | 'RESYNC' | 'PROGRESS';
  readonly position: string;
  readonly matches: boolean | null;
  readonly order: Data | null;
}

/** What there is from the first rows on. */
interface Loaded {
  readonly source: ListSource;
  readonly loads: PageLoads;
  readonly signal: AbortSignal;
}

const newestFirst: OrderSort = { field: 'CREATED_AT', direction: 'DESC' };
/** Most rows in a page of the server. */
const largestPage = 100;

/**
 * Loads columns of orders with one query, and keeps them up to date with one subscription.
 * @param statuses of each column; undefined: orders of every status
 * @param filter of all columns, without a status
 * @param shape makes the part of the state that lists and boards do not have in common
 */
export function openBoard<Shape extends object>(
  operations: Operations,
  options: BoardOptions<unknown>,
  { statuses, filter }: { statuses: readonly (readonly string[] | undefined)[]; filter: ListFilter },
  shape: (columns: readonly LiveColumn[]) => Shape,
): OpenBoard<Shape & BoardState> {
  const { fragment, orderBy = newestFirst } = options;
  const pageSize = Math.min(options.pageSize ?? 20, largestPage);
  const rows = createBoardRows({ statuses, pageSize, orderBy, session: operations.session, isListed });
  let { customerId } = options;
  let loaded: Loaded | undefined;
  let position: string | undefined;
  let columns: readonly LiveColumn[] = [];

  const live = openLive<Shape & Pick<BoardState, 'position'>>(operations, {
    key: customerId && `Customer:${customerId}`,
    begin,
    renew: keys => loaded !== undefined && rows.renew(keys, loaded.source.renewed),
    show,
    empty(isLoading) {
      columns = statuses.map(() => ({ rows: [], hasMore: false, isLoading }));
      return { ...shape(columns), position: undefined };
    },
  });

  /** A new order that only an overlay knows: whether it meets other filters, only the server can say. */
  function isListed({ customer }: Data): boolean {
    const isFiltered = Object.values(filter).some(value => value != null);
    const { id = customerId } = (customer ?? {}) as { readonly id?: string };
    return !isFiltered && (customerId === undefined || id === customerId);
  }

  async function begin(signal: AbortSignal, viewer: string): Promise<void> {
    const [role, subject] = viewer.split(' ', 2);
    customerId ??= role === 'customer' ? subject : undefined;
    const source = openListSource(operations, { fragment, orderBy, statuses, filter, customerId });
    const pages = await source.loadFirst(Math.min(rows.mostWanted + 1, largestPage), signal);
    if (signal.aborted) return;
    rows.clear();
    pages.forEach((page, column) => rows.takePage(column, page));
    position = pages.map(page => page.position).sort()[0];
    const loads = createPageLoads(signal, (column, page) => rows.takePage(column, page), live.change);
    loaded = { source, signal, loads };
    live.enter('live');
    live.follow(source.changes, source.changesAfter(position as string), signal, take);
  }

  function take({ kind, order, matches, position: reached }: ListChange): void {
    if (kind === 'RESYNC' || (kind === 'UPDATE' && !order)) {
      live.enter('loading');
      live.restart();
      return;
    }
    if (order) rows.takeOrder(order, matches === true, reached);
    position = reached;
    live.changeByFrame();
  }

  /** After a failure and after RESYNC, rows stay, but nothing is loaded for them. */
  function activeLoads(): Loaded | undefined {
    return loaded?.signal.aborted ? undefined : loaded;
  }

  function show() {
    const shown = rows.show(position);
    const active = activeLoads();
    if (active) fill(active, shown);
    const isLoading = live.status === 'loading';
    columns = shown.map(({ rows, hasMore, isShort }, index) => {
      const next = { rows, hasMore, isLoading: active ? isShort && active.loads.isLoading(index) : isLoading };
      const last = columns[index];
      return last && hasSameFields(next, last) ? last : next;
    });
    const error = active?.loads.error;
    return { ...shape(columns), position, ...(error && { status: 'error' as const, error }) };
  }

  function fill({ loads, source, signal }: Loaded, shown: readonly ShownColumn[]): void {
    shown.forEach(({ missing }, column) => {
      if (!missing) return;
      const first = Math.min(missing.count + pageSize, largestPage);
      loads.load(column, position as string, () =>
        source.loadPage(column, first, cursorAt(orderBy, missing.after), signal),
      );
    });
    if (!shown.some(({ missing }) => missing)) loads.error = undefined;
    rows.forget(loads.isLoading, loads.floor);
  }

  return {
    get current() {
      return live.current;
    },
    subscribe: listener => live.subscribe(listener),
    loadMore(column) {
      const { hasMore, isLoading } = columns[column] as LiveColumn;
      const active = activeLoads();
      if (!active || isLoading || !hasMore) return;
      rows.want(column);
      active.loads.retry();
      live.flush();
    },
    retry() {
      activeLoads()?.loads.retry();
      live.retry();
    },
    end: live.end,
  };
}
