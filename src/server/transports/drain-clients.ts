import { setTimeout as sleep } from 'node:timers/promises';

/** Ms between two that are sent away, while all of them fit into the window. */
const pace = 5;
/** Ms in which all are sent away, however many there are. */
const longestWindow = 5_000;
const step = 50;

/**
 * Sends clients away one after the other, in no order of theirs: all at once, they would meet the other nodes, and the
 * database behind them, as one storm. Those that still wait are served as before.
 * @param goodbyes what sends each away
 */
export async function drainClients(goodbyes: readonly (() => void)[]): Promise<void> {
  const order = goodbyes
    .map(goodbye => ({ goodbye, place: Math.random() }))
    .sort((one, other) => one.place - other.place);
  const window = Math.min(goodbyes.length * pace, longestWindow);
  const each = Math.max(1, Math.ceil((order.length * step) / Math.max(window, step)));
  for (let next = 0; next < order.length; next += each) {
    if (next > 0) await sleep(step);
    for (const { goodbye } of order.slice(next, next + each)) goodbye();
  }
}
