import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Position, startOfLog } from '../../src/event-store/position.ts';
import type { Bus } from '../../src/live/bus.ts';
import { type Changes, everything, type Hub, openHub, type ReadChanges } from '../../src/live/hub.ts';
import { openInProcessBus } from '../../src/live/in-process-bus.ts';
import { openRedisBus } from '../../src/live/redis-bus.ts';
import { watchList } from '../../src/live/watch-list.ts';
import { watchRow } from '../../src/live/watch-row.ts';
import { openLogger } from '../../src/telemetry/logger.ts';
import type { OrderRow } from '../../src/order/views/order-view.ts';
import { liveOrders } from '../../src/order/views/live-orders.ts';
import { readChangePage, readWatchedChanges } from '../../src/projections/read-changes.ts';
import { readOrders } from '../../src/order/views/read-orders.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { eventually } from '../support/eventually.ts';
import { forkedLog } from '../support/forked-log.ts';
import { logLines } from '../support/log-lines.ts';
import { startRedis } from '../support/private-redis.ts';
import { redisAt } from '../support/redis.ts';
import { soon, stopwatch } from '../support/standstill.ts';
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

const logger = openLogger('fatal');

const { node } = useNode();
let customerId: string;
let productId: string;
let bus: Bus;
beforeAll(async () => {
  customerId = await registeredCustomer(node);
  productId = await productOnSale(node);
});
beforeEach(() => {
  bus = openInProcessBus();
});

const readOf = (one: TestNode): ReadChanges<OrderRow> => {
  return (after, interest) => readWatchedChanges(one.source, liveOrders, after, interest, everything);
};

const hubs: Hub<OrderRow>[] = [];
afterEach(() => hubs.splice(0).forEach(hub => hub.close()));

/** A hub that starts at the position of the views; each of its reads is recorded. */
async function open(read = readOf(node), on = bus) {
  const start = (await readCheckpoint(node.database)).position;
  const reads: { after: Position; answer: Changes<OrderRow> | undefined }[] = [];
  const hub = openHub<OrderRow>({
    start,
    bus: on,
    logger,
    read: async (after, interest) => {
      const noted: (typeof reads)[number] = { after, answer: undefined };
      reads.push(noted);
      return (noted.answer = await read(after, interest));
    },
  });
  hubs.push(hub);
  return { hub, start, reads };
}

function notificationsOf(hub: Hub<OrderRow>, id: string): (OrderRow | 'resync')[] {
  const changes: (OrderRow | 'resync')[] = [];
  hub.watchRow(id, { changed: row => changes.push(row), resync: () => changes.push('resync') });
  return changes;
}

function versions(changes: readonly (OrderRow | 'resync')[]): (number | 'resync')[] {
  return changes.map(change => (change === 'resync' ? change : change.version));
}

async function projectedItem(orderId: string): Promise<Position> {
  await addItem(node, orderId, productId);
  return projectAll(node);
}

