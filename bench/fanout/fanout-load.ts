import { openClient, type Post } from '../http-client.ts';
import { assertAccepted, bodyOf } from '../shop.ts';
import { percentile } from '../statistics.ts';
import { doJobs } from '../worker.ts';
import { openRawSocket, type RawSocket } from './raw-socket.ts';

export type Side = 'orderstream' | 'stock' | 'raw';

export type FanoutJob =
  | {
      readonly type: 'open';
      readonly side: Side;
      readonly url: string;
      /** Tokens that the sockets use in turn, so that no caller exceeds its limit of sockets. */
      readonly tokens: readonly string[];
      /** One order for each socket. */
      readonly orderIds: readonly string[];
    }
  | {
      readonly type: 'push';
      readonly side: Side;
      readonly url: string;
      readonly token: string;
      /** The lines whose quantity is changed, one after another, again and again. */
      readonly targets: readonly Target[];
      readonly seconds: number;
      /** Changes in flight at the same time. */
      readonly atOnce: number;
    }
  | { readonly type: 'close' };

/** An order, and the line of it that is changed. */
export interface Target {
  readonly orderId: string;
  readonly lineId: string;
}

export interface FanoutFigure {
  readonly changes: number;
  readonly deliveries: number;
  readonly seconds: number;
  /** From the response of a change (it is committed) to its frame at the socket that was opened last, ms. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

const openAtOnce = 50;
/**
 * How often the load process reads the sockets whose frames it does not wait for, ms. If it read each frame by
 * itself, that would cost as much CPU as the server needs to send it, and on two cores the load would be the
 * bottleneck. Some tens of KB wait in the kernel in between.
 */
const sweepInterval = 150;
const settle = 300; // ms without a frame after which all pushed frames have arrived
const nothing: FanoutFigure = { changes: 0, deliveries: 0, seconds: 0, p50: 0, p95: 0, p99: 0 };
/** Sockets by the order that they watch. */
const open = new Map<string, RawSocket[]>();
let sweeping: NodeJS.Timeout | undefined;
let frames = 0;
let lastFrame = 0;
let quantity = 0;

doJobs<FanoutJob, FanoutFigure>(async job => {
  if (job.type === 'push') return push(job);
  if (job.type === 'open') await openAll(job);
  else closeAll();
  return nothing;
});

function counted(): void {
  frames++;
  lastFrame = performance.now();
}

function sweep(): void {
  const all = [...open.values()].flat();
  for (const one of all) one.sweep();
  // Frames that have arrived are read in the next turn of the event loop.
  setImmediate(() => setImmediate(() => all.forEach(one => one.rest())));
}

function closeAll(): void {
  clearInterval(sweeping);
  for (const sockets of open.values()) for (const { socket } of sockets) socket.destroy();
  open.clear();
}

async function openAll(job: FanoutJob & { type: 'open' }): Promise<void> {
  const waiting = [...job.orderIds.entries()].reverse();
  const openNext = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [index, orderId] = next;
      const socket = await openOne(job, orderId, job.tokens[index % job.tokens.length] ?? '');
      open.set(orderId, [...(open.get(orderId) ?? []), socket]);
    }
  };
  await Promise.all(Array.from({ length: openAtOnce }, openNext));
  await quiet(settle);
  sweeping = setInterval(sweep, sweepInterval);
}

async function openOne({ side, url }: FanoutJob & { type: 'open' }, id: string, token: string): Promise<RawSocket> {
  if (side === 'raw') return openRawSocket(url, '/raw', undefined, counted);
  let acknowledge = (): void => undefined;
  const acknowledged = new Promise<void>(resolve => (acknowledge = resolve));
  const socket = await openRawSocket(url, '/graphql', 'graphql-transport-ws', () => {
    acknowledge();
    counted();
  });
  socket.send({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } });
  // The server closes sockets that subscribe before they are acknowledged.
  await acknowledged;
  const order = 'id status version total { minorUnits } lines { id productName quantity subtotal { minorUnits } }';
  const query = `subscription ($id: ID!) { orderUpdated(id: $id) { kind position order { ${order} } } }`;
  socket.send({ id: '1', type: 'subscribe', payload: { query, variables: { id } } });
  return socket;
}

async function quiet(milliseconds: number): Promise<void> {
  lastFrame = Math.max(lastFrame, performance.now());
  while (performance.now() - lastFrame < milliseconds) await new Promise(resolve => setTimeout(resolve, 5));
}

async function push(job: FanoutJob & { type: 'push' }): Promise<FanoutFigure> {
  const { side, url, token, targets, seconds, atOnce } = job;
  const path = side === 'raw' ? '/raw/push' : side === 'stock' ? '/graphql/push' : '/graphql';
  const client = openClient(url, { token, connections: atOnce, path });
  const times: number[] = [];
  frames = 0;
  const start = performance.now();
  let next = 0;
  async function pushOn(): Promise<void> {
    while (performance.now() - start < seconds * 1000) {
      const target = targets[next++ % targets.length];
      const sentinel = target && open.get(target.orderId)?.at(-1);
      if (!sentinel) throw new Error('nobody watches what is to be changed');
      sentinel.watch();
      const version = await change(side, client.post, target);
      const answered = performance.now();
      await sentinel.reached(version);
      times.push(performance.now() - answered);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, pushOn));
  // The last change is at the socket that was opened last, so it was sent to all others before.
  const took = performance.now() - start;
  await quiet(settle);
  client.close();
  return {
    changes: times.length,
    deliveries: frames,
    seconds: took / 1000,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    p99: percentile(times, 0.99),
  };
}

/** @returns the order's version after the change, or the version of the pushed update */
async function change(side: Side, post: Post, target: Target): Promise<number> {
  quantity = (quantity % 9_999) + 1;
  const input = { ...target, quantity };
  const answer = await post(
    side === 'orderstream' ? bodyOf({ name: 'changeOrderItemQuantity', input }) : JSON.stringify(target),
  );
  assertAccepted(answer);
  return Number(/"version":(\d+)/.exec(answer)?.[1]);
}
