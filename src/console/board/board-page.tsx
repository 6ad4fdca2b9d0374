import { OrderstreamProvider, useLiveBoard, useLiveCounts } from '@orderstream/client/react';
import { useCallback, useMemo } from 'react';
import { Link } from 'wouter';
import { boardOperations } from '../client.ts';
import { BoardCardFragmentDoc } from '../generated/graphql.ts';
import { orderStatuses, type OrderStatus } from '../generated/schema-enums.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { Problem } from '../parts/problem.tsx';
import { routes } from '../routes.ts';
import { isDevelopment } from '../sign-in/viewer.ts';
import { SimulationLine, SimulationSwitch, StartSimulation } from '../simulation/simulation-switch.tsx';
import './board.css';
import { BoardColumn } from './board-column.tsx';
import { BoardFilter } from './board-filter.tsx';
import { columns } from './columns.ts';
import { CutPanel } from './cut-panel.tsx';
import { useBoardFilter } from './use-board-filter.ts';

/** Rows that a column loads at once. */
const pageSize = 50;

export function BoardPage() {
  return (
    <OrderstreamProvider operations={boardOperations}>
      <Board />
    </OrderstreamProvider>
  );
}

function Board() {
  const shown = useBoardFilter();
  const { filter, orderBy, customerId, isFiltered } = shown;
  const board = useLiveBoard({ fragment: BoardCardFragmentDoc, columns, filter, orderBy, pageSize, customerId });
  const { byStatus, orderCount } = useLiveCounts();
  const { loadMore } = board;
  const loaders = useMemo(
    () => Object.fromEntries(orderStatuses.map(status => [status, () => loadMore(status)])),
    [loadMore],
  ) as Record<OrderStatus, () => void>;
  const rows = useCallback(() => orderStatuses.flatMap(status => board.columns[status].rows), [board.columns]);

  return (
    <div className="board">
      <div className="page-head">
        <h1>Orders</h1>
        <BoardFilter {...shown} />
      </div>
      <div className="board-tools">
        <CutPanel position={board.position} rows={rows} isFiltered={isFiltered} />
        {isDevelopment && <SimulationSwitch />}
      </div>
      {isDevelopment && <SimulationLine />}
      {board.error && <Problem error={board.error} onRetry={board.retry} />}
      {orderCount === 0 && !isFiltered ? (
        <NoOrders />
      ) : (
        <div className="board-columns">
          {orderStatuses.map(status => (
            <BoardColumn
              key={status}
              status={status}
              column={board.columns[status]}
              count={byStatus?.[status]}
              isFiltered={isFiltered}
              onLoadMore={loaders[status]}
            />
          ))}
        </div>
      )}
    </div>
  );
}

function NoOrders() {
  return (
    <EmptyState title="No orders yet">
      {isDevelopment ? (
        <>
          <p>
            This board shows each change of each order as it happens, and loses none, whatever becomes of its
            connection. See it: let simulated customers and staff trade, cut your connection, and connect again.
          </p>
          <StartSimulation />
          <p>
            Or <Link href={routes.newOrder}>place an order yourself</Link>, or try{' '}
            <a href="/graphql">the GraphQL API</a>.
          </p>
        </>
      ) : (
        <>
          <p>As soon as somebody places an order, it appears here by itself.</p>
          <Link href={routes.newOrder} className="button primary">
            Place an order
          </Link>
        </>
      )}
    </EmptyState>
  );
}
