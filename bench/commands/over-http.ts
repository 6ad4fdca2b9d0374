import { onDatabase } from '../../test/support/on-database.ts';
import { atLeast, atMost, type Bench, type Run } from '../bench.ts';
import type { Rate } from '../closed-loop.ts';
import { emptyDatabase, migratedDatabase, projected, settled } from '../databases.ts';
import { type RunningServer, startApart, startApi, startBaseline } from '../servers.ts';
import { openShop } from '../shop.ts';
import { median, shown } from '../statistics.ts';
import { ratios, takeTurns, type Turns } from '../turns.ts';
import { startWorker, type Worker } from '../worker.ts';
import type { HttpJob } from './http-load.ts';
import { plainTable } from './plain-table.ts';

const orders = 2_000;
const callers = 64;

type Load = Worker<HttpJob, Rate>;

/** Some seconds of load for one side. */
type Turn = () => Promise<Rate>;

/**
 * addOrderItem by 64 callers over 2,000 orders, beside the plain stack: yoga and one Prisma transaction for each
 * command. Once without a projector, because the plain stack keeps no views either, and once with a projector that
 * shares the machine.
 */
export const commandsOverHttp: Bench = async run => {
  run.say(`addOrderItem over HTTP, ${callers} callers, ${shown(orders)} orders`);
  const load: Load = await startWorker(run, new URL('./http-load.ts', import.meta.url));
  const alone = await besidePlain(run, load, 'the write side alone', startApi, () => Promise.resolve());
  /** How long the views took after the load to reach the end of the log, s. */
  const lags: number[] = [];
  const projecting = await besidePlain(run, load, 'with a projector beside it', startApart, async url => {
    // Otherwise projecting would continue during the turn of the other side.
    lags.push(await projected(url));
  });
  run.say(`  with a projector the views were ${shown(median(lags))} s behind at the end of a turn`);
  run.say(
    `  commands a second with a projector, to the plain stack: ${median(ratios(projecting, perSecond)).toFixed(2)} times`,
  );
  return {
    figures: { alone, projecting, lagSeconds: lags },
    bars: [
      atLeast('commands a second, to the plain stack', median(ratios(alone, perSecond)), 8),
      atMost('p99, to the p50 of the plain stack', median(ratios(alone, tail)), 1),
      atMost('p99 with a projector, to the p50 of the plain stack', median(ratios(projecting, tail)), 1),
    ],
  };
};

/** @param rest runs after each turn of our side, before the turn of the other side */
async function besidePlain(
  run: Run,
  load: Load,
  what: string,
  startOurs: (run: Run, databaseUrl: string) => Promise<RunningServer>,
  rest: (databaseUrl: string) => Promise<void>,
): Promise<Turns<Rate>> {
  const { scale, say } = run;
  const [ourUrl, theirUrl] = [await migratedDatabase(run), await emptyDatabase(run)];
  await onDatabase(theirUrl, client => client.query(plainTable));
  const orderstream = await startOurs(run, ourUrl);
  const plain = await startBaseline(run, 'commands/plain-stack.ts', theirUrl);
  const shop = await openShop(orderstream.url, orders);

  const ours: Turn = async () => {
    await settled(ourUrl);
    const rate = await load({ side: 'orderstream', url: orderstream.url, shop, callers, seconds: scale.seconds });
    await rest(ourUrl);
    return rate;
  };
  const theirs: Turn = async () => {
    await settled(theirUrl);
    return load({ side: 'plain', url: plain.url, shop, callers, seconds: scale.seconds });
  };

  say(what);
  await ours();
  await theirs();
  const turns = await takeTurns(scale.turns, ours, theirs, (our, their) => {
    say(`  orderstream ${rateLine(our)} · plain ${rateLine(their)} · ${perSecond(our, their).toFixed(2)} times`);
  });
  say(`  the load itself took ${Math.max(...turns.ours.map(rate => rate.cores)).toFixed(2)} cores at most`);
  await orderstream.stop();
  await plain.stop();
  return turns;
}

function perSecond(our: Rate, their: Rate): number {
  return our.perSecond / their.perSecond;
}

function tail(our: Rate, their: Rate): number {
  return our.p99 / their.p50;
}

function rateLine(rate: Rate): string {
  return `${shown(rate.perSecond)}/s, p50 ${shown(rate.p50)} ms, p99 ${shown(rate.p99)} ms`;
}
