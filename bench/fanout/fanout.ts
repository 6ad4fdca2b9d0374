import { randomUUID } from 'node:crypto';
import { token } from '../../test/support/tokens.ts';
import { atLeast, atMost, type Bar, type Bench, type Run } from '../bench.ts';
import { emptyDatabase, migratedDatabase } from '../databases.ts';
import { openClient } from '../http-client.ts';
import { startBaseline, startOrderstream, startTwoNodes } from '../servers.ts';
import { assertAccepted, bodyOf, openShop, type Shop } from '../shop.ts';
import { median, shown } from '../statistics.ts';
import { startWorker, type Worker } from '../worker.ts';
import type { FanoutFigure, FanoutJob, Side, Target } from './fanout-load.ts';
import { memoryASocket } from './memory.ts';

interface Measured extends FanoutFigure {
  /** CPU time of the server, µs. */
  readonly cpuADelivery: number;
  /** One change at a time, from its response to its frame at the last socket, ms. */
  readonly alone: Pick<FanoutFigure, 'p50' | 'p95' | 'p99'>;
}

/** The sides: the program in one process, a node whose changes come from another node, and the baselines. */
type PlaceName = 'orderstream' | 'front' | 'stock' | 'raw';

interface Place {
  readonly side: Side;
  /** URL for the sockets. */
  readonly url: string;
  /** URL for the changes. */
  readonly changedAt: string;
  readonly targets: readonly Target[];
  readonly tokens: readonly string[];
  /** CPU time that its server has used since it started, s. */
  readonly cpu: () => Promise<number>;
  readonly load: Worker<FanoutJob, FanoutFigure>;
}

const callers = 20;
/** Lines of each order, the same number as the baseline has. */
const lines = 5;
/** Changes in flight: enough that no side waits for the next one. */
const atOnce = { ofOne: 8, ofMany: 64 };
/** Orders with lines that warm up the command path of a node before the measurement. */
const warmUp = 400;

/**
 * Frames of changed orders to many sockets, beside the usual stack (yoga, graphql-ws and createPubSub, whose updates
 * are on no disk) and the bare limit: plain `ws`, one prepared buffer for every socket.
 */
export const fanout: Bench = async run => {
  const { scale, say } = run;
  const databaseUrl = await migratedDatabase(run);
  const orderstream = await startOrderstream(run, databaseUrl);
  const { whole, front } = await startTwoNodes(run, await migratedDatabase(run));
  const peers = await startBaseline(run, 'fanout/peers.ts', await emptyDatabase(run));
  const load = await startWorker<FanoutJob, FanoutFigure>(run, new URL('./fanout-load.ts', import.meta.url));
  const shop = await openShop(orderstream.url, scale.watchedOrders);
  const targets = await withLines(orderstream.url, shop);
  const ofTwo = await withLines(whole.url, await openShop(whole.url, warmUp));
  const tokens = await Promise.all(
    Array.from({ length: callers }, (_, index) => token({ role: 'staff', sub: `bench-${index}` })),
  );
  const ours = { side: 'orderstream', tokens, load } as const;
  const theirs = { url: peers.url, changedAt: peers.url, targets, tokens, cpu: () => theirCpu(peers.url), load };
  const places: Readonly<Record<PlaceName, Place>> = {
    orderstream: {
      ...ours,
      url: orderstream.url,
      changedAt: orderstream.url,
      targets,
      cpu: () => ourCpu(orderstream.url),
    },
    front: { ...ours, url: front.url, changedAt: whole.url, targets: ofTwo, cpu: () => ourCpu(front.url) },
    stock: { ...theirs, side: 'stock' },
    raw: { ...theirs, side: 'raw' },
  };
  const figures: object[] = [];
  const bars: Bar[] = [];

  const change = await cpuAChange(places.orderstream, scale.seconds);
  say(`orderstream, a change with one socket: ${shown(change / 1_000)} ms of CPU for command, projection and read`);
  for (const sockets of scale.sockets) {
    say(`${sockets} sockets on one order`);
    const seen = await inTurns(run, places, ['orderstream', 'front', 'stock', 'raw'], sockets, 1);
    figures.push({ sockets, orders: 1, change, seen });
    say(`  orderstream: ${budget(change, seen)}`);
    for (const [what, of] of [
      ['deliveries a second', ({ deliveries, seconds }) => deliveries / seconds],
      ['deliveries a second of CPU', ({ cpuADelivery }) => 1 / cpuADelivery],
    ] satisfies [string, (measured: Measured) => number][]) {
      const bar = (where: string, to: string, ours: readonly Measured[], peer: readonly Measured[], least: number) =>
        bars.push(atLeast(`${sockets} sockets on one order${where}, ${what} to ${to}`, ratio(ours, peer, of), least));
      bar('', 'stock', seen.orderstream, seen.stock, 6);
      bar('', 'plain ws', seen.orderstream, seen.raw, 0.85);
      bar(' at a node of their own', 'stock', seen.front, seen.stock, 6);
      bar(' at a node of their own', 'plain ws', seen.front, seen.raw, 0.85);
    }
  }
  say(`${targets.length} sockets over ${targets.length} orders`);
  const spread = await inTurns(run, places, ['orderstream', 'stock'], targets.length, targets.length);
  figures.push({ sockets: targets.length, orders: targets.length, seen: spread });
  await Promise.all([orderstream, front, whole, peers].map(server => server.stop()));

  const sockets = Math.max(...scale.sockets, targets.length);
  const orderIds = Array.from({ length: sockets }, (_, index) => targets[index % targets.length]?.orderId ?? '');
  const memory = await memoryASocket(run, databaseUrl, { tokens, orderIds });
  for (const [side, { resident, heap, external }] of Object.entries(memory)) {
    say(
      `  ${sockets} idle sockets, ${side}: ${shown(resident)} KB each (heap ${shown(heap)}, outside ${shown(external)})`,
    );
  }
  figures.push({ memory });
  bars.push(
    atMost('KB of an idle subscribed socket above a plain one', memory.ours.resident - memory.plain.resident, 12),
  );
  return { figures, bars };
};

