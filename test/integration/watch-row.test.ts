import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Position } from '../../src/event-store/position.ts';
import { startOfLog } from '../../src/event-store/position.ts';
import type { Bus } from '../../src/live/bus.ts';
import { everything, type Hub, openHub } from '../../src/live/hub.ts';
import { openInProcessBus } from '../../src/live/in-process-bus.ts';
import { type RowFrame, type RowSource, watchRow } from '../../src/live/watch-row.ts';
import { newId } from '../../src/ids.ts';
import { openLogger } from '../../src/telemetry/logger.ts';
import type { OrderRow } from '../../src/order/views/order-view.ts';
import { liveOrders } from '../../src/order/views/live-orders.ts';
import { readWatchedChanges } from '../../src/projections/read-changes.ts';
import { readOrders } from '../../src/order/views/read-orders.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { StalePositionError } from '../../src/projections/stale-position.ts';
import { eventually } from '../support/eventually.ts';
import { type ForkedLog, forkedLog } from '../support/forked-log.ts';
import { logLines } from '../support/log-lines.ts';
import { plainFold, plainLog, plainRow } from '../support/plain-fold.ts';
import { openGate } from '../support/statements.ts';
import {
  addItem,
  createdOrder,
  productOnSale,
  projectAll,
  registeredCustomer,
  type TestNode,
} from '../support/test-node.ts';
import { useNode } from '../support/use-node.ts';

type Frames = AsyncIterableIterator<RowFrame<OrderRow>>;

const logger = openLogger('fatal');
const gone = () => new Error('there is no such order');

const { node } = useNode();
let customerId: string;
let productId: string;
beforeAll(async () => {
  customerId = await registeredCustomer(node);
  productId = await productOnSale(node);
});

/** The node that hub and snapshots read from: another one after a restore. */
let serving: TestNode;
let bus: Bus;
let hub: Hub<OrderRow>;
/** The ids of each read of the hub. */
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
      asked.push(interest.ids);
      return readWatchedChanges(serving.source, liveOrders, after, interest, everything);
    },
  });
}
beforeEach(() => openHubOn(node));
afterEach(() => hub.close());

/** Reads as the subscription's field does. */
function sourceOf(orderId: string, after?: Position): RowSource<OrderRow> {
  async function look(from: Position | undefined) {
    const found = (await readOrders(serving.source, [orderId], from)).rows.get(orderId);
    return found && { row: found.row, continues: from === after };
  }
  return {
    look: () =>
      look(after).catch((error: unknown) => {
        if (error instanceof StalePositionError) return look(undefined);
        throw error;
      }),
    gone,
    logger,
  };
}

function watch(orderId: string, after?: Position): Promise<Frames> {
  return watchRow(hub, orderId, after, sourceOf(orderId, after));
}

async function next(frames: Frames): Promise<RowFrame<OrderRow>> {
  const { value, done } = (await frames.next()) as IteratorResult<RowFrame<OrderRow>, undefined>;
  if (done) throw new Error('it ended');
  return value;
}

/** Frames as they arrive, in a growing array. */
function collect(frames: Frames): RowFrame<OrderRow>[] {
  const all: RowFrame<OrderRow>[] = [];
  void (async () => {
    for await (const frame of frames) all.push(frame);
  })();
  return all;
}

/** Stores one more event of an order, projects it and publishes the hint. @returns after the hub has read it */
async function change(orderId: string, product = productId): Promise<Position> {
  await addItem(serving, orderId, product);
  const to = await projectAll(serving);
  bus.publish('projected', { to });
  await hub.awaitPosition(to, 5_000);
  return to;
}

async function newOrder(): Promise<{ orderId: string; created: Position }> {
  const orderId = await createdOrder(node, customerId);
  return { orderId, created: await projectAll(node) };
}

/** Shows that no frame was pending, by the frame of the next change. */
async function expectOnlyUpdate(frames: Frames, orderId: string, version: number): Promise<void> {
  const first = next(frames);
  const position = await change(orderId);
  expect(await first).toMatchObject({ kind: 'UPDATE', position, row: { version } });
}

