import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Position, startOfLog } from '../../src/event-store/position.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import type { Bus } from '../../src/live/bus.ts';
import { everything, type Hub, openHub } from '../../src/live/hub.ts';
import { openInProcessBus } from '../../src/live/in-process-bus.ts';
import { type ListFrame, type ListSource, watchList } from '../../src/live/watch-list.ts';
import { openLogger } from '../../src/telemetry/logger.ts';
import { matchesNow, type OrderFilter } from '../../src/order/views/order-filter.ts';
import type { OrderRow } from '../../src/order/views/order-view.ts';
import { liveOrders } from '../../src/order/views/live-orders.ts';
import { readChangePage, readWatchedChanges } from '../../src/projections/read-changes.ts';
import { readOrderPage } from '../../src/order/views/read-orders.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { eventually } from '../support/eventually.ts';
import { forkedLog } from '../support/forked-log.ts';
import { logLines } from '../support/log-lines.ts';
import { plainFold, plainLog, plainRow } from '../support/plain-fold.ts';
import { stopwatch, within } from '../support/standstill.ts';
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

type Frames = AsyncIterableIterator<ListFrame<OrderRow>>;

const logger = openLogger('fatal');

const { node } = useNode();
let productId: string;
let customerId: string;
beforeAll(async () => {
  productId = await productOnSale(node);
});

/** The node that the hub and the lists read from: another one after a restore. */
let serving: TestNode;
let bus: Bus;
let hub: Hub<OrderRow>;
/** The scopes of each read of the hub. */
let asked: (readonly string[])[];
async function openHubOn(one: TestNode): Promise<void> {
  serving = one;
  bus = openInProcessBus();
  asked = [];
  hub = openHub<OrderRow>({
    start: (await readCheckpoint(one.database)).position,
    bus,
    logger,
    read: (after, interest) => {
      asked.push(interest.scopes);
      return readWatchedChanges(serving.source, liveOrders, after, interest, everything);
    },
  });
}
beforeEach(async () => {
  customerId = await registeredCustomer(node);
  await openHubOn(node);
});
afterEach(() => hub.close());

/** Reads as the subscription's field does; without a customer the list of all orders. */
function sourceOf(customer: string | undefined, filter: OrderFilter = {}): ListSource<OrderRow> {
  return {
    read: (after, limit) => readChangePage(serving.source, liveOrders, { scope: customer, filter }, after, limit),
    logger,
  };
}

function watch(after?: Position, filter?: OrderFilter, customer = customerId): Promise<Frames> {
  return watchList(hub, customer, after, sourceOf(customer, filter));
}

/** The next frame, which must come long before the list polls. */
async function next(frames: Frames): Promise<ListFrame<OrderRow>> {
  const came = frames.next() as Promise<IteratorResult<ListFrame<OrderRow>, undefined>>;
  const { value, done } = await within(8_000, came);
  if (done) throw new Error('it ended');
  return value;
}

async function take(frames: Frames, count: number): Promise<ListFrame<OrderRow>[]> {
  const taken: ListFrame<OrderRow>[] = [];
  while (taken.length < count) taken.push(await next(frames));
  return taken;
}

/** Projects what is stored and publishes the hint. */
async function project(): Promise<Position> {
  const to = await projectAll(serving);
  bus.publish('projected', { to });
  return to;
}

/** A position as a page has it, for a client to resume from. */
async function pagePosition(): Promise<Position> {
  const request = { limit: 1, backwards: false, cursor: undefined, direction: 'ASC', count: false } as const;
  const list = { customerId, filter: {}, sort: 'createdAt' } as const;
  return (await readOrderPage(node.source, list, { ...request, atLeast: undefined })).position;
}