describe('a hint only wakes', () => {
  const position: fc.Arbitrary<Position> = fc.record({
    point: fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constantFrom(0, -1, NaN, Infinity)),
    hash: fc.oneof(fc.constant('000000000000'), fc.string()),
  });

  test('hints that are forged, repeated, foreign or far ahead deliver nothing that is not in the rows, and do not move the hub', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(position, { maxLength: 5 }), { maxLength: 4 }), async rounds => {
        const orderId = await createdOrder(node, customerId);
        await projectAll(node);
        const { hub, start, reads } = await open();
        const row = notificationsOf(hub, orderId);
        const scopes: string[] = [];
        hub.watchScope(customerId, () => scopes.push(customerId));
        hub.watchScope(everything, () => scopes.push(everything));

        for (const [round, hints] of rounds.entries()) {
          // Stored, not projected: whatever a hint contains, there is nothing to deliver yet.
          const [notified, rang] = [row.length, scopes.length];
          await addItem(node, orderId, productId);
          for (const to of [...hints, ...hints]) bus.publish('projected', { to });
          const before = reads.length;
          bus.publish('projected', { to: { point: 1e15, hash: 'ffffffffffff' } });
          await eventually(() => expect(reads.at(-1)?.answer && reads.length > before).toBe(true));
          await turn();
          expect([row.length, scopes.length]).toEqual([notified, rang]);

          await projectAll(node);
          bus.publish('projected', { to: startOfLog });
          await eventually(() => expect(versions(row).at(-1)).toBe(round + 2));
        }
        expect(versions(row)).toEqual(rounds.map((_, round) => round + 2));
        expect(scopes).toEqual(rounds.flatMap(() => [customerId, everything]));
        // Each read continued at the end of the read before, and nowhere else.
        const ends = [start, ...reads.map(({ answer }) => answer?.position)]; // the last read may still be in flight
        expect(reads.map(({ after }) => after)).toEqual(ends.slice(0, -1));
        hub.close();
      }),
      { numRuns: 15 },
    );
  });

  test('whatever is published on Redis, the hub continues from its own position and delivers each change once', async () => {
    const redis = await startRedis();
    const shared = await openRedisBus(await redisAt(redis.url), logger);
    const stranger = new Redis(redis.url);
    try {
      const orderId = await createdOrder(node, customerId);
      await projectAll(node);
      const { hub, start, reads } = await open(readOf(node), shared);
      const row = notificationsOf(hub, orderId);
      const garbage = ['', 'null', '[]', '{', '{"to":{}}', '{"to":{"point":"9"}}', '\0', 'x'.repeat(1_000_000)];
      const forged = [-1, 0, 1, 1e15].map(point => JSON.stringify({ to: { point, hash: 'ffffffffffff' } }));
      for (let round = 0; round < 5; round++) {
        const stored = addItem(node, orderId, productId);
        for (const message of [...garbage, ...forged]) await stranger.publish('orderstream:projected', message);
        await stored;
        const to = await projectAll(node);
        shared.publish('projected', { to });
        await eventually(() => expect(versions(row).at(-1)).toBe(round + 2));
      }
      expect(versions(row)).toEqual([2, 3, 4, 5, 6]);
      const ends = [start, ...reads.map(({ answer }) => answer?.position)]; // the last read may still be in flight
      expect(reads.map(({ after }) => after)).toEqual(ends.slice(0, -1));
    } finally {
      stranger.disconnect();
      await shared.close();
      await redis.stop();
    }
  });
});

describe('a lost hint', () => {
  async function fourChangesWithoutHints(on: Bus): Promise<number> {
    const orderId = await createdOrder(node, customerId);
    await projectAll(node);
    const { hub } = await open(readOf(node), on);
    const row = notificationsOf(hub, orderId);
    await hub.awaitPosition(startOfLog, 1_000);
    const passed = stopwatch();
    for (let round = 0; round < 4; round++) {
      await projectedItem(orderId);
      await eventually(() => expect(versions(row).at(-1)).toBe(round + 2));
    }
    return passed();
  }

  test('delays an update by at most a tick, 1 s', async () => {
    expect(await fourChangesWithoutHints(bus)).toBeLessThan(4 * 1_000 + 1_000);
  });

  test('delays an update by at most 250 ms while no hints can arrive', async () => {
    expect(await fourChangesWithoutHints({ ...bus, isConnected: () => false })).toBeLessThan(4 * 250 + 1_000);
  });
});

test('a failed read loses nothing: the next one continues from the same position', async () => {
  const orderId = await createdOrder(node, customerId);
  await projectAll(node);
  let broken = 0;
  const { lines, logger: noted } = logLines();
  const hub = openHub<OrderRow>({
    start: (await readCheckpoint(node.database)).position,
    bus,
    logger: noted,
    read: async (after, interest) => {
      if (broken-- > 0) throw new Error('the database is away');
      return readOf(node)(after, interest);
    },
  });
  hubs.push(hub);
  const row = notificationsOf(hub, orderId);
  broken = 2;
  const to = await projectedItem(orderId);
  bus.publish('projected', { to });
  await soon(() => expect(versions(row)).toEqual([2]), 5_000);
  expect(lines.map(line => line.err?.message)).toEqual(['the database is away', 'the database is away']);
});

