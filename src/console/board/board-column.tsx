import type { LiveColumn } from '@orderstream/client';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import type { BoardCardFragment } from '../generated/graphql.ts';
import type { OrderStatus } from '../generated/schema-enums.ts';
import { countText } from '../parts/format.ts';
import { statusWords } from '../words/status-words.ts';
import { BoardCard } from './board-card.tsx';

/** Height of a card with the gap below it, px. */
const cardHeight = 98;
/** More cards are loaded when fewer than this many are left below the last visible one. */
const reserve = 15;

export function BoardColumn(props: {
  status: OrderStatus;
  column: LiveColumn<BoardCardFragment>;
  /** The number of all orders with this status. */
  count: number | undefined;
  isFiltered: boolean;
  onLoadMore: () => void;
}) {
  const { status, column, count, isFiltered, onLoadMore } = props;
  const { rows, hasMore, isLoading } = column;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => cardHeight,
    getItemKey: index => rows[index]?.id ?? index,
    overscan: 6,
    useFlushSync: false,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isLoading && last > rows.length - reserve) onLoadMore();
  }, [hasMore, isLoading, last, rows.length, onLoadMore]);

  const heading = `column-${status}`;
  return (
    <section className="board-column" data-column={status} data-status={status} aria-labelledby={heading}>
      <h2 id={heading}>
        <i aria-hidden="true" />
        {statusWords[status]}
        <span className="board-count" data-count={status}>
          {isFiltered && `${countText(rows.length)}${hasMore ? '+' : ''} of `}
          {count === undefined ? '…' : countText(count)}
        </span>
      </h2>
      <div className="board-scroll" ref={scroller} tabIndex={-1}>
        {rows.length === 0 && !isLoading && <p className="board-none">{isFiltered ? 'None match' : 'None'}</p>}
        <ol style={{ height: virtual.getTotalSize() }}>
          {items.map(({ key, index, start }) => {
            const order = rows[index];
            if (!order) return null;
            return (
              <li key={key} style={{ transform: `translateY(${start}px)` }}>
                <BoardCard order={order} column={status} />
              </li>
            );
          })}
        </ol>
      </div>
    </section>
  );
}
