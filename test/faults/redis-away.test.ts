import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { spawnApp, type SpawnedApp } from '../support/app.ts';
import { accepted } from '../support/accepted.ts';
import { AddOrderItemDocument, CreateOrderDocument } from '../generated/graphql.ts';
import { post } from '../support/post.ts';
import { freshDatabase } from '../support/postgres.ts';
import { startRedis } from '../support/private-redis.ts';
import { describeWithRedis } from '../support/redis.ts';
import { openShop } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { soon, stopwatch } from '../support/standstill.ts';

/** Seconds. `npm run proof` takes a minute. */
const away = Number(process.env['REDIS_AWAY'] ?? 8);
const calm = 2_000;
/** ms. */
const longestWait = 1_000;
const longestReturn = 2_000;

describeWithRedis(`Redis stopped for ${away} s in the middle`, () => {
  test(
    'no client gets an error, each update arrives within a second, and within 2 s of its return all are as fast as before',
    { timeout: 120_000 + away * 1_000 },
    async () => {
      const [database, redis] = [await freshDatabase(), await startRedis()];
      const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, LIMIT_CUSTOMER_RATE: '1000000' };
      const nodes = await Promise.all(
        ['api', 'api', 'projector'].map(role => spawnApp({ ...env, ROLES: role, LOG_LEVEL: 'warn' })),
      );
      const [writes, reads] = nodes as [SpawnedApp, SpawnedApp, SpawnedApp];
      const shop = await openShop(writes.url);
      const by = { token: shop.customer.token };
      const { orderId, position: created } = accepted(await post(writes.url, CreateOrderDocument, { input: {} }, by));
      const socket = await connectSocket(reads.url, shop.customer.token);
      const order = socket.subscribe<{ orderUpdated: { position: string } }>(
        'subscription($id: ID!) { orderUpdated(id: $id) { position } }',
        { id: orderId },
      );
      const list = socket.subscribe<{ customerOrdersUpdated: { position: string } }>(
        'subscription($id: ID!, $after: Position) { customerOrdersUpdated(customerId: $id, after: $after) { position } }',
        // Otherwise the order's creation may reach the list after its first frame.
        { id: shop.customer.id, after: created },
      );
      await Promise.all([order.next(), list.next()]);

      /**
       * Sends one command after another to one node; subscribers of the order and of the list on the other node see
       * each.
       * @returns the time from each response until it was seen, ms in which the machine ran
       */
      async function updates(milliseconds: number): Promise<number[]> {
        const until = performance.now() + milliseconds;
        const waits: number[] = [];
        while (performance.now() < until) {
          const input = { orderId, productId: shop.productId };
          const { position } = accepted(await post(writes.url, AddOrderItemDocument, { input }, by));
          const passed = stopwatch();
          const frames = await Promise.all([order.next(), list.next()]);
          expect(frames.map(({ errors }) => errors)).toEqual([undefined, undefined]);
          expect([frames[0].data?.orderUpdated.position, frames[1].data?.customerOrdersUpdated.position]).toEqual([
            position,
            position,
          ]);
          waits.push(passed());
          await sleep(20);
        }
        return waits;
      }

      const before = await updates(calm);
      await redis.stop('SIGKILL');
      const without = await updates(away * 1_000);
      expect(await connected(nodes)).toEqual([0, 0, 0]);
      await redis.start();
      const back = performance.now();
      await soon(async () => expect(await connected(nodes)).toEqual([1, 1, 1]), longestReturn);
      await sleep(back + longestReturn - performance.now());
      const after = await updates(calm);

      const figures = { before: median(before), without: median(without), after: median(after) };
      console.log(
        `median of updates: ${JSON.stringify(figures)} ms; without Redis ${without.length} updates, ` +
          `the slowest ${longest(without)} ms`,
      );
      expect(longest(without)).toBeLessThan(longestWait);
      // No hint arrived: they polled. Otherwise Redis was not down at all.
      expect(figures.without).toBeGreaterThan(2 * figures.before);
      expect(figures.after).toBeLessThan((figures.before + figures.without) / 2);

      await socket.close();
      expect(await Promise.all(nodes.map(node => node.stop()))).toEqual([0, 0, 0]);
      for (const { stdout } of nodes) expect(stdout()).not.toMatch(/unhandledRejection|uncaughtException/);
      await redis.stop('SIGKILL');
      await database.drop();
    },
  );
});

/** For each process, from its own metrics: whether hints arrive. */
async function connected(nodes: readonly SpawnedApp[]): Promise<number[]> {
  return Promise.all(
    nodes.map(async ({ probes }) => {
      const text = await (await fetch(`${probes}/metrics`)).text();
      return Number(/^orderstream_redis_connected (\d)$/m.exec(text)?.[1]);
    }),
  );
}

function median(waits: readonly number[]): number {
  const sorted = waits.toSorted((one, other) => one - other);
  return Math.round(sorted[sorted.length >> 1]!);
}

function longest(waits: readonly number[]): number {
  return Math.round(Math.max(...waits));
}
