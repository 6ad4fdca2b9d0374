import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRedisBus } from '../../src/live/redis-bus.ts';
import { openRedisCounters } from '../../src/server/limits/redis-counters.ts';
import { openLogger } from '../../src/telemetry/logger.ts';
import { StartError } from '../../src/start-error.ts';
import { eventually } from '../support/eventually.ts';
import { openFakeRedis, properAnswer } from '../support/fake-redis.ts';
import { logLines } from '../support/log-lines.ts';
import { type RedisServer, startRedis } from '../support/private-redis.ts';
import { describeWithRedis, redisAt } from '../support/redis.ts';

// An unhandled error fails the run: vitest records each, as main.ts does.

describeWithRedis('a Redis that refuses', () => {
  let redis: RedisServer;
  let operator: Redis;
  const granted = ['on', 'resetkeys', '~*', 'resetchannels', '&*', '+@all', 'resetpass', '>secret'];
  const grant = (...rules: string[]) => operator.call('ACL', 'SETUSER', 'node', ...rules);
  const urlOf = (path = '') => redis.url.replace('//', '//node:secret@') + path;

  beforeAll(async () => {
    redis = await startRedis();
    operator = new Redis(redis.url);
    operator.on('error', () => undefined);
  });
  afterAll(async () => {
    operator.disconnect();
    await redis.stop('SIGKILL');
  });

  test.each([
    ['SUBSCRIBE', ['-subscribe'], /^Redis (?:refuses SUBSCRIBE|is away)/],
    ['the channels', ['resetchannels'], /^Redis (?:refuses|is away)/],
    ['PUBLISH', ['-publish'], 'Redis refuses PUBLISH'],
    ['every command', ['-@all'], /^Redis (?:refuses|is away)/],
    ['the ready check', ['-info'], undefined],
    ['the user', ['off'], 'Redis is away'],
    ['the password', ['resetpass', '>another'], 'Redis is away'],
  ] as const)(
    'refusing %s after a reconnect ends no process, is logged once, and is over when Redis allows it again',
    async (_what, rules, expectedLine) => {
      await grant(...granted);
      const { logger, lines } = logLines();
      const bus = await openRedisBus(await redisAt(urlOf()), logger);
      let hints = 0;
      bus.subscribe('appended', () => hints++);
      await eventually(() => expect(bus.isConnected()).toBe(true));

      await grant(...rules);
      await operator.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      const publishing = setInterval(() => bus.publish('appended', {}), 20);
      if (expectedLine !== undefined) {
        // The cut connection may be logged separately, before the refusal.
        const warned = () => lines.filter(({ level }) => level >= 40).map(({ msg }) => msg);
        await eventually(() =>
          expect([bus.isConnected(), warned().at(-1)]).toEqual([false, expect.stringMatching(expectedLine)]),
        );
        await sleep(1_500);
        expect(bus.isConnected()).toBe(false);
        const once = warned();
        expect(once.length).toBeLessThanOrEqual(2);
        expect(once.at(-1)).toMatch(expectedLine);
        expect(once.at(-1)).toMatch(/updates come by looking at the database until it is back$/);
        await sleep(2_500);
        expect(warned()).toEqual(once);
      }

      await grant(...granted);
      await eventually(() => expect(bus.isConnected()).toBe(true));
      const before = hints;
      await eventually(() => expect(hints).toBeGreaterThan(before));
      clearInterval(publishing);
      await bus.close();
    },
  );

  test('if it refuses to count, only the shared count is missing, one line is logged, and it is over when Redis allows it again', async () => {
    await grant(...granted);
    const { logger, lines } = logLines();
    const counts = openRedisCounters(await redisAt(urlOf()), logger);
    const changes = [{ key: crypto.randomUUID(), by: 3 }];
    await eventually(async () => expect(await counts.add(changes, 10)).toEqual([3]));
    await grant('-incrby');
    for (let n = 0; n < 3; n++) expect(await counts.add(changes, 10)).toBeUndefined();
    expect(lines.filter(({ level }) => level >= 40)).toHaveLength(1);
    await grant(...granted);
    expect(await counts.add(changes, 10)).toEqual([6]);
    counts.close();
  });

  test('a missing database number ends the start with a line that names REDIS_URL and no password', async () => {
    await grant(...granted);
    const starting = openRedisBus(await redisAt(urlOf('/4711')), openLogger('silent'));
    await expect(starting).rejects.toThrow(StartError);
    await expect(starting).rejects.toThrow(/^REDIS_URL: .*DB index is out of range$/);
  });
});

