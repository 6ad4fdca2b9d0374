import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { CreateOrderDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { startApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { post } from '../support/post.ts';
import { freshDatabase } from '../support/postgres.ts';
import { startRedis } from '../support/private-redis.ts';
import { describeWithRedis } from '../support/redis.ts';
import { openShop } from '../support/shop.ts';

describeWithRedis('two environments with different prefixes on one Redis', () => {
  test('neither hear each other’s hints nor share rate counts', async () => {
    const [redis, database, otherDatabase] = await Promise.all([startRedis(), freshDatabase(), freshDatabase()]);
    const stranger = new Redis(redis.url);
    const subscriber = stranger.duplicate();
    const shared = { REDIS_URL: redis.url, LIMIT_ADDRESS_RATE: '2', TRUSTED_PROXIES: '127.0.0.1, ::1' };
    const app = await startApp({ ...shared, DATABASE_URL: database.url, REDIS_PREFIX: 'live:' });
    const other = await startApp({ ...shared, DATABASE_URL: otherDatabase.url, REDIS_PREFIX: 'trial:' });
    expect(await stranger.pubsub('CHANNELS', '*')).toEqual(
      expect.arrayContaining(['live:appended', 'live:projected', 'trial:appended', 'trial:projected']),
    );

    const shop = await openShop(app.url);
    const heard: string[] = [];
    subscriber.on('pmessage', (_pattern: string, channel: string) => void heard.push(channel));
    await subscriber.psubscribe('*');
    const { token } = shop.customer;
    accepted(await post(app.url, CreateOrderDocument, { input: {} }, { token }));
    await eventually(() => expect(heard).toEqual(expect.arrayContaining(['live:appended', 'live:projected'])));
    expect(heard.filter(channel => !channel.startsWith('live:'))).toEqual([]);

    const unlimited = async (url: string, requests: number): Promise<number> => {
      const headers = { 'x-forwarded-for': '203.0.113.7' };
      const answers = await Promise.all(
        Array.from({ length: requests }, () => post(url, '{ viewer { role } }', {}, { headers })),
      );
      return answers.filter(({ errors }) => errors?.[0]?.extensions.code !== 'RATE_LIMITED').length;
    };
    await eventually(async () => {
      expect(await unlimited(app.url, 30)).toBe(0);
      expect(await stranger.keys('live:{rate}:*')).not.toEqual([]);
      expect(await unlimited(other.url, 1)).toBe(1);
    });

    await Promise.all([app.stop(), other.stop()]);
    stranger.disconnect();
    subscriber.disconnect();
    await Promise.all([redis.stop('SIGKILL'), database.drop(), otherDatabase.drop()]);
  });
});
