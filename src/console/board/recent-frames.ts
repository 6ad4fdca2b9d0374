import { frames } from '../client.ts';

/** A change counts as just arrived for this long, ms. */
const recentMs = 1_500;
/** More orders than a board shows at once: older entries are dropped. */
const mostOrders = 2_000;

const arrivals = new Map<string, number>();

frames.onOrder(({ orderId, atMs }) => {
  arrivals.delete(orderId);
  arrivals.set(orderId, atMs);
  const [oldest] = arrivals.keys();
  if (arrivals.size > mostOrders && oldest !== undefined) arrivals.delete(oldest);
});

/** Whether a frame of this order has just arrived. A card that is only scrolled into view has none. */
export function hasJustChanged(orderId: string): boolean {
  return performance.now() - (arrivals.get(orderId) ?? -Infinity) < recentMs;
}