test('a hub without subscribers reads nothing', async () => {
  const { hub, reads } = await open();
  const end = hub.watchRow('ord_1', { changed: () => undefined, resync: () => undefined });
  bus.publish('projected', { to: startOfLog });
  await eventually(() => expect(reads.at(-1)?.answer).toBeDefined());
  end();
  const { length } = reads;
  for (let hint = 0; hint < 10; hint++) bus.publish('projected', { to: startOfLog });
  await sleep(100);
  expect(reads).toHaveLength(length);
});

describe('waiting for a position', () => {
  test('ends when the views have reached it, and not before', async () => {
    const orderId = await createdOrder(node, customerId);
    await projectAll(node);
    const { hub } = await open();
    const target = await addItem(node, orderId, productId);
    let ended = false;
    const waiting = hub.awaitPosition(target, 10_000).then(() => (ended = true));
    bus.publish('projected', { to: target });
    await sleep(50);
    expect(ended).toBe(false);
    const passed = stopwatch();
    const to = await projectAll(node);
    bus.publish('projected', { to });
    await waiting;
    expect(passed()).toBeLessThan(900);
  });

  test('ends after its timeout, and when the hub is closed', async () => {
    const { hub } = await open();
    const never = { point: 2 ** 50, hash: 'ffffffffffff' };
    const passed = stopwatch();
    await hub.awaitPosition(never, 100);
    expect(passed()).toBeLessThan(2_000);
    const waiting = hub.awaitPosition(never, 60_000);
    hub.close();
    await waiting;
    await sleep(50);
    await hub.awaitPosition(never, 60_000);
    expect(passed()).toBeLessThan(5_000);
  });
});

