import { openClient } from '../http-client.ts';
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
      /** They take turns, so that none has more sockets than a caller may. */
      readonly tokens: readonly string[];
      /** One a socket. */
      readonly orderIds: readonly string[];
    }
  | {
      readonly type: 'push';
      readonly side: Side;
      readonly url: string;
      readonly token: string;
      /** What is changed, and in which line: one after the other, over and over. */
      readonly targets: readonly Target[];
      readonly seconds: number;
      /** Changes that are on their way at a time. */
      readonly atOnce: number;
    }
  | { readonly type: 'close' };

/** An order, and a line of it to change. */
export interface Target {
  readonly orderId: string;
  readonly lineId: string;
}

export interface FanoutFigure {
  readonly deliveries: number;
  readonly seconds: number;
  /** From a change's request to the frames that came next, ms. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

const openAtOnce = 50;
const settle = 300; // ms without a frame: what was pushed has arrived
let open: RawSocket[] = [];
let frames = 0;
let lastFrame = 0;
let quantity = 0;

doJobs<FanoutJob, FanoutFigure>(async job => {
  if (job.type === 'open') await openAll(job);
  if (job.type === 'close') {
    for (const { socket } of open) socket.destroy();
    open = [];
  }
  return job.type === 'push' ? push(job) : { deliveries: 0, seconds: 0, p50: 0, p95: 0, p99: 0 };
});

function counted(): void {
  frames++;
  lastFrame = performance.now();
}

async function openAll({ side, url, tokens, orderIds }: FanoutJob & { type: 'open' }): Promise<void> {
  const waiting = orderIds.map((orderId, index) => ({ orderId, token: tokens[index % tokens.length] ?? '' }));
  const openNext = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const path = side === 'raw' ? '/raw' : '/graphql';
      const socket = await openRawSocket(url, path, side === 'raw' ? undefined : 'graphql-transport-ws', counted);
      open.push(socket);
      if (side === 'raw') continue;
      socket.send({ type: 'connection_init', payload: { Authorization: `Bearer ${next.token}` } });
      await quiet(1);
      const selection =
        side === 'orderstream'
          ? '{ kind position order { id status version total { minorUnits } lines { id productName quantity subtotal { minorUnits } } } }'
          : '{ id status version total lines { id productName quantity subtotal } }';
      const query = `subscription ($id: ID!) { orderUpdated(id: $id) ${selection} }`;
      socket.send({ id: '1', type: 'subscribe', payload: { query, variables: { id: next.orderId } } });
    }
  };
  await Promise.all(Array.from({ length: openAtOnce }, openNext));
  await quiet(settle);
}

async function quiet(milliseconds: number): Promise<void> {
  lastFrame = Math.max(lastFrame, performance.now());
  while (performance.now() - lastFrame < milliseconds) await new Promise(resolve => setTimeout(resolve, 5));
}

async function push(job: FanoutJob & { type: 'push' }): Promise<FanoutFigure> {
  const { side, url, token, targets, seconds, atOnce } = job;
  const client = openClient(url, { token, connections: atOnce });
  const times: number[] = [];
  const watchersOfOne = targets.length === 1 ? open.length : 1;
  frames = 0;
  const start = performance.now();
  let next = 0;
  async function pushOn(): Promise<void> {
    while (performance.now() - start < seconds * 1000) {
      const target = targets[next++ % targets.length];
      if (!target) return;
      const began = performance.now();
      const before = frames;
      await pushOne(client.post, target);
      // The next one when this one has arrived everywhere: or the faster side would only queue.
      while (frames - before < watchersOfOne && performance.now() - began < 2_000) await new Promise(setImmediate);
      times.push(performance.now() - began);
    }
  }
  async function pushOne(post: (body: string) => Promise<string>, target: Target): Promise<void> {
    if (side !== 'orderstream') {
      await fetch(`${url}/${side === 'raw' ? 'raw' : 'graphql'}/push/${target.orderId}`, { method: 'POST' });
      return;
    }
    quantity = (quantity % 9_999) + 1;
    assertAccepted(await post(bodyOf({ name: 'changeOrderItemQuantity', input: { ...target, quantity } })));
  }
  await Promise.all(Array.from({ length: atOnce }, pushOn));
  await quiet(settle);
  client.close();
  return {
    deliveries: frames,
    seconds: (lastFrame - start) / 1000,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    p99: percentile(times, 0.99),
  };
}