describe('the first frame', () => {
  test('without `after` is the row with all events of the log, projected or not', async () => {
    const { orderId } = await newOrder();
    const position = await addItem(node, orderId, productId);
    const frames = await watch(orderId);
    expect(await next(frames)).toMatchObject({ kind: 'SNAPSHOT', position, row: { version: 2, itemCount: 1 } });
    await frames.return?.();
  });

  test('after an older position is the current row', async () => {
    const { orderId, created } = await newOrder();
    await change(orderId);
    const position = await change(orderId);
    const frames = await watch(orderId, created);
    expect(await next(frames)).toMatchObject({ kind: 'SNAPSHOT', position, row: { version: 3 } });
    await frames.return?.();
  });

  test('after the row’s own position, or a later one, is the next change', async () => {
    const { orderId, created } = await newOrder();
    const { created: later } = await newOrder();
    for (const [index, after] of [created, later].entries()) {
      const frames = await watch(orderId, index === 0 ? after : await projectAll(node));
      await expectOnlyUpdate(frames, orderId, index + 2);
      await frames.return?.();
    }
  });

  test('after an own write that is not projected is the next change, not that write again', async () => {
    const { orderId } = await newOrder();
    const own = await addItem(node, orderId, productId);
    const frames = await watch(orderId, own);
    await expectOnlyUpdate(frames, orderId, 3);
    await frames.return?.();
  });

  test('after a position of another log is RESYNC, with the current row', async () => {
    const { orderId, created } = await newOrder();
    for (const after of [
      { point: created.point, hash: '0123456789ab' },
      { point: created.point + 1_000, hash: created.hash },
    ]) {
      const frames = await watch(orderId, after);
      expect(await next(frames)).toMatchObject({ kind: 'RESYNC', position: created, row: { version: 1 } });
      await frames.return?.();
    }
  });

  test('of a missing row is an error, and the subscriber is unregistered', async () => {
    await expect(watch(newId('ord'))).rejects.toThrow('there is no such order');
    const { orderId } = await newOrder();
    const away = { ...sourceOf(orderId), look: () => Promise.reject(new Error('the database is away')) };
    await expect(watchRow(hub, orderId, undefined, away)).rejects.toThrow('the database is away');
    asked.length = 0;
    bus.publish('projected', { to: startOfLog });
    await sleep(50);
    expect(asked).toEqual([]);
  });
});

describe('a row that changes between registration and snapshot', () => {
  test('is not sent again when the hub reaches the state of the snapshot', async () => {
    const { orderId } = await newOrder();
    await addItem(node, orderId, productId);
    const frames = await watch(orderId);
    expect(await next(frames)).toMatchObject({ kind: 'SNAPSHOT', row: { version: 2 } });
    const to = await projectAll(node);
    bus.publish('projected', { to });
    await hub.awaitPosition(to, 5_000);
    await expectOnlyUpdate(frames, orderId, 3);
    await frames.return?.();
  });

  test.each([
    ['before the snapshot reads it', 'before'],
    ['after the snapshot has read it', 'after'],
  ])('%s is delivered once, unchanged', async (_, when) => {
    const { orderId } = await newOrder();
    const { look } = sourceOf(orderId);
    const gate = openGate();
    const watching = watchRow(hub, orderId, undefined, {
      look: async () => {
        if (when === 'before') await gate.pass();
        const sighting = await look();
        if (when === 'after') await gate.pass();
        return sighting;
      },
      gone,
      logger,
    });
    await gate.arrived;
    const position = await change(orderId);
    gate.open();
    const frames = await watching;
    expect(await next(frames)).toMatchObject({ kind: 'SNAPSHOT', position, row: { version: 2 } });
    await expectOnlyUpdate(frames, orderId, 3);
    await frames.return?.();
  });
});