describe('the first frame', () => {
  test('without `after` is PROGRESS at the position that the views have reached; earlier changes are not sent', async () => {
    const orderId = await createdOrder(node, customerId);
    const position = await projectAll(node);
    const frames = await watch();
    expect(await next(frames)).toEqual({ kind: 'PROGRESS', position, row: undefined });
    const waiting = next(frames);
    const changed = await addItem(node, orderId, productId);
    await project();
    expect(await waiting).toMatchObject({ kind: 'UPDATE', position: changed, row: { orderId, version: 2 } });
    await frames.return?.();
  });

  test('after a page’s position is PROGRESS at it; then come all later changes, once, oldest change first', async () => {
    const orders: string[] = [];
    for (let n = 0; n < 4; n++) orders.push(await createdOrder(node, customerId));
    await projectAll(node);
    const after = await pagePosition();
    const touched = [orders[2]!, orders[0]!, orders[2]!];
    for (const orderId of touched) await addItem(node, orderId, productId);
    await projectAll(node);
    const frames = await watch(after);
    const [first, ...rest] = await take(frames, 3);
    expect(first).toEqual({ kind: 'PROGRESS', position: after, row: undefined });
    expect(rest.map(({ kind, row }) => [kind, row?.orderId, row?.version])).toEqual([
      ['UPDATE', orders[0], 2],
      ['UPDATE', orders[2], 3],
    ]);
    await frames.return?.();
  });

  test('after an own write that is not projected yet is PROGRESS at it, and that write is not sent again', async () => {
    const orderId = await createdOrder(node, customerId);
    await projectAll(node);
    const own = await addItem(node, orderId, productId);
    const frames = await watch(own);
    expect(await next(frames)).toEqual({ kind: 'PROGRESS', position: own, row: undefined });
    const waiting = next(frames);
    await project();
    const later = await addItem(node, orderId, productId);
    await project();
    expect(await waiting).toMatchObject({ kind: 'UPDATE', position: later, row: { version: 3 } });
    await frames.return?.();
  });

  test.each([
    ['the same point, another hash', ({ point }: Position) => ({ point, hash: '0123456789ab' })],
    ['a point beyond the head', ({ point, hash }: Position) => ({ point: point + 1_000, hash })],
  ])(
    'after a position of another log (%s) is RESYNC at the position to query again at; then the list continues',
    async (_, make) => {
      const orderId = await createdOrder(node, customerId);
      const position = await projectAll(node);
      const frames = await watch(make(position));
      expect(await next(frames)).toEqual({ kind: 'RESYNC', position, row: undefined });
      const waiting = next(frames);
      const changed = await addItem(node, orderId, productId);
      await project();
      expect(await waiting).toMatchObject({ kind: 'UPDATE', position: changed });
      await frames.return?.();
    },
  );

  test('of a list that cannot be read is an error, and the subscriber is unregistered', async () => {
    const away = { read: () => Promise.reject(new Error('the database is away')), logger };
    for (const after of [undefined, await readHead(node.database)]) {
      await expect(watchList<OrderRow>(hub, customerId, after, away)).rejects.toThrow('the database is away');
    }
    bus.publish('projected', { to: startOfLog });
    await sleep(50);
    expect(asked).toEqual([]);
  });
});

test('a reader that stops at any moment and resumes with its last frame’s position misses nothing and gets nothing twice', async () => {
  const step = fc.record({ order: fc.nat({ max: 3 }), pause: fc.nat({ max: 4 }), create: fc.nat({ max: 4 }) });
  const readers = fc.array(
    fc.record({ frames: fc.integer({ min: 1, max: 8 }), away: fc.nat({ max: 15 }), pace: fc.nat({ max: 3 }) }),
    { minLength: 1, maxLength: 6 },
  );
  const scope = fc.constantFrom('customer', 'everything');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), readers, scope, async (steps, turns, whose) => {
      const [customer, other] = [await registeredCustomer(node), await registeredCustomer(node)];
      const orders = [await createdOrder(node, customer)];
      const start = await project();
      const work = { over: false };
      const writing = (async () => {
        for (const { order, pause, create } of steps) {
          await sleep(pause);
          if (create === 0) orders.push(await createdOrder(node, order === 0 ? other : customer));
          else await addItem(node, orders[order % orders.length]!, productId);
          if (pause !== 1) await project();
        }
        await project();
      })().finally(() => (work.over = true));

      const listed = whose === 'customer' ? customer : undefined;
      const taken: ListFrame<OrderRow>[] = [];
      let after = start;
      for (let n = 0; ; n++) {
        const over = work.over;
        const { frames: count, away, pace } = turns[n % turns.length]!;
        const frames = await watchList(hub, listed ?? everything, after, sourceOf(listed));
        expect(await next(frames)).toEqual({ kind: 'PROGRESS', position: after, row: undefined });
        for (let frame = 0; frame < count; frame++) {
          const came = await Promise.race([next(frames), sleep(over ? 60 : 20, undefined)]);
          if (!came) break;
          expect(came.kind).toBe('UPDATE');
          taken.push(came);
          after = came.position;
          await sleep(pace);
        }
        await frames.return?.();
        const { rows } = await readChangePage(node.source, liveOrders, { scope: listed, filter: {} }, after, 1);
        if (over && rows.length === 0) break;
        await sleep(away);
      }
      await writing;

      const log = await plainLog(node.database);
      const last = new Map<string, unknown>();
      for (const [index, { row, position }] of taken.entries()) {
        expect(position.point).toBeGreaterThan((taken[index - 1]?.position ?? start).point);
        expect(plainRow(row!)).toEqual(plainFold(log, position.point).orders.get(row!.orderId));
        last.set(row!.orderId, plainRow(row!));
      }
      const expected = [...plainFold(log).orders].filter(([, order]) => {
        return (order['position'] as number) > start.point && order['customerId'] === (listed ?? order['customerId']);
      });
      expect(last).toEqual(new Map(expected));
    }),
    { numRuns: 10 },
  );
});

