import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Bus, Hints } from '../../src/live/bus.ts';
import { openRedisBus } from '../../src/live/redis-bus.ts';
import { openLogger } from '../../src/telemetry/logger.ts';
import { eventually } from '../support/eventually.ts';
import { logLines } from '../support/log-lines.ts';
import { noteOpen } from '../support/left-open.ts';
import { type RedisServer, startRedis } from '../support/private-redis.ts';
import { describeWithRedis, redisAt } from '../support/redis.ts';
import { soon, stoodStill, stopwatch } from '../support/standstill.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';

/** A hint without a certain position: read now. */
const lookNow = { to: { point: 0, hash: '' } };

/** The hints that a node receives, by topic. */
interface Heard {
  readonly appended: unknown[];
  readonly projected: Hints['projected'][];
}

describeWithRedis('the bus on Redis', () => {
  let redis: RedisServer;
  const open = new Set<() => Promise<void>>();
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    for (const close of open) await close();
    open.clear();
  });
  afterAll(() => redis.stop('SIGKILL'));

  async function node(): Promise<{ bus: Bus; heard: Heard }> {
    const bus = await openRedisBus(await redisAt(redis.url), openLogger('fatal'));
    open.add(() => bus.close());
    // On a busy machine it may open before Redis has answered. Later listeners do not hear that it is connected.
    await eventually(() => expect(bus.isConnected()).toBe(true));
    const heard: Heard = { appended: [], projected: [] };
    bus.subscribe('appended', hint => void heard.appended.push(hint));
    bus.subscribe('projected', hint => void heard.projected.push(hint));
    return { bus, heard };
  }

  /** Another client of the same Redis. */
  async function stranger(): Promise<Redis> {
    const client = new Redis(redis.url, { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => undefined);
    await client.connect();
    open.add(async () => {
      client.disconnect();
      return Promise.resolve();
    });
    return client;
  }

  let points = 0;
  function hint(): Hints['projected'] {
    return { to: { point: ++points, hash: 'abcdefabcdef' } };
  }

  /** Publishes until the other node receives a hint: checks that hints arrive again. */
  async function expectHintsArrive(from: Bus, to: Heard): Promise<void> {
    await eventually(() => {
      const sent = hint();
      from.publish('projected', sent);
      return eventually(() => expect(to.projected).toContainEqual(sent), 100);
    });
  }

  test('a hint reaches every node, also its sender, on its own topic', async () => {
    const [one, other] = [await node(), await node()];
    const sent = hint();
    one.bus.publish('projected', sent);
    other.bus.publish('appended', {});
    for (const { heard } of [one, other]) {
      await eventually(() => expect(heard).toEqual({ appended: [{}], projected: [sent] }));
    }
  });

  test('a cancelled subscription receives nothing', async () => {
    const { bus, heard } = await node();
    const deaf: unknown[] = [];
    const end = bus.subscribe('projected', sent => deaf.push(sent));
    end();
    bus.publish('projected', hint());
    await eventually(() => expect(heard.projected).toHaveLength(1));
    expect(deaf).toEqual([]);
  });

  test('messages that are no hints are ignored, also garbage and a megabyte; a later hint arrives', async () => {
    const { bus, heard } = await node();
    const other = await stranger();
    const megabyte = 'x'.repeat(1_000_000);
    const garbage = ['', '{', 'null', '7', '"to"', '[]', '[{"to":{"point":1}}]', '\0\xff', megabyte];
    const noPosition = [
      '{}',
      '{"to":null}',
      '{"to":{}}',
      '{"to":{"point":"1"}}',
      `{"to":{"point":1},"x":"${megabyte}"}`,
    ];
    for (const message of garbage) await other.publish('orderstream:appended', message);
    await other.publish('orderstream:appended', `{"x":"${megabyte}"}`);
    for (const message of [...garbage, ...noPosition]) await other.publish('orderstream:projected', message);
    await other.publish('orderstream:unheard', '{"to":{"point":1,"hash":"abcdefabcdef"}}');
    await other.publish('projected', '{"to":{"point":1,"hash":"abcdefabcdef"}}');
    const sent = hint();
    bus.publish('projected', sent);
    bus.publish('appended', {});
    await eventually(() => expect([heard.appended.length, heard.projected.length]).toEqual([1, 1]));
    expect(heard).toEqual({ appended: [{}], projected: [sent] });
  });

  describe('while Redis is down', () => {
    test('publishing never fails, never waits, and keeps nothing for later', async () => {
      const [one, other] = [await node(), await node()];
      await redis.stop('SIGKILL');
      const from = points;
      const began = process.cpuUsage();
      for (let n = 0; n < 20_000; n++) one.bus.publish('projected', hint());
      expect(process.cpuUsage(began).user / 1_000).toBeLessThan(2_000);
      const kept = points;
      await redis.start();

      await expectHintsArrive(one.bus, other.heard);
      await sleep(200);
      const late = other.heard.projected.filter(({ to }) => to.point > from && to.point <= kept);
      expect(late).toEqual([]);
    });

    test('the bus reports it at once, and its return too; both times every listener is asked to read, and afterwards hints arrive', async () => {
      const [one, other] = [await node(), await node()];
      for (let round = 0; round < 3; round++) {
        expect(one.bus.isConnected()).toBe(true);
        one.heard.appended.length = one.heard.projected.length = 0;
        await redis.stop('SIGKILL');
        await soon(() => expect([one.bus.isConnected(), other.bus.isConnected()]).toEqual([false, false]), 1_000);
        await sleep(100);
        // Otherwise a listener, which polls once a second while hints arrive, would notice the first lost hint that
        // late.
        expect(one.heard).toEqual({ appended: [{}], projected: [lookNow] });

        one.heard.appended.length = one.heard.projected.length = 0;
        await redis.start();
        await eventually(() => expect([one.bus.isConnected(), other.bus.isConnected()]).toEqual([true, true]));
        expect(one.heard.appended.length).toBeGreaterThan(0);
        expect(one.heard.projected).toContainEqual(lookNow);
        await expectHintsArrive(one.bus, other.heard);
        await expectHintsArrive(other.bus, one.heard);
      }
    });

    test('a start continues without it, logs that once, and hints arrive when it is available', async () => {
      const [one] = [await node()];
      await redis.stop('SIGKILL');
      const { logger, lines } = logLines();
      const passed = stopwatch();
      const bus = await openRedisBus(await redisAt(redis.url), logger);
      open.add(() => bus.close());
      expect(passed()).toBeLessThan(4_000);
      expect(bus.isConnected()).toBe(false);
      await sleep(1_000);
      expect(lines.filter(({ level }) => level >= 40).map(({ msg }) => msg)).toEqual([
        'Redis is away: updates come by looking at the database until it is back',
      ]);
      await redis.start();
      await eventually(() => expect(bus.isConnected()).toBe(true));
      await expectHintsArrive(bus, one.heard);
    });
  });

  test.each(['pubsub', 'normal'])(
    'a single connection that is cut (%s) is opened again, and the bus reports it',
    async type => {
      const [one, other] = [await node(), await node()];
      const cutter = await stranger();
      const { projected } = one.heard;
      await cutter.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
      await soon(() => expect(one.bus.isConnected()).toBe(false), 1_000);
      await eventually(() => expect(one.bus.isConnected()).toBe(true));
      if (type === 'pubsub') expect(projected).toContainEqual(lookNow);
      await expectHintsArrive(one.bus, other.heard);
      await expectHintsArrive(other.bus, one.heard);
    },
  );

  test('a connection that is lost before it answered does not close a later one', async () => {
    const { hostname, port } = new URL(redis.url);
    const proxy = await openTcpProxy({ host: hostname, port: Number(port) });
    const { logger, lines } = logLines();
    const bus = await openRedisBus(await redisAt(`redis://127.0.0.1:${proxy.port}`), logger);
    open.add(() => bus.close());
    proxy.meet(() => 'lose-answer');
    proxy.cut('reset');
    const cut = proxy.harmed;
    await eventually(() => expect(proxy.harmed).toBeGreaterThan(cut + 1));
    proxy.meet(() => 'pass');
    // Longer than a connection may be silent; repeated if the machine stalled meanwhile.
    let startedAt: number;
    do {
      await eventually(() => expect(bus.isConnected()).toBe(true));
      lines.length = 0;
      startedAt = performance.now();
      await sleep(2_500);
    } while (stoodStill(startedAt, performance.now()) > 500);
    expect(lines.map(({ msg }) => msg)).toEqual([]);
    await bus.close();
    await proxy.close();
  });

  describe('while Redis hangs', () => {
    /** Stops Redis with its connections open: nothing is closed, nothing is answered. */
    async function hang(during: () => Promise<void>): Promise<void> {
      process.kill(redis.pid, 'SIGSTOP');
      const note = noteOpen('a Redis that hangs', () => process.kill(redis.pid, 'SIGCONT'));
      try {
        await during();
      } finally {
        process.kill(redis.pid, 'SIGCONT');
        note.closed();
      }
    }

    test('the bus reports it after some seconds, keeps nothing from then on, and continues when Redis does', async () => {
      const [one, other] = [await node(), await node()];
      const lost = { from: 0, to: 0 };
      await hang(async () => {
        one.bus.publish('projected', hint());
        await soon(() => expect([one.bus.isConnected(), other.bus.isConnected()]).toEqual([false, false]), 6_000);
        lost.from = points;
        for (let n = 0; n < 5_000; n++) one.bus.publish('projected', hint());
        lost.to = points;
      });
      await expectHintsArrive(one.bus, other.heard);
      await expectHintsArrive(other.bus, one.heard);
      expect(one.bus.isConnected()).toBe(true);
      const late = other.heard.projected.filter(({ to }) => to.point > lost.from && to.point <= lost.to);
      expect(late).toEqual([]);
    });

    test('a start continues after some seconds instead of hanging too', async () => {
      const [one] = [await node()];
      const late = { bus: one.bus };
      await hang(async () => {
        const passed = stopwatch();
        late.bus = await openRedisBus(await redisAt(redis.url), openLogger('fatal'));
        open.add(() => late.bus.close());
        expect(passed()).toBeLessThan(8_000);
        expect(late.bus.isConnected()).toBe(false);
      });
      await eventually(() => expect(late.bus.isConnected()).toBe(true));
      await expectHintsArrive(late.bus, one.heard);
    });
  });

  test('a closed bus is silent: it receives nothing, and publishing on it does nothing', async () => {
    const [one, other] = [await node(), await node()];
    await one.bus.close();
    one.bus.publish('projected', hint());
    const sent = hint();
    other.bus.publish('projected', sent);
    await eventually(() => expect(other.heard.projected).toEqual([sent]));
    expect(one.heard.projected).toEqual([]);
    expect(one.bus.isConnected()).toBe(false);
    const witness = await stranger();
    // Redis notices a moment later which clients have left.
    await eventually(async () => {
      const clients = (await witness.client('LIST')) as string;
      expect(clients.trim().split('\n')).toHaveLength(3);
    });
  });
});
