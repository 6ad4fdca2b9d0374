import { expect, test } from 'vitest';
import { hintsOf } from '../support/hints.ts';
import { freshDatabase } from '../support/postgres.ts';
import { describeWithRedis } from '../support/redis.ts';
import { openWorld } from './world.ts';

/** Delay, ms. Longer than commands take; a connection without any answer for 2 s would be closed. */
const slow = 800;

describeWithRedis('Redis lost under load', () => {
  test('absent at the start, lost in the middle, back and empty, slow, dropping half: no acknowledged command is lost or doubled, views converge, commands do not wait, and /readyz reports the truth', async () => {
    const database = await freshDatabase();
    const world = await openWorld({ database: database.url, withoutRedis: true });
    const { members, redis, run } = world;
    const connections = () => members.reduce((sum, member) => sum + member.redis.connections, 0);

    await world.meet({
      name: 'no Redis at the start',
      begin: () => undefined,
      lasts: 1_000,
      said: [{ of: members, is: 'without Redis' }],
      end: () => redis.start(),
      bites: () => members.filter(({ app }) => app.stdout().includes('Redis is away')).length,
    });

    for (const lasts of [2_000, 0]) {
      let before = 0;
      await world.meet({
        name: lasts > 0 ? 'Redis killed, and back later' : 'Redis killed, and back at once, empty',
        begin: async () => {
          before = connections();
          await redis.stop('SIGKILL');
        },
        lasts,
        // The processes notice it by their sockets.
        said: lasts > 0 ? [{ of: members, is: 'without Redis', after: 300 }] : [],
        end: () => redis.start(),
        bites: () => before,
      });
    }

    const from = run.acknowledged.length;
    await world.meet({
      name: `Redis ${slow} ms slow`,
      begin: () => members.forEach(one => one.redis.delay(slow)),
      lasts: 3 * slow,
      said: [{ of: members, is: 'serving' }],
      end: () => members.forEach(one => one.redis.delay(0)),
      bites: () => Math.min(...members.map(one => one.redis.harmed)),
    });
    const waited = run.acknowledged.slice(from).map(({ sent, answered }) => answered - sent);
    expect(waited.sort((one, other) => one - other)[waited.length >> 1]).toBeLessThan(slow);

    const hints = hintsOf(members.map(one => one.redis));
    await world.meet({
      name: 'Redis drops half of the messages',
      begin: () => hints.lose(0.5),
      lasts: 1_500,
      said: [{ of: members, is: 'ready' }],
      end: () => hints.lose(0),
      bites: () => hints.lost,
    });
    await world.close();
    await database.drop();
  });
});