test('if more changes arrive than one read takes, all are sent, each order once, in the order of their last changes', async () => {
  const start = await projectAll(node);
  const orders: string[] = [];
  for (let n = 0; n < 120; n++) orders.push(await createdOrder(node, customerId));
  const again = orders.filter((_, n) => n % 3 === 0);
  for (const orderId of again) await addItem(node, orderId, productId);
  const head = await projectAll(node);
  const frames = await watch(start);
  const [, ...updates] = await take(frames, 121);
  const once = orders.filter(id => !again.includes(id));
  expect(updates.map(({ row }) => row?.orderId)).toEqual([...once, ...again]);
  expect(updates.at(-1)?.position).toEqual(head);
  await frames.return?.();
});

test('a slow reader gets each order once, in its newest state, however often it changed: its buffer does not grow', async () => {
  const orderId = await createdOrder(node, customerId);
  const other = await createdOrder(node, customerId);
  await projectAll(node);
  let read = 0;
  const source = sourceOf(customerId);
  const frames = await watchList(hub, customerId, undefined, {
    ...source,
    read: (after, limit) => {
      read++;
      return source.read(after, limit);
    },
  });
  await next(frames);
  for (let n = 0; n < 30; n++) {
    await addItem(node, orderId, productId);
    await hub.awaitPosition(await project(), 1_000);
  }
  // There is no read while the reader does not take the pending frame.
  expect(read).toBe(1);
  await addItem(node, other, productId);
  await project();
  const [one, two] = await take(frames, 2);
  expect([one!.row, two!.row]).toMatchObject([
    { orderId, version: 31 },
    { orderId: other, version: 2 },
  ]);
  await frames.return?.();
});

describe('a filtered list', () => {
  test('reports that an order has left it, once, and continues to report the orders in it', async () => {
    const [orderId, other] = [await createdOrder(node, customerId), await createdOrder(node, customerId)];
    await addItem(node, orderId, productId);
    const start = await projectAll(node);
    const filter: OrderFilter = { statusIn: ['DRAFT'], productId };
    const frames = await watch(start, filter);
    await next(frames);
    const nextChange = async () => {
      const { row } = await next(frames);
      return [row!.orderId, matchesNow(row!, filter)];
    };

    // One order enters the list by a product, one leaves it by its status; after that the second is on no list of
    // drafts again.
    await addItem(node, other, productId);
    await project();
    expect(await nextChange()).toEqual([other, true]);
    await positionOf(onOrder(node, orderId, { type: 'SubmitOrder' }));
    await project();
    expect(await nextChange()).toEqual([orderId, false]);
    await addItem(node, other, productId);
    await project();
    expect(await nextChange()).toEqual([other, true]);
    await frames.return?.();
  });

  test('reports nothing about orders that never were and never will be in it, or about those of others', async () => {
    const mine = await createdOrder(node, customerId, { reference: 'PO 7' });
    const unnamed = await createdOrder(node, customerId);
    const foreign = await createdOrder(node, await registeredCustomer(node), { reference: 'PO 7' });
    const frames = await watch(await projectAll(node), { reference: 'PO 7' });
    await next(frames);
    for (const orderId of [unnamed, foreign, mine]) await addItem(node, orderId, productId);
    const position = await project();
    expect(await next(frames)).toMatchObject({ row: { orderId: mine, version: 2 }, position });
    await frames.return?.();
  });
});

