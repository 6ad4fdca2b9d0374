import type { ListFilter } from './list-documents.ts';
import { type BoardOptions, type BoardState, type LiveColumn, openBoard } from './open-board.ts';
import type { Data } from './data.ts';
import type { Operations } from './operations.ts';
import type { Store } from './store.ts';

export interface LiveListOptions<Row = Data> extends BoardOptions<Row> {
  readonly filter?: ListFilter | undefined;
}

export interface LiveListState<Row = Data> extends LiveColumn<Row>, BoardState {}

export interface LiveList<Row = Data> extends Store<LiveListState<Row>> {
  /** Shows one more page. */
  loadMore(): void;
  /** After an error: tries again now. */
  retry(): void;
  /** Ends it: nothing is requested afterwards, and the state no longer changes. */
  end(): void;
}

/** A list of orders. One query loads it, and one subscription keeps it up to date. */
export function createLiveList<Row = Data>(operations: Operations, options: LiveListOptions<Row>): LiveList<Row> {
  // The status is compared here, so that overlays and answers to commands count.
  const { statusIn, ...filter } = options.filter ?? {};
  const statuses = [statusIn ?? undefined];
  const board = openBoard(operations, options, { statuses, filter }, ([column]) => column as LiveColumn<Row>);
  const { loadMore } = board;
  return Object.assign(board, { loadMore: () => loadMore(0) });
}