describe('a slow reader', () => {
  test('gets the newest state and none before it', async () => {
    const { orderId } = await newOrder();
    const frames = await watch(orderId);
    await next(frames);
    for (let n = 0; n < 4; n++) await change(orderId);
    const position = await change(orderId);
    expect(await next(frames)).toMatchObject({ kind: 'UPDATE', position, row: { version: 6, itemCount: 5 } });
    await expectOnlyUpdate(frames, orderId, 7);
    await frames.return?.();
  });

  test('that has not taken the snapshot yet gets a snapshot of the newest state', async () => {
    const { orderId } = await newOrder();
    const frames = await watch(orderId);
    await change(orderId);
    const position = await change(orderId);
    expect(await next(frames)).toMatchObject({ kind: 'SNAPSHOT', position, row: { version: 3 } });
    await frames.return?.();
  });
});

test('versions and positions only rise, each frame is the log as of its position, and the newest always arrives', async () => {
  const pauses = fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(pauses, pauses, async (writing, reading) => {
      const { orderId } = await newOrder();
      const frames = await watch(orderId);
      const last = writing.length + 1;
      const written = (async () => {
        for (const ms of writing) {
          await sleep(ms);
          await addItem(node, orderId, productId);
          bus.publish('projected', { to: await projectAll(node) });
        }
      })();
      const taken: RowFrame<OrderRow>[] = [];
      for (let n = 0; taken.at(-1)?.row.version !== last; n++) {
        taken.push(await next(frames));
        await sleep(reading[n % reading.length]);
      }
      await written;
      await frames.return?.();

      const log = await plainLog(node.database);
      for (const [index, { row, position }] of taken.entries()) {
        expect(row.version).toBeGreaterThan(taken[index - 1]?.row.version ?? 0);
        expect(position.point).toBeGreaterThan(taken[index - 1]?.position.point ?? 0);
        expect(log[position.point - 1]?.hash).toBe(position.hash);
        expect(plainRow(row)).toEqual(plainFold(log, position.point).orders.get(orderId));
      }
    }),
    { numRuns: 15 },
  );
});

describe('ending it', () => {
  test('while its reader waits ends it at once, and unregisters the subscriber', async () => {
    const { orderId } = await newOrder();
    const frames = await watch(orderId);
    await next(frames);
    const waiting = frames.next();
    expect(await frames.return?.()).toEqual({ value: undefined, done: true });
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(await frames.next()).toEqual({ value: undefined, done: true });

    asked.length = 0;
    bus.publish('projected', { to: startOfLog });
    await sleep(50);
    expect(asked).toEqual([]);
  });

  test('does not affect other subscribers of the same row', async () => {
    const { orderId } = await newOrder();
    const [one, other] = [await watch(orderId), await watch(orderId)];
    await next(other);
    await one.return?.();
    await one.return?.();
    await expectOnlyUpdate(other, orderId, 2);
    expect(asked.at(-1)).toEqual([orderId]);
    await other.return?.();
  });
});