describe('without a change', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => vi.useRealTimers());

  test('it sends PROGRESS after 15 s, with a position that other changes have reached, without a read', async () => {
    const source = sourceOf(customerId);
    let reads = 0;
    const read: typeof source.read = (...which) => {
      reads++;
      return source.read(...which);
    };
    const frames = await watchList(hub, customerId, undefined, { ...source, read });
    await next(frames);
    const received: unknown[] = [];
    void frames.next().then(({ value }) => received.push(value));
    await createdOrder(node, await registeredCustomer(node));
    const position = await project();
    // The hub's read takes real time, not fake time.
    const began = performance.now();
    while (hub.notifiedPosition.point < position.point && performance.now() - began < 5_000) await turn();
    const before = reads;
    await vi.advanceTimersByTimeAsync(14_900);
    expect(received).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(received).toEqual([{ kind: 'PROGRESS', position, row: undefined }]);
    expect(reads).toBe(before);
    await frames.return?.();
  });
});

describe('ending it', () => {
  test('while its reader waits ends it at once, and unregisters the subscriber', async () => {
    const frames = await watch();
    await next(frames);
    const waiting = frames.next();
    expect(await frames.return?.()).toEqual({ value: undefined, done: true });
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(await frames.next()).toEqual({ value: undefined, done: true });
    bus.publish('projected', { to: startOfLog });
    await sleep(50);
    expect(asked).toEqual([]);
  });
});

describe('a database that is unavailable for a while', () => {
  /** The given number of reads after the first one fail. */
  async function watchWithFailures(): Promise<{
    frames: Frames;
    fail: (reads: number) => void;
    warnings: () => unknown[];
  }> {
    const source = sourceOf(customerId);
    const { logger: noted, lines } = logLines();
    let failures = 0;
    const frames = await watchList(hub, customerId, undefined, {
      read: (after, limit) =>
        failures-- > 0 ? Promise.reject(new Error('the database is away')) : source.read(after, limit),
      logger: noted,
    });
    await next(frames);
    return { frames, fail: reads => (failures = reads), warnings: () => lines.filter(line => line.level >= 40) };
  }

  test('ends nothing and loses nothing: the list is read again at the hub’s pace, and one line is logged', async () => {
    const orderId = await createdOrder(node, customerId);
    await projectAll(node);
    const { frames, fail, warnings } = await watchWithFailures();
    fail(2);
    const passed = stopwatch();
    const waiting = next(frames);
    const position = await addItem(node, orderId, productId);
    await project();
    expect(await waiting).toMatchObject({ kind: 'UPDATE', position });
    expect(passed()).toBeLessThan(3_000);
    expect(warnings()).toMatchObject([{ err: { message: 'the database is away' } }]);

    // The next outage is logged again.
    fail(1);
    await addItem(node, orderId, productId);
    await project();
    expect(await next(frames)).toMatchObject({ kind: 'UPDATE', row: { version: 3 } });
    expect(warnings()).toHaveLength(2);
    await frames.return?.();
  });

  test('does not delay a reader that leaves during the outage', async () => {
    const { frames, fail, warnings } = await watchWithFailures();
    fail(1_000);
    const waiting = frames.next();
    await eventually(() => expect(warnings()).toHaveLength(1));
    const passed = stopwatch();
    await frames.return?.();
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(passed()).toBeLessThan(500);
  });
});

test('if the log was restored and continued differently, a subscriber that has more than the new log gets RESYNC, and then continues in it', async () => {
  const fork = await forkedLog();
  try {
    hub.close();
    await openHubOn(fork.lost);
    const lists = [
      await watchList(hub, fork.customerId, undefined, sourceOf(fork.customerId)),
      await watchList(hub, everything, undefined, sourceOf(undefined)),
    ];
    for (const frames of lists) expect((await next(frames)).kind).toBe('PROGRESS');
    const waiting = lists.map(next);
    serving = fork.restored;
    bus.publish('projected', { to: startOfLog });
    const position = await readHead(fork.restored.database);
    expect(await Promise.all(waiting)).toEqual(lists.map(() => ({ kind: 'RESYNC', position, row: undefined })));

    const onward = lists.map(next);
    const changed = await addItem(serving, fork.orders[0], fork.productId);
    await project();
    for (const frame of await Promise.all(onward)) {
      expect(frame).toMatchObject({ kind: 'UPDATE', position: changed, row: { orderId: fork.orders[0], version: 2 } });
    }
    for (const frames of lists) await frames.return?.();
  } finally {
    hub.close();
    await fork.close();
  }
});
