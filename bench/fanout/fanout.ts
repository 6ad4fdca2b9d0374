import { randomUUID } from 'node:crypto';
import { token } from '../../test/support/tokens.ts';
import { atLeast, atMost, type Bar, type Bench, type Run } from '../bench.ts';
import { emptyDatabase, migratedDatabase } from '../databases.ts';
import { openClient } from '../http-client.ts';
import { startBaseline, startOrderstream } from '../servers.ts';
import { assertAccepted, bodyOf, openShop, type Shop } from '../shop.ts';
import { median, shown } from '../statistics.ts';
import { startWorker, type Worker } from '../worker.ts';
import type { FanoutFigure, FanoutJob, Side, Target } from './fanout-load.ts';

interface Measured extends FanoutFigure {
  /** µs of the server's CPU. */
  readonly cpuADelivery: number;
}

interface Usage {
  /** Seconds, of all since the process began. */
  readonly cpu: number;
  /** Bytes that are in memory. */
  readonly memory: number;
}

/** What a server has used, as it says itself. */
type ReadUsage = () => Promise<Usage>;

interface Place {
  readonly side: Side;
  readonly url: string;
  readonly tokens: readonly string[];
  readonly usage: ReadUsage;
  readonly load: Worker<FanoutJob, FanoutFigure>;
}

const callers = 20;

/**
 * Frames of changed orders to many sockets, beside what one would write instead (yoga, graphql-ws and createPubSub, whose
 * updates are on no disk) and the bare limit: plain `ws`, one prepared buffer to every socket.
 */
export const fanout: Bench = async run => {
  const { scale, say } = run;
  const databaseUrl = await migratedDatabase(run);
  const orderstream = await startOrderstream(run, databaseUrl);
  const peers = await startBaseline(run, 'fanout/peers.ts', await emptyDatabase(run));
  const load = await startWorker<FanoutJob, FanoutFigure>(run, new URL('./fanout-load.ts', import.meta.url));
  const shop = await openShop(orderstream.url, scale.watchedOrders);
  const targets = await withLines(orderstream.url, shop);
  const tokens = await Promise.all(
    Array.from({ length: callers }, (_, index) => token({ role: 'staff', sub: `bench-${index}` })),
  );
  const places: Readonly<Record<Side, Place>> = {
    orderstream: { side: 'orderstream', url: orderstream.url, tokens, usage: () => ourUsage(orderstream.url), load },
    stock: { side: 'stock', url: peers.url, tokens, usage: () => theirUsage(peers.url), load },
    raw: { side: 'raw', url: peers.url, tokens, usage: () => theirUsage(peers.url), load },
  };
  const figures: object[] = [];
  const bars: Bar[] = [];
  const first = targets.slice(0, 1);

  for (const sockets of scale.sockets) {
    say(`${sockets} sockets on one order`);
    const seen = await inTurns(run, places, ['orderstream', 'stock', 'raw'], sockets, first);
    figures.push({ sockets, orders: 1, seen });
    bars.push(
      atLeast(
        `${sockets} sockets on one order, deliveries a second of a core to stock`,
        rate(seen.orderstream, seen.stock),
        6,
      ),
      atLeast(
        `${sockets} sockets on one order, deliveries a second of a core to plain ws`,
        rate(seen.orderstream, seen.raw),
        0.85,
      ),
    );
  }
  say(`${targets.length} sockets over ${targets.length} orders`);
  const spread = await inTurns(run, places, ['orderstream', 'stock'], targets.length, targets);
  figures.push({ sockets: targets.length, orders: targets.length, seen: spread });

  const memory = await memoryASocket(places, scale.watchedOrders, targets);
  say(`  memory a socket: orderstream, subscribed ${shown(memory.ours)} KB · plain ws ${shown(memory.plain)} KB`);
  figures.push({ memory });
  bars.push(atMost('KB of an idle subscribed socket above a plain one', memory.ours - memory.plain, 12));
  return { figures, bars };
};

/** Each order with one line, whose quantity can then be changed for ever. */
async function withLines(url: string, shop: Shop): Promise<Target[]> {
  const client = openClient(url, { token: shop.token, connections: 32 });
  const targets = shop.orderIds.map(orderId => ({ orderId, lineId: `lin_${randomUUID()}` }));
  const waiting = [...targets];
  const add = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const input = { ...next, productId: shop.productIds[0], quantity: 1 };
      assertAccepted(await client.post(bodyOf({ name: 'addOrderItem', input })));
    }
  };
  await Promise.all(Array.from({ length: 32 }, add));
  client.close();
  return targets;
}

type Seen = Readonly<Record<Side, readonly Measured[]>>;

async function inTurns(
  { scale, say }: Run,
  places: Readonly<Record<Side, Place>>,
  sides: readonly Side[],
  sockets: number,
  targets: readonly Target[],
): Promise<Seen> {
  const seen = { orderstream: [] as Measured[], stock: [] as Measured[], raw: [] as Measured[] };
  // One turn more, thrown away: everything is warm then.
  for (let turn = -1; turn < scale.turns; turn++) {
    for (const side of sides) {
      const measured = await measure(places[side], sockets, targets, scale.seconds);
      if (turn < 0) continue;
      seen[side].push(measured);
      const { deliveries, seconds, cpuADelivery, p50, p95, p99 } = measured;
      say(
        `  ${side}: ${shown(deliveries / seconds)} deliveries/s, ${shown(cpuADelivery)} µs of CPU each, change to last frame p50 ${shown(p50)} p95 ${shown(p95)} p99 ${shown(p99)} ms`,
      );
    }
  }
  return seen;
}

async function measure(
  { side, url, tokens, usage, load }: Place,
  sockets: number,
  targets: readonly Target[],
  seconds: number,
): Promise<Measured> {
  const orderIds = Array.from({ length: sockets }, (_, index) => targets[index % targets.length]?.orderId ?? '');
  await load({ type: 'open', side, url, tokens, orderIds });
  const before = await usage();
  const atOnce = targets.length === 1 ? 2 : 64;
  const figure = await load({ type: 'push', side, url, token: tokens[0] ?? '', targets, seconds, atOnce });
  const after = await usage();
  await load({ type: 'close' });
  return { ...figure, cpuADelivery: ((after.cpu - before.cpu) * 1e6) / figure.deliveries };
}

async function memoryASocket(
  { orderstream, raw }: Readonly<Record<Side, Place>>,
  sockets: number,
  targets: readonly Target[],
): Promise<{ readonly ours: number; readonly plain: number }> {
  const each = async ({ side, url, tokens, usage, load }: Place): Promise<number> => {
    const orderIds = Array.from({ length: sockets }, (_, index) => targets[index % targets.length]?.orderId ?? '');
    const { memory } = await usage();
    await load({ type: 'open', side, url, tokens, orderIds });
    const open = await usage();
    await load({ type: 'close' });
    return (open.memory - memory) / sockets / 1024;
  };
  return { ours: await each(orderstream), plain: await each(raw) };
}

/** How many more deliveries a second of a core gives: what the commits behind ours wait for the disk is not in it. */
function rate(ours: readonly Measured[], theirs: readonly Measured[]): number {
  const of = (all: readonly Measured[]): number => median(all.map(({ cpuADelivery }) => 1 / cpuADelivery));
  return of(ours) / of(theirs);
}

async function ourUsage(url: string): Promise<Usage> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const of = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
  return { cpu: of('process_cpu_seconds_total'), memory: of('process_resident_memory_bytes') };
}

async function theirUsage(url: string): Promise<Usage> {
  return (await (await fetch(`${url}/raw/usage`)).json()) as Usage;
}