/** Makes orders with lines. The quantity of one line can then be changed without end. */
async function withLines(url: string, shop: Shop): Promise<Target[]> {
  const client = openClient(url, { token: shop.token, connections: 32 });
  const targets = shop.orderIds.map(orderId => ({ orderId, lineId: `lin_${randomUUID()}` }));
  const waiting = [...targets];
  const add = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      for (const [index, productId] of shop.productIds.slice(0, lines).entries()) {
        const lineId = index === 0 ? next.lineId : `lin_${randomUUID()}`;
        const input = { orderId: next.orderId, lineId, productId, quantity: 1 };
        assertAccepted(await client.post(bodyOf({ name: 'addOrderItem', input })));
      }
    }
  };
  await Promise.all(Array.from({ length: 32 }, add));
  client.close();
  return targets;
}

type Seen = Readonly<Record<PlaceName, readonly Measured[]>>;

async function inTurns(
  { scale, say }: Run,
  places: Readonly<Record<PlaceName, Place>>,
  names: readonly PlaceName[],
  sockets: number,
  orders: number,
): Promise<Seen> {
  const seen: Record<PlaceName, Measured[]> = { orderstream: [], front: [], stock: [], raw: [] };
  // One more turn, discarded, to warm up.
  for (let turn = -1; turn < scale.turns; turn++) {
    for (const name of names) {
      const measured = await measure(places[name], sockets, orders, scale.seconds);
      if (turn < 0) continue;
      seen[name].push(measured);
      say(`  ${name}: ${line(measured)}`);
    }
  }
  return seen;
}

function line({ changes, deliveries, seconds, cpuADelivery, p50, p95, p99, alone }: Measured): string {
  const times = (of: Measured['alone']): string => `p50 ${shown(of.p50)} p95 ${shown(of.p95)} p99 ${shown(of.p99)} ms`;
  return [
    `${shown(deliveries / seconds)} deliveries/s (${shown(changes / seconds)} changes/s)`,
    `${shown(cpuADelivery)} µs of CPU each`,
    `commit to last frame ${times({ p50, p95, p99 })}`,
    `one change at a time ${times(alone)}`,
  ].join(', ');
}

async function measure(
  { side, url, changedAt, targets: all, tokens, cpu, load }: Place,
  sockets: number,
  orders: number,
  seconds: number,
): Promise<Measured> {
  const targets = all.slice(0, orders);
  const orderIds = Array.from({ length: sockets }, (_, index) => targets[index % targets.length]?.orderId ?? '');
  await load({ type: 'open', side, url, tokens, orderIds });
  const push = { type: 'push', side, url: changedAt, token: tokens[0] ?? '', targets } as const;
  const before = await cpu();
  const figure = await load({ ...push, seconds, atOnce: targets.length === 1 ? atOnce.ofOne : atOnce.ofMany });
  const used = (await cpu()) - before;
  const alone = await load({ ...push, seconds: seconds / 4, atOnce: 1 });
  await load({ type: 'close' });
  return { ...figure, cpuADelivery: (used * 1e6) / figure.deliveries, alone };
}

/**
 * CPU time of the server for a change without subscribers, µs: the baselines have no such cost, and all sockets share
 * it.
 */
async function cpuAChange(place: Place, seconds: number): Promise<number> {
  await measure(place, 1, 1, seconds);
  const { cpuADelivery, deliveries, changes } = await measure(place, 1, 1, seconds);
  return (cpuADelivery * deliveries) / changes;
}

/** Where the CPU time of a delivery goes, and the ratio to plain `ws` if a change cost nothing, as it does there. */
function budget(change: number, { orderstream, raw }: Seen): string {
  const ofChanges = (one: Measured): number => (change * one.changes) / one.deliveries;
  const rest = (one: Measured): number => one.cpuADelivery - ofChanges(one);
  const plain = median(raw.map(({ cpuADelivery }) => cpuADelivery));
  return [
    `${shown(median(orderstream.map(({ cpuADelivery }) => cpuADelivery)))} µs of CPU each`,
    `${shown(median(orderstream.map(ofChanges)))} of it for the changes themselves`,
    `the rest at ${(plain / median(orderstream.map(rest))).toFixed(2)} times the deliveries a second of CPU of plain ws`,
  ].join(', ');
}

/** The median of the ratios of neighbouring turns. */
function ratio(ours: readonly Measured[], theirs: readonly Measured[], of: (measured: Measured) => number): number {
  return median(
    ours.flatMap((our, turn) => {
      const their = theirs[turn];
      return their === undefined ? [] : [of(our) / of(their)];
    }),
  );
}

async function ourCpu(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1]);
}

async function theirCpu(url: string): Promise<number> {
  return ((await (await fetch(`${url}/raw/usage`)).json()) as { cpu: number }).cpu;
}
