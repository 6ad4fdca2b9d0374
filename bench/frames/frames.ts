import { randomUUID } from 'node:crypto';
import { atMost, type Bench } from '../bench.ts';
import { emptyDatabase, migratedDatabase, settled } from '../databases.ts';
import { openClient } from '../http-client.ts';
import { startBaseline, startOrderstream } from '../servers.ts';
import { assertAccepted, bodyOf, openShop } from '../shop.ts';
import { type Latency, median, shown } from '../statistics.ts';
import { ratios, takeTurns } from '../turns.ts';
import { startWorker } from '../worker.ts';
import type { FrameJob } from './frame-load.ts';

/**
 * From the response of a mutation to its frame on a subscription, one command after another, beside the bare parts of
 * it: after its response, the bare server commits an empty transaction, upserts the row (durably, as we do), and
 * writes the frame to the socket. No system that pushes durable rows can do less.
 */
export const frames: Bench = async run => {
  const { scale, say } = run;
  say(`from a mutation's answer to its frame, ${scale.samples} commands a turn`);
  const [ourUrl, theirUrl] = [await migratedDatabase(run), await emptyDatabase(run)];
  const orderstream = await startOrderstream(run, ourUrl);
  const bare = await startBaseline(run, 'frames/bare-push.ts', theirUrl);
  const shop = await openShop(orderstream.url, 1);
  const [orderId = ''] = shop.orderIds;
  const lineId = `lin_${randomUUID()}`;
  const client = openClient(orderstream.url, { token: shop.token, connections: 1 });
  const input = { orderId, productId: shop.productIds[0], quantity: 1, lineId };
  assertAccepted(await client.post(bodyOf({ name: 'addOrderItem', input })));
  client.close();
  const load = await startWorker<FrameJob, Latency>(run, new URL('./frame-load.ts', import.meta.url));

  async function ours(): Promise<Latency> {
    await settled(ourUrl);
    const { url } = orderstream;
    return load({ side: 'orderstream', url, token: shop.token, orderId, lineId, samples: scale.samples });
  }

  async function theirs(): Promise<Latency> {
    await settled(theirUrl);
    return load({ side: 'bare', url: bare.url, token: '', orderId, lineId, samples: scale.samples });
  }

  await ours();
  await theirs();
  const turns = await takeTurns(scale.turns, ours, theirs, (our, their) => {
    const ratio = (our.p50 / their.p50).toFixed(2);
    say(`  orderstream ${latencyLine(our)} · bare parts ${latencyLine(their)} · ${ratio} times at p50`);
  });
  const atP99 = median(ratios(turns, (our, their) => our.p99 / their.p99));
  say(`  at p99 ${atP99.toFixed(2)} times`);
  return {
    figures: turns,
    bars: [
      atMost('answer to frame p50, to its bare parts', median(ratios(turns, (our, their) => our.p50 / their.p50)), 3),
    ],
  };
};

function latencyLine({ p50, p99 }: Latency): string {
  return `p50 ${shown(p50)} ms, p99 ${shown(p99)} ms`;
}
