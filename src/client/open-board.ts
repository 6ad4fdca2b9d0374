import { createBoardRows, type ShownColumn } from './board-rows.ts';
import type { ListFilter, OrderFragment, OrderSort } from './list-documents.ts';
import { cursorAt } from './list-place.ts';
import { type ListChange, type ListSource, openListSource } from './list-source.ts';
import { type LiveStatus, onAbort, startLiveRun } from './live-run.ts';
import type { Data, OperationError, Operations } from './operations.ts';
import { createPageLoads, type PageLoads } from './page-loads.ts';
import { createStore, type Store } from './store.ts';

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
export interface BoardState {
  readonly status: LiveStatus;
  readonly error: OperationError | undefined;
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

/** What there is while the board is live. */
interface Live {
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
  const { session } = operations;
  const rows = createBoardRows({ statuses, pageSize, orderBy, session, isListed });
  let { customerId } = options;
  let live: Live | undefined;
  let position: string | undefined;
  let status: LiveStatus = 'loading';
  let error: OperationError | undefined;
  let isScheduled = false;
  let isOver = false;
  let columns = statuses.map((): LiveColumn => ({ rows: [], hasMore: false, isLoading: true }));
  const store = createStore<Shape & BoardState>({ ...shape(columns), status, error, position });

  const stopRenewing = session.entities.subscribe(keys => {
    if (live && rows.renew(keys, live.source.renewed)) change();
  });
  const stopOverlaying = session.overlays.subscribe(change);
  const run = startLiveRun(session, {
    begin,
    onError: cause => enter('error', cause),
    onSignedOut() {
      stop();
      columns = columns.map(() => ({ rows: [], hasMore: false, isLoading: false }));
      store.set({ ...shape(columns), status: 'signedOut', error: undefined, position: undefined });
    },
    key: options.customerId && `Customer:${options.customerId}`,
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
    const after = pages.map(page => page.position).sort()[0] as string;
    position = after;
    live = { source, signal, loads: createPageLoads(signal, (column, page) => rows.takePage(column, page), change) };
    [status, error] = ['live', undefined];
    change();
    const leave = source.subscribe(
      after,
      one => {
        if (!signal.aborted) take(one);
      },
      cause => {
        if (!signal.aborted) run.fail(cause);
      },
    );
    onAbort(signal, leave);
  }

  function take({ kind, order, matches, position: reached }: ListChange): void {
    run.worked();
    if (kind === 'RESYNC') {
      enter('loading');
      run.restart();
      return;
    }
    if (order) rows.takeOrder(order, matches === true, reached);
    position = reached;
    change();
  }

  /** It is not live any more: what is shown stays, but nothing is loaded for it. */
  function enter(next: 'loading' | 'error', cause?: OperationError): void {
    live = undefined;
    [status, error] = [next, cause];
    change();
  }

  /** All changes of a tick are shown together. */
  function change(): void {
    if (isScheduled) return;
    isScheduled = true;
    queueMicrotask(flush);
  }

  function flush(): void {
    isScheduled = false;
    if (isOver) return;
    const shown = rows.show(position);
    if (live) fill(live, shown);
    columns = shown.map((column, index) => columnOf(column, index));
    const pageError = live?.loads.error;
    store.set({
      ...shape(columns),
      status: pageError ? 'error' : status,
      error: pageError ?? error,
      position,
    });
  }

  function fill({ loads, source, signal }: Live, shown: readonly ShownColumn[]): void {
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

  /** The same object if nothing changed, for views that compare. */
  function columnOf({ rows, hasMore, isShort }: ShownColumn, index: number): LiveColumn {
    const last = columns[index] as LiveColumn;
    const isLoading = live ? isShort && live.loads.isLoading(index) : status === 'loading';
    return last.rows === rows && last.hasMore === hasMore && last.isLoading === isLoading
      ? last
      : { rows, hasMore, isLoading };
  }

  function stop(): void {
    isOver = true;
    stopRenewing();
    stopOverlaying();
  }

  return {
    get current() {
      return store.current;
    },
    subscribe: listener => store.subscribe(listener),
    loadMore(column) {
      const { hasMore, isLoading } = columns[column] as LiveColumn;
      if (!live || isLoading || !hasMore) return;
      rows.want(column);
      live.loads.retry();
      flush();
    },
    retry() {
      if (live) live.loads.retry();
      else if (status === 'error') {
        enter('loading');
        run.restart();
      }
    },
    end() {
      run.end();
      stop();
    },
  };
}