const errors = [
  'NOPERM this user has no permissions to run it',
  'NOAUTH Authentication required.',
  'WRONGPASS invalid username-password pair',
  'LOADING Redis is loading the dataset in memory',
  "READONLY You can't write against a read only replica.",
  'MISCONF Redis is configured to save RDB snapshots',
  "OOM command not allowed when used memory > 'maxmemory'.",
  'ERR unknown command',
  'ERR DB index is out of range',
  'MOVED 1 127.0.0.1:1',
].map(error => `-${error}\r\n`);

/** Complete and broken replies, of the right type and of a wrong one. */
const odd = [
  '+OK\r\n',
  ':1\r\n',
  ':x\r\n',
  '$-1\r\n',
  '$3\r\nabc\r\n',
  '$1000000\r\nabc',
  '*0\r\n',
  '*-1\r\n',
  '*1\r\n$-1\r\n',
  '*1\r\n:7\r\n',
  '*1\r\n$7\r\nmessage\r\n',
  '*3\r\n$7\r\nmessage\r\n$-1\r\n$-1\r\n',
  '*3\r\n$7\r\nmessage\r\n$20\r\norderstream:appended\r\n$4\r\nnull\r\n',
  '*1\r\n$9\r\nsubscribe\r\n',
  '*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n$1\r\nb\r\n',
  '*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n',
  '*2\r\n*1\r\n*0\r\n:1\r\n',
  '%1\r\n+a\r\n:1\r\n',
  '*2\r\n$1\r\n-\r\n$1\r\n-\r\n',
  'HTTP/1.1 400 Bad Request\r\n\r\n',
  '\0\xff\r\n',
  '\r\n',
];

test.each([
  ['Redis', (url: string) => redisAt(url)],
  ['a sentinel and its master', (url: string) => redisAt('redis://orders', { REDIS_SENTINELS: url })],
  ['a node of a cluster', (url: string) => redisAt(`${url},${url.replace('127.0.0.1', 'localhost')}`)],
])(
  'whatever %s replies, at any moment: no process ends, and hints arrive when it answers correctly again',
  async (_, at) => {
    const reply = fc.oneof(
      fc.constantFrom<string | undefined>(...errors, ...odd, 'close', undefined),
      fc.constant(null),
    );
    const script = fc.record({
      fromTheStart: fc.boolean(),
      replies: fc.array(reply, { minLength: 1, maxLength: 12 }),
      unasked: fc.array(fc.constantFrom(...errors, ...odd), { maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(script, async ({ fromTheStart, replies, unasked }) => {
        const fake = await openFakeRedis();
        let asked = 0;
        const misbehave = () =>
          fake.answerBy(command => {
            const one = replies[asked++ % replies.length];
            return one === null ? properAnswer(command, fake.port) : one;
          });
        if (fromTheStart) misbehave();
        const logger = openLogger('silent');
        const bus = await openRedisBus(await at(fake.url), logger);
        const counts = openRedisCounters(await at(fake.url), logger);
        misbehave();
        const until = performance.now() + 300;
        while (performance.now() < until) {
          bus.publish('appended', {});
          void counts.add([{ key: 'a', by: 1 }], 10);
          const one = unasked[asked % (unasked.length || 1)];
          if (one !== undefined) fake.say(one);
          await sleep(20);
        }
        fake.answerBy(undefined);
        await eventually(() => expect(bus.isConnected()).toBe(true));
        await eventually(async () => expect(await counts.add([{ key: 'a', by: 1 }], 10)).toEqual([1]));
        counts.close();
        await bus.close();
        await fake.close();
      }),
      { numRuns: 8, endOnFailure: true },
    );
  },
);
