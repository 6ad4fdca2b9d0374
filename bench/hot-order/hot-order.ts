import { randomUUID } from 'node:crypto';
import { atMost, type Bench, type Run } from '../bench.ts';
import { migratedDatabase, settled } from '../databases.ts';
import { openClient, type Post } from '../http-client.ts';
import { type RunningServer, startOrderstream } from '../servers.ts';
import { assertAccepted, bodyOf, openShop, type Shop } from '../shop.ts';
import { median, shown } from '../statistics.ts';

const newOrdersAStart = 20;
const warmUps = 100;
const warmSamples = 50;

/** An order with one line, and a function that sends its next command: another quantity of that line. */
interface Draft {
  readonly orderId: string;
  readonly lineId: string;
}

/** Median time of a command in one process, ms. */
interface Start {
  readonly coldNew: number;
  readonly coldHot: number;
  readonly warmNew: number;
  readonly warmHot: number;
}

/**
 * The next command on an order with 10,000 events, beside the same command on a new order: by a process that has seen
 * neither order, and by one that has.
 */
export const hotOrder: Bench = async run => {
  const { scale, say } = run;
  const databaseUrl = await migratedDatabase(run);
  const first = await startOrderstream(run, databaseUrl);
  const shop = await openShop(first.url, 2 + scale.starts * newOrdersAStart);
  const [hot, other, ...fresh] = await drafts(first, shop);
  if (!hot || !other) throw new Error('the shop opened without orders');
  say(`an order gets ${shown(scale.hotEvents)} events, a command each`);
  await onServer(first, shop, async post => {
    for (let events = 2; events < scale.hotEvents; events++) await change(post, hot);
  });
  await first.stop();

  const starts: Start[] = [];
  for (let start = 0; start < scale.starts; start++) {
    await settled(databaseUrl);
    const own = fresh.slice(start * newOrdersAStart, (start + 1) * newOrdersAStart);
    const times = await oneStart(run, databaseUrl, shop, { hot, other, fresh: own });
    say(
      `  fresh process: hot ${shown(times.coldHot)} ms, new ${shown(times.coldNew)} ms` +
        ` · warm: hot ${shown(times.warmHot)} ms, new ${shown(times.warmNew)} ms`,
    );
    starts.push(times);
  }
  return {
    figures: { starts },
    bars: [
      atMost('a cold hot order, to a cold new one', median(starts.map(({ coldHot, coldNew }) => coldHot / coldNew)), 2),
      atMost('a warm hot order, to a warm new one', median(starts.map(({ warmHot, warmNew }) => warmHot / warmNew)), 2),
    ],
  };
};

async function oneStart(
  run: Run,
  databaseUrl: string,
  shop: Shop,
  { hot, other, fresh }: { hot: Draft; other: Draft; fresh: readonly Draft[] },
): Promise<Start> {
  const server = await startOrderstream(run, databaseUrl);
  try {
    return await onServer(server, shop, async post => {
      // This warms up connections and code, but not the measured orders.
      for (let n = 0; n < warmUps; n++) await change(post, other);
      const coldNew: number[] = [];
      for (const draft of fresh) coldNew.push(await change(post, draft));
      const coldHot = await change(post, hot);
      const warmNew: number[] = [];
      const warmHot: number[] = [];
      for (let n = 0; n < warmSamples; n++) {
        warmNew.push(await change(post, fresh[n % fresh.length] ?? other));
        warmHot.push(await change(post, hot));
      }
      return { coldNew: median(coldNew), coldHot, warmNew: median(warmNew), warmHot: median(warmHot) };
    });
  } finally {
    await server.stop();
  }
}

function drafts(server: RunningServer, shop: Shop): Promise<Draft[]> {
  return onServer(server, shop, async post => {
    const made: Draft[] = [];
    for (const orderId of shop.orderIds) {
      const lineId = `lin_${randomUUID()}`;
      const input = { orderId, lineId, productId: shop.productIds[0], quantity: 1 };
      assertAccepted(await post(bodyOf({ name: 'addOrderItem', input })));
      made.push({ orderId, lineId });
    }
    return made;
  });
}

let changes = 0;

/** @returns its duration, ms */
async function change(post: Post, { orderId, lineId }: Draft): Promise<number> {
  // The quantity differs each time, because a command that changes nothing stores no event.
  const quantity = (changes++ % 9_000) + 2;
  const body = bodyOf({ name: 'changeOrderItemQuantity', input: { orderId, lineId, quantity } });
  const start = performance.now();
  const answer = await post(body);
  const elapsed = performance.now() - start;
  assertAccepted(answer);
  return elapsed;
}

async function onServer<Result>(
  { url }: RunningServer,
  { token }: Shop,
  use: (post: Post) => Promise<Result>,
): Promise<Result> {
  const client = openClient(url, { token, connections: 1 });
  try {
    return await use(client.post);
  } finally {
    client.close();
  }
}
