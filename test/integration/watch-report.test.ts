import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Position } from '../../src/event-store/position.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import type { Bus } from '../../src/live/bus.ts';
import { everything, type Hub, openHub } from '../../src/live/hub.ts';
import { openInProcessBus } from '../../src/live/in-process-bus.ts';
import { type ReportFrame, watchReport } from '../../src/live/watch-report.ts';
import { openLogger } from '../../src/telemetry/logger.ts';
import { liveOrders } from '../../src/order/views/live-orders.ts';
import { liveOrderCounts, type OrderCounts, readOrderCounts } from '../../src/order/views/order-counts.ts';
import type { OrderRow } from '../../src/order/views/order-view.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { readWatchedChanges } from '../../src/projections/read-changes.ts';
import { readLiveReport } from '../../src/projections/read-report.ts';
import { forkedLog } from '../support/forked-log.ts';
import { within } from '../support/standstill.ts';
import {
  addItem,
  createdOrder,
  onOrder,
  positionOf,
  productOnSale,
  projectAll,
  registeredCustomer,
  type TestNode,
} from '../support/test-node.ts';
import { useNode } from '../support/use-node.ts';

type Frames = AsyncIterableIterator<ReportFrame<OrderCounts>>;

const logger = openLogger('fatal');
const { node } = useNode();
let productId: string;
let customerId: string;
beforeAll(async () => {
  productId = await productOnSale(node);
});

/** The node that the hub and the watches read from: another one after a restore. */
let serving: TestNode;
let bus: Bus;
let hub: Hub<OrderRow>;
/** The number of reads of reports. */
let reads: number;
async function openHubOn(one: TestNode): Promise<void> {
  serving = one;
  bus = openInProcessBus();
  hub = openHub<OrderRow>({
    start: (await readCheckpoint(one.database)).position,
    bus,
    logger,
    read: (after, interest) => readWatchedChanges(serving.source, liveOrders, after, interest, everything),
  });
}
beforeEach(async () => {
  customerId = await registeredCustomer(node);
  await openHubOn(node);
  reads = 0;
});
afterEach(() => hub.close());

/** @param scope undefined: all orders */
function watchOf(scope: string | undefined, after?: Position): Promise<Frames> {
  const read = (from: Position | undefined) => {
    reads++;
    return readLiveReport(serving.source, liveOrderCounts, scope, from);
  };
  return watchReport(hub, scope ?? everything, after, { read, logger });
}

function watch(after?: Position): Promise<Frames> {
  return watchOf(customerId, after);
}

/** The next frame, which must come long before the watch reads by itself. */
async function next(frames: Frames): Promise<ReportFrame<OrderCounts>> {
  const came = frames.next() as Promise<IteratorResult<ReportFrame<OrderCounts>, undefined>>;
  const { value, done } = await within(8_000, came);
  if (done) throw new Error('it ended');
  return value;
}

async function project(): Promise<Position> {
  const to = await projectAll(serving);
  bus.publish('projected', { to });
  return to;
}

async function submitted(orderId: string): Promise<Position> {
  await addItem(node, orderId, productId);
  return positionOf(onOrder(node, orderId, { type: 'SubmitOrder' }));
}

const counts = (...of: [string, number][]) => ({ value: new Map(of) });

describe('the first frame', () => {
  test('without `after` is a snapshot, also of no orders at all', async () => {
    const frames = await watch();
    expect(await next(frames)).toMatchObject({ kind: 'SNAPSHOT', row: counts() });
    const waiting = next(frames);
    await createdOrder(node, customerId);
    const position = await project();
    expect(await waiting).toMatchObject({ kind: 'UPDATE', position, row: counts(['DRAFT', 1]) });
    await frames.return?.();
  });

  test('is left out if no order of the scope changed since `after`, and is a snapshot otherwise', async () => {
    const orderId = await createdOrder(node, customerId);
    const seen = await project();
    await createdOrder(node, await registeredCustomer(node));
    await project();
    const frames = await watch(seen);
    const waiting = next(frames);
    expect(await Promise.race([waiting, sleep(100, 'nothing')])).toBe('nothing');
    const changed = await submitted(orderId);
    await project();
    expect(await waiting).toMatchObject({ kind: 'UPDATE', position: changed, row: counts(['SUBMITTED', 1]) });
    await frames.return?.();

    const resumed = await watch(seen);
    expect(await next(resumed)).toMatchObject({ kind: 'SNAPSHOT', position: changed, row: counts(['SUBMITTED', 1]) });
    await resumed.return?.();
  });

  test.each([
    ['the same point, another hash', ({ point }: Position) => ({ point, hash: '0123456789ab' })],
    ['a point beyond the head', ({ point, hash }: Position) => ({ point: point + 1_000, hash })],
  ])('after a position of another log (%s) is RESYNC with the counts; then they continue', async (_, make) => {
    const orderId = await createdOrder(node, customerId);
    const position = await project();
    const frames = await watch(make(position));
    expect(await next(frames)).toMatchObject({ kind: 'RESYNC', position, row: counts(['DRAFT', 1]) });
    const waiting = next(frames);
    const changed = await submitted(orderId);
    await project();
    expect(await waiting).toMatchObject({ kind: 'UPDATE', position: changed, row: counts(['SUBMITTED', 1]) });
    await frames.return?.();
  });

  test('if it cannot be read is an error', async () => {
    const away = { read: () => Promise.reject(new Error('the database is away')), logger };
    for (const after of [undefined, await readHead(node.database)]) {
      await expect(watchReport(hub, customerId, after, away)).rejects.toThrow('the database is away');
    }
  });
});