describe('a subscriber that registers at any moment', () => {
  test('misses nothing that a read in flight passes: a read that was requested before the registration and executed after it', async () => {
    const orderId = await createdOrder(node, customerId);
    await projectAll(node);
    let gate: ReturnType<typeof openGate> | undefined;
    const { hub } = await open(async (after, interest) => {
      const waiting = gate;
      gate = undefined;
      // Like a read that waits for a connection of the pool: its interest is decided, its snapshot of the data is
      // not.
      await waiting?.pass();
      return readOf(node)(after, interest);
    });
    hub.watchScope('somebody', () => undefined);
    const held = openGate();
    gate = held;
    bus.publish('projected', { to: startOfLog });
    await held.arrived;

    const row = notificationsOf(hub, orderId);
    let rang = 0;
    hub.watchScope(customerId, () => rang++);
    await projectedItem(orderId);
    held.open();
    await eventually(() => expect([versions(row), rang]).toEqual([[2], 1]));
    // It is notified once, and the next change arrives normally.
    await projectedItem(orderId);
    bus.publish('projected', { to: startOfLog });
    await eventually(() => expect([versions(row), rang]).toEqual([[2, 3], 2]));
  });

  test('gets what that read has passed even if the following read fails', async () => {
    const orderId = await createdOrder(node, customerId);
    await projectAll(node);
    const held = openGate();
    let reads = 0;
    const { hub } = await open(async (after, interest) => {
      reads++;
      if (reads === 1) await held.pass();
      if (reads === 2) throw new Error('the database is away');
      return readOf(node)(after, interest);
    });
    hub.watchScope('somebody', () => undefined);
    bus.publish('projected', { to: startOfLog });
    await held.arrived;
    const row = notificationsOf(hub, orderId);
    await projectedItem(orderId);
    held.open();
    await eventually(() => expect(versions(row)).toEqual([2]));
    expect(reads).toBe(4);
  });

  /**
   * Number of operations in flight between two tasks of the schedule: at most one, so that a schedule can be
   * repeated.
   */
  let inFlight = 0;

  async function step<Result>(s: fc.Scheduler, label: string, run: () => Promise<Result>): Promise<Result> {
    await s.schedule(Promise.resolve(), `${label} begins`);
    inFlight++;
    const result = await run().finally(() => inFlight--);
    await s.schedule(Promise.resolve(), `${label} ends`);
    return result;
  }

  async function drive(s: fc.Scheduler, isOver: () => boolean): Promise<void> {
    for (let idle = 0; idle < 5; ) {
      await turn();
      if (inFlight > 0) continue;
      if (s.count() > 0) await s.waitNext(1);
      // A released operation needs some turns until its effect shows, here or in the hub.
      idle = s.count() === 0 && inFlight === 0 && isOver() ? idle + 1 : 0;
    }
  }

  test('misses no change, whatever is being read, stored and projected at that moment', async () => {
    const counts = fc.record({
      changes: fc.integer({ min: 1, max: 3 }),
      rows: fc.integer({ min: 1, max: 3 }),
      lists: fc.nat({ max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), counts, async (s, { changes, rows, lists }) => {
        inFlight = 0;
        const orderId = await createdOrder(node, customerId);
        const start = await projectAll(node);
        let reading = 0;
        const hub = openHub<OrderRow>({
          start,
          bus,
          logger,
          read: async (after, interest) => {
            reading++;
            return step(s, 'the hub’s read', () => readOf(node)(after, interest)).finally(() => reading--);
          },
        });
        hubs.push(hub);
        // One subscriber is always registered, so that the hub moves on at every hint.
        hub.watchScope(everything, () => undefined);

        let version = 1;
        const changing = s.scheduleSequence(
          Array.from({ length: changes }, () => async () => {
            inFlight++;
            const to = await projectedItem(orderId).finally(() => inFlight--);
            version++;
            bus.publish('projected', { to });
          }),
        );
        const seen: number[] = [];
        const endings: (() => Promise<unknown>)[] = [];
        const joining = s.scheduleSequence([
          ...Array.from({ length: rows }, (_, index) => async () => {
            void (async () => {
              const frames = await watchRow(hub, orderId, undefined, {
                look: () =>
                  step(s, `look ${index}`, async () => {
                    const found = (await readOrders(node.source, [orderId])).rows.get(orderId);
                    return found && { row: found.row, continues: true };
                  }),
                gone: () => new Error('gone'),
                logger,
              });
              endings.push(async () => frames.return?.());
              for await (const frame of frames) seen[index] = frame.row.version;
            })();
            return Promise.resolve();
          }),
          ...Array.from({ length: lists }, (_, index) => async () => {
            void (async () => {
              const frames = await watchList<OrderRow>(hub, customerId, undefined, {
                read: (after, limit) =>
                  step(s, `list ${index}`, () =>
                    readChangePage(node.source, liveOrders, { scope: customerId, filter: {} }, after, limit),
                  ),
                logger,
              });
              endings.push(async () => frames.return?.());
              for await (const { row, position } of frames) {
                // The position that it starts from covers as many changes as the log has there.
                seen[rows + index] = row?.version ?? changesUpTo(position);
              }
            })();
            return Promise.resolve();
          }),
        ]);
        const changesUpTo = ({ point }: Position) => 1 + Math.max(0, point - start.point);

        await drive(s, () => changing.done && joining.done && reading === 0 && seen.length === rows + lists);
        expect(seen).toEqual(Array.from({ length: rows + lists }, () => version));
        await Promise.all(endings.map(end => end()));
        hub.close();
      }),
      { numRuns: 40 },
    );
  });
});

test('if the log was restored and continued differently, every watcher is notified once, and then sees the new log', async () => {
  const fork = await forkedLog();
  const { lost, restored, orders, customerId: customer, productId: product } = fork;
  try {
    let serving = lost;
    const hub = openHub<OrderRow>({
      start: (await readCheckpoint(lost.database)).position,
      bus,
      logger,
      read: (from, interest) => readOf(serving)(from, interest),
    });
    hubs.push(hub);
    const rows = orders.map(id => notificationsOf(hub, id));
    const rang: string[] = [];
    const scopes = [customer, everything, 'cus_of_nobody'];
    for (const scope of scopes) hub.watchScope(scope, () => rang.push(scope));
    bus.publish('projected', { to: startOfLog });
    await hub.awaitPosition(startOfLog, 1_000);
    expect(rows.map(versions)).toEqual([[], []]);

    serving = restored;
    bus.publish('projected', { to: startOfLog });
    await eventually(() => expect(rows.map(versions)).toEqual([['resync'], ['resync']]));
    expect(new Set(rang)).toEqual(new Set(scopes));

    await addItem(restored, orders[1], product);
    bus.publish('projected', { to: await projectAll(restored) });
    await eventually(() => expect(rows.map(versions)).toEqual([['resync'], ['resync', 5]]));
  } finally {
    hubs.splice(0).forEach(hub => hub.close());
    await fork.close();
  }
});
