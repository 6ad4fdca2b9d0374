import { closedLoop, type Rate } from '../closed-loop.ts';
import { openRawCaller } from '../raw-http.ts';
import { assertAccepted, bodyOf, type Shop } from '../shop.ts';
import { doJobs } from '../worker.ts';

export interface HttpJob {
  readonly side: 'orderstream' | 'plain';
  readonly url: string;
  readonly shop: Shop;
  readonly callers: number;
  readonly seconds: number;
}

interface Item {
  readonly orderId: string;
  readonly productId: string;
  readonly quantity: number;
}

const plainQuery = `mutation ($orderId: ID!, $productId: ID!, $quantity: Int!) {
  addItem(orderId: $orderId, productId: $productId, quantity: $quantity) { version position } }`;

const bodies = {
  orderstream: (input: Item) => bodyOf({ name: 'addOrderItem', input }),
  plain: (variables: Item) => JSON.stringify({ query: plainQuery, variables }),
};

doJobs<HttpJob, Rate>(async ({ side, url, shop, callers, seconds }) => {
  // The plain stack checks no token, which is an advantage for it.
  const token = side === 'orderstream' ? shop.token : undefined;
  const open = await Promise.all(Array.from({ length: callers }, () => openRawCaller(url, token)));
  try {
    return await closedLoop(callers, seconds, async caller => {
      const item = { orderId: oneOf(shop.orderIds), productId: oneOf(shop.productIds), quantity: 1 };
      assertAccepted((await open[caller]?.post(bodies[side](item))) ?? '');
    });
  } finally {
    for (const one of open) one.close();
  }
});

function oneOf(ids: readonly string[]): string {
  return ids[Math.floor(Math.random() * ids.length)] ?? '';
}