test('a change that changes no count is not sent, and a change of another scope is not even read', async () => {
  const orderId = await createdOrder(node, customerId);
  await project();
  const frames = await watch();
  await next(frames);
  const waiting = next(frames);
  await addItem(node, orderId, productId);
  await hub.awaitPosition(await project(), 1_000);
  expect(await Promise.race([waiting, sleep(100, 'nothing')])).toBe('nothing');
  expect(reads).toBeGreaterThan(1);
  const before = reads;
  await createdOrder(node, await registeredCustomer(node));
  await hub.awaitPosition(await project(), 1_000);
  await sleep(50);
  expect(reads).toBe(before);
  await createdOrder(node, customerId);
  const position = await project();
  expect(await waiting).toMatchObject({ kind: 'UPDATE', position, row: counts(['DRAFT', 2]) });
  await frames.return?.();
});

test('a slow subscriber skips intermediate counts and gets the newest: nothing is read before it takes a frame', async () => {
  const frames = await watch();
  await next(frames);
  for (let n = 0; n < 20; n++) {
    await createdOrder(node, customerId);
    await hub.awaitPosition(await project(), 1_000);
  }
  expect(reads).toBe(1);
  expect(await next(frames)).toMatchObject({ kind: 'UPDATE', row: counts(['DRAFT', 20]) });
  await frames.return?.();
});

test('a position that the views have not reached yet: nothing is sent before, and nothing that the subscriber has', async () => {
  const orderId = await createdOrder(node, customerId);
  await project();
  const behind = { ...readBehind(await readHead(node.database)), logger };
  const own = await submitted(orderId);
  const frames = await watchReport(hub, customerId, own, behind);
  const waiting = next(frames);
  await project();
  expect(await Promise.race([waiting, sleep(1_500, 'nothing')])).toBe('nothing');
  const later = await positionOf(onOrder(node, orderId, { type: 'ConfirmOrder' }));
  await project();
  expect(await waiting).toMatchObject({ kind: 'UPDATE', position: later, row: counts(['CONFIRMED', 1]) });
  await frames.return?.();
});

/** The first read comes from a server that has only reached `position`. */
function readBehind(position: Position) {
  let isFirst = true;
  return {
    read: async (from: Position | undefined) => {
      if (!isFirst) return readLiveReport(serving.source, liveOrderCounts, customerId, from);
      isFirst = false;
      const value: OrderCounts = new Map([['DRAFT', 1]]);
      return { report: { position: position.point, hash: position.hash, value }, continues: true, isChanged: false };
    },
  };
}

test('if the log is replaced under a subscriber, it gets one RESYNC with the counts of the other log', async () => {
  const log = await forkedLog();
  hub.close();
  await openHubOn(log.lost);
  const frames = await watchOf(log.customerId);
  expect(await next(frames)).toMatchObject({ kind: 'SNAPSHOT', row: counts(['DRAFT', 3]) });
  const waiting = next(frames);
  serving = log.restored;
  const position = await readHead(log.restored.database);
  bus.publish('projected', { to: position });
  expect(await waiting).toMatchObject({ kind: 'RESYNC', position, row: counts(['DRAFT', 3]) });
  const after = next(frames);
  await createdOrder(log.restored, log.customerId);
  await project();
  expect(await after).toMatchObject({ kind: 'UPDATE', row: counts(['DRAFT', 4]) });
  await frames.return?.();
  hub.close();
  await log.close();
});

test('a subscriber that stops at any moment and resumes with its last frame’s position ends with the counts as they are', async () => {
  const step = fc.record({ order: fc.nat({ max: 3 }), pause: fc.nat({ max: 4 }), kind: fc.nat({ max: 3 }) });
  const turns = fc.array(
    fc.record({ frames: fc.integer({ min: 1, max: 5 }), away: fc.nat({ max: 15 }), pace: fc.nat({ max: 3 }) }),
    { minLength: 1, maxLength: 6 },
  );
  const scopes = fc.constantFrom('customer', 'everything');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), turns, scopes, async (steps, ways, whose) => {
      const customer = await registeredCustomer(node);
      const scope = whose === 'customer' ? customer : undefined;
      const orders = [await createdOrder(node, customer)];
      await project();
      const work = { over: false };
      const writing = (async () => {
        for (const { order, pause, kind } of steps) {
          await sleep(pause);
          const orderId = orders[order % orders.length]!;
          if (kind === 0) orders.push(await createdOrder(node, customer));
          else if (kind === 1) await addItem(node, orderId, productId).catch(() => undefined);
          else if (kind === 2) await onOrder(node, orderId, { type: 'SubmitOrder' });
          else await onOrder(node, orderId, { type: 'CancelOrder', reason: 'why not' });
          if (pause !== 1) await project();
        }
        await project();
      })().finally(() => (work.over = true));

      let last: ReportFrame<OrderCounts> | undefined;
      for (let n = 0, over = false; !over; n++) {
        over = work.over;
        const { frames: count, away, pace } = ways[n % ways.length]!;
        const frames = await watchOf(scope, last?.position);
        for (let frame = 0; frame < count || over; frame++) {
          const came = await Promise.race([next(frames), sleep(over ? 100 : 20, undefined)]);
          if (!came) break;
          expect(came.position.point).toBeGreaterThan(last?.position.point ?? 0);
          last = came;
          await sleep(pace);
        }
        await frames.return?.();
        await sleep(away);
      }
      await writing;
      const { counts: now } = await readOrderCounts(node.source, scope, undefined);
      expect(last?.row.value).toEqual(now);
    }),
    { numRuns: 10 },
  );
});
