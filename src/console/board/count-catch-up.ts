import type { OrderFrame } from '../frame-record.ts';

/** A version that an order has reached. */
export interface OrderVersion {
  readonly orderId: string;
  readonly version: number;
}

/** A card, or an order as a query has just answered it. */
export interface OrderState {
  readonly id: string;
  readonly version: number;
  readonly status: string;
}

export interface CatchUp {
  /** Frames whose state had been delivered before. */
  readonly repeated: number;
  /** Orders that changed during the cut and whose state did not arrive, and cards that show an older state than the query. */
  readonly lost: number;
}

/**
 * Counts what a return after a cut has brought.
 * @param parts.before the newest version of each order that frames had brought before the return
 * @param parts.frames since the return, in the order of their arrival
 * @param parts.events of orders in the log, between the cut and the return; empty if they need not come, because a filter
 * leaves them out
 * @param parts.fresh the orders as a query answers them now
 * @param parts.cards the cards, at least as new as that answer
 */
export function countCatchUp(parts: {
  readonly before: ReadonlyMap<string, number>;
  readonly frames: readonly OrderFrame[];
  readonly events: readonly OrderVersion[];
  readonly fresh: readonly OrderState[];
  readonly cards: readonly OrderState[];
}): CatchUp {
  const { before, frames, events, fresh, cards } = parts;
  const newest = new Map(before);
  let repeated = 0;
  for (const { orderId, version } of frames) {
    if (version <= (newest.get(orderId) ?? 0)) repeated++;
    newest.set(orderId, Math.max(version, newest.get(orderId) ?? 0));
  }
  const lost = new Set<string>();
  for (const { orderId, version } of events) if ((newest.get(orderId) ?? 0) < version) lost.add(orderId);
  const shown = new Map(cards.map(card => [card.id, card]));
  for (const order of fresh) {
    const card = shown.get(order.id);
    if (card && isOlder(card, order)) lost.add(order.id);
  }
  return { repeated, lost: lost.size };
}

function isOlder(card: OrderState, order: OrderState): boolean {
  return card.version < order.version || (card.version === order.version && card.status !== order.status);
}
