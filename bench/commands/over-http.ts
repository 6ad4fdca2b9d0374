import { onDatabase } from '../../test/support/on-database.ts';
import { atLeast, atMost, type Bench } from '../bench.ts';
import type { Rate } from '../closed-loop.ts';
import { emptyDatabase, migratedDatabase, projected, settled } from '../databases.ts';
import { startApart, startBaseline } from '../servers.ts';
import { openShop } from '../shop.ts';
import { median, shown } from '../statistics.ts';
import { ratios, takeTurns } from '../turns.ts';
import { startWorker } from '../worker.ts';
import type { HttpJob } from './http-load.ts';
import { plainTable } from './plain-table.ts';

const orders = 2_000;
const callers = 64;

/** addOrderItem by 64 callers over 2,000 orders, beside the plain stack: yoga and a Prisma transaction a command. */
export const commandsOverHttp: Bench = async run => {
  const { scale, say } = run;
  say(`addOrderItem over HTTP, ${callers} callers, ${shown(orders)} orders`);
  const [ourUrl, theirUrl] = [await migratedDatabase(run), await emptyDatabase(run)];
  await onDatabase(theirUrl, client => client.query(plainTable));
  const orderstream = await startApart(run, ourUrl);
  const plain = await startBaseline(run, 'commands/plain-stack.ts', theirUrl);
  const shop = await openShop(orderstream.url, orders);
  const load = await startWorker<HttpJob, Rate>(run, new URL('./http-load.ts', import.meta.url));
  /** How long the views took, after the load, to reach the end of the log, s. */
  const lags: number[] = [];

  async function ours(seconds = scale.seconds): Promise<Rate> {
    await settled(ourUrl);
    const rate = await load({ side: 'orderstream', url: orderstream.url, shop, callers, seconds });
    // Or it would go on during the other one's turn.
    lags.push(await projected(ourUrl));
    return rate;
  }

  async function theirs(seconds = scale.seconds): Promise<Rate> {
    await settled(theirUrl);
    return load({ side: 'plain', url: plain.url, shop, callers, seconds });
  }

  await ours();
  await theirs();
  lags.length = 0;
  const turns = await takeTurns(scale.turns, ours, theirs, (our, their) => {
    say(
      `  orderstream ${rateLine(our)} · plain ${rateLine(their)} · ${(our.perSecond / their.perSecond).toFixed(2)} times`,
    );
  });
  const cores = Math.max(...turns.ours.map(rate => rate.cores));
  say(
    `  the load itself took ${cores.toFixed(2)} cores at most; the views were ${shown(median(lags))} s behind at the end`,
  );
  await orderstream.stop();
  await plain.stop();
  return {
    figures: { ...turns, lagSeconds: lags },
    bars: [
      atLeast('commands a second, to the plain stack', median(ratios(turns, perSecond)), 8),
      atMost('p99, to the p50 of the plain stack', median(ratios(turns, (our, their) => our.p99 / their.p50)), 1),
    ],
  };
};

function perSecond(our: Rate, their: Rate): number {
  return our.perSecond / their.perSecond;
}

function rateLine(rate: Rate): string {
  return `${shown(rate.perSecond)}/s, p50 ${shown(rate.p50)} ms, p99 ${shown(rate.p99)} ms`;
}