describe('if the log was restored and continued differently', () => {
  let fork: ForkedLog;
  beforeAll(async () => {
    fork = await forkedLog();
  });
  afterAll(() => fork.close());
  beforeEach(async () => {
    hub.close();
    await openHubOn(fork.lost);
  });

  function restore(): void {
    serving = fork.restored;
    bus.publish('projected', { to: startOfLog });
  }

  test('each subscriber gets the row of the new log, although its version is lower, and then its changes', async () => {
    const [one, other] = await Promise.all(fork.orders.map(id => watch(id)));
    expect(await next(one!)).toMatchObject({ kind: 'SNAPSHOT', row: { version: 4 } });
    expect(await next(other!)).toMatchObject({ kind: 'SNAPSHOT', row: { version: 1 } });
    restore();
    expect(await next(one!)).toMatchObject({ kind: 'RESYNC', row: { version: 1 } });
    expect(await next(other!)).toMatchObject({ kind: 'RESYNC', row: { version: 4 } });

    const waiting = next(one!);
    await addItem(serving, fork.orders[0], fork.productId);
    const position = await projectAll(serving);
    bus.publish('projected', { to: position });
    expect(await waiting).toMatchObject({ kind: 'UPDATE', position, row: { version: 2 } });
    await Promise.all([one!.return?.(), other!.return?.()]);
  });

  test('a notification of the hub while the row is read again is neither lost nor overwritten', async () => {
    const [orderId] = fork.orders;
    const source = sourceOf(orderId);
    const gate = openGate();
    let looks = 0;
    const frames = await watchRow(hub, orderId, undefined, {
      ...source,
      look: async () => {
        const sighting = await source.look();
        if (++looks === 2) await gate.pass();
        return sighting;
      },
    });
    await next(frames);
    restore();
    await gate.arrived;
    const position = await change(orderId, fork.productId);
    gate.open();
    const all = collect(frames);
    await eventually(() => expect(all.at(-1)).toMatchObject({ position }));
    expect(all[0]?.kind).toBe('RESYNC');
    for (const [index, { row }] of all.entries()) {
      expect(row.version).toBeGreaterThan(all[index - 1]?.row.version ?? 0);
    }
    await frames.return?.();
  });

  test('a read of the old log that is still in flight is ignored', async () => {
    const [orderId] = fork.orders;
    const source = sourceOf(orderId);
    const gate = openGate();
    let looks = 0;
    const watching = watchRow(hub, orderId, undefined, {
      ...source,
      look: async () => {
        const sighting = await source.look();
        if (++looks === 1) await gate.pass();
        return sighting;
      },
    });
    await gate.arrived;
    restore();
    await hub.awaitPosition({ point: 2 ** 50, hash: '' }, 100);
    gate.open();
    const frames = await watching;
    const { row } = (await readOrders(fork.restored.source, [orderId])).rows.get(orderId)!;
    const all = collect(frames);
    await eventually(() => expect(all.length).toBeGreaterThan(0));
    expect(all.map(frame => frame.row)).toEqual([row]);
    await frames.return?.();
  });

  test('if the database is unavailable when the row must be read again, nothing ends: the row is read when it is back', async () => {
    const [, orderId] = fork.orders;
    const source = sourceOf(orderId);
    let failures = 0;
    const { logger: noted, lines } = logLines();
    const frames = await watchRow(hub, orderId, undefined, {
      look: () => (failures-- > 0 ? Promise.reject(new Error('the database is away')) : source.look()),
      gone,
      logger: noted,
    });
    expect(await next(frames)).toMatchObject({ kind: 'SNAPSHOT', row: { version: 1 } });
    failures = 2;
    const waiting = next(frames);
    restore();
    expect(await waiting).toMatchObject({ kind: 'RESYNC', row: { version: 4 } });
    expect(lines.filter(line => line.level >= 40)).toMatchObject([{ err: { message: 'the database is away' } }]);
    await frames.return?.();
  });

  test('a subscriber that leaves while the database is unavailable reads no more', async () => {
    const [, orderId] = fork.orders;
    const source = sourceOf(orderId);
    let looks = 0;
    const frames = await watchRow(hub, orderId, undefined, {
      look: () => (looks++ > 0 ? Promise.reject(new Error('the database is away')) : source.look()),
      gone,
      logger,
    });
    restore();
    await eventually(() => expect(looks).toBe(2));
    await frames.return?.();
    await sleep(1_200);
    expect(looks).toBe(2);
  });

  test('a subscriber of a row that the new log does not have gets NOT_FOUND, waiting or not', async () => {
    const [waiting, busy] = [await watch(fork.lostOrder), await watch(fork.lostOrder)];
    await next(waiting);
    const rejected = expect(next(waiting)).rejects.toThrow('there is no such order');
    restore();
    await rejected;
    await eventually(() => expect(next(busy)).rejects.toThrow('there is no such order'));
    await Promise.all([waiting.return?.(), busy.return?.()]);
    expect(await busy.next()).toEqual({ value: undefined, done: true });
  });
});
