import type { ListFilter, OrderStatus } from './list-documents.ts';
import { type BoardOptions, type BoardState, type LiveColumn, openBoard } from './open-board.ts';
import type { Data } from './data.ts';
import type { Operations } from './operations.ts';
import type { Store } from './store.ts';

export interface LiveBoardOptions<Row = Data, Name extends string = string> extends BoardOptions<Row> {
  /** The statuses of each column, by its name. No status may be in two columns. */
  readonly columns: Readonly<Record<Name, readonly OrderStatus[]>>;
  readonly filter?: Omit<ListFilter, 'statusIn'> | undefined;
}

export interface LiveBoardState<Row = Data, Name extends string = string> extends BoardState {
  readonly columns: Readonly<Record<Name, LiveColumn<Row>>>;
}

export interface LiveBoard<Row = Data, Name extends string = string> extends Store<LiveBoardState<Row, Name>> {
  /** Shows one more page of the column. */
  loadMore(column: Name): void;
  /** After an error: tries again now. */
  retry(): void;
  /** Ends it: nothing is requested afterwards, and the state no longer changes. */
  end(): void;
}

/**
 * A board of orders in columns by status. One query loads it, and one subscription keeps it up to date. An order is in
 * at most one column.
 */
export function createLiveBoard<Row = Data, Name extends string = string>(
  operations: Operations,
  options: LiveBoardOptions<Row, Name>,
): LiveBoard<Row, Name> {
  const names = Object.keys(options.columns) as Name[];
  const statuses = names.map(name => options.columns[name]);
  const board = openBoard(operations, options, { statuses, filter: options.filter ?? {} }, columns => ({
    columns: Object.fromEntries(names.map((name, index) => [name, columns[index]])) as Record<Name, LiveColumn<Row>>,
  }));
  const { loadMore } = board;
  return Object.assign(board, { loadMore: (name: Name) => loadMore(names.indexOf(name)) });
}
