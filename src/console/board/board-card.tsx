import { memo, useRef } from 'react';
import { Link } from 'wouter';
import type { BoardCardFragment } from '../generated/graphql.ts';
import { countedText, momentText, moneyText } from '../parts/format.ts';
import { orderPath } from '../routes.ts';
import { useCardMotion } from './use-card-motion.ts';

export const BoardCard = memo(function BoardCard({ order, column }: { order: BoardCardFragment; column: string }) {
  const card = useRef<HTMLAnchorElement>(null);
  const { id, number, version, status, customer, total, itemCount, updatedAt } = order;
  useCardMotion(card, { id, version, column });
  return (
    <Link
      ref={card}
      href={orderPath(number)}
      className="order-card"
      data-order-id={id}
      data-version={version}
      data-status={status}
    >
      <span className="order-card-top">
        <strong className="mono">{number}</strong>
        <span>{moneyText(total)}</span>
      </span>
      <span className="order-card-customer">{customer.name}</span>
      <span className="order-card-foot">
        <span>{countedText(itemCount, 'item')}</span>
        <time dateTime={updatedAt}>{momentText(updatedAt)}</time>
      </span>
    </Link>
  );
});
