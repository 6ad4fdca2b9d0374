import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { freshDatabase } from '../support/postgres.ts';
import { describeWithRedis } from '../support/redis.ts';
import { stoodStill } from '../support/standstill.ts';
import { openWorld, type World } from './world.ts';
import { sql } from '../../src/database/sql.ts';

const hour = 3_600_000;
/** Maximum time of a command beyond an outage, ms in which the machine runs. */
const longestDelay = 8_000;
const preload = `--import=${fileURLToPath(new URL('../support/shifted-clock.mjs', import.meta.url))}`;

describeWithRedis('clocks that are an hour off', () => {
  test('one node an hour ahead and one behind, swapped in the middle of an outage: no acknowledged command is lost or doubled, callers wait no longer, views converge, and /readyz reports the truth', async () => {
    const database = await freshDatabase();
    const world = await openWorld({
      database: database.url,
      env: name => ({ NODE_OPTIONS: preload, CLOCK_SHIFT: `${name.endsWith('1') ? hour : -hour}` }),
      // For the process whose clock is ahead, a token of an hour has expired.
      customers: { tokens: { expires: '3h' } },
    });
    const { members } = world;

    await world.meet({
      name: 'clocks an hour ahead and an hour behind',
      begin: () => undefined,
      lasts: 500,
      said: [{ of: members, is: 'ready' }],
      end: () => undefined,
      bites: async () => Math.min(await commandsOff(world, 1), await commandsOff(world, -1)),
    });

    // A deadline on that clock would pass at once, or an hour later.
    const before = await commandsOff(world, 1);
    const outage = { from: 0, until: 0 };
    await world.meet({
      name: 'clocks that are set by two hours while PostgreSQL is cut off',
      begin: async () => {
        outage.from = Date.now();
        for (const { postgres } of members) postgres.meet(() => 'lose-request');
        await sleep(300);
        await Promise.all(members.map(({ app }) => app.kill('SIGUSR2')));
      },
      lasts: 1_000,
      storesOn: false,
      said: [{ of: members, is: 'unavailable' }],
      end: () => {
        for (const { postgres } of members) postgres.meet(() => 'pass');
        outage.until = Date.now();
      },
      bites: async () => Math.min(...members.map(({ postgres }) => postgres.harmed)),
    });
    // However long it took until each process had noticed.
    const away = ran(outage.from, outage.until);
    const waits = world.run.acknowledged.map(({ sent, answered }) => ran(sent, answered));
    expect(Math.max(...waits) - away).toBeLessThan(longestDelay);
    expect(await commandsOff(world, 1)).toBeGreaterThan(before);
    await world.close();
    // Each clock was set, as the process's own log shows.
    for (const { name, app } of members) expect(hoursOff(app.stdout())).toContain(name.endsWith('1') ? -1 : 1);
    await database.drop();
  });
});

/** Time in which the machine ran, ms, between two times of the epoch. */
function ran(from: number, until: number): number {
  const { timeOrigin } = performance;
  return until - from - stoodStill(from - timeOrigin, until - timeOrigin);
}

/** Commands whose time is more than half an hour later (or earlier) than the database's. */
async function commandsOff({ reader }: World, sign: 1 | -1): Promise<number> {
  const [row] = await reader.database.query<{ count: number }>(sql`
    SELECT count(*)::int AS count FROM events
    WHERE extract(epoch FROM occurred_at - recorded_at) * ${sign}::int > 1800`);
  return row!.count;
}

/** Differences in hours between the lines of a process's log and the real time, each once. */
function hoursOff(log: string): number[] {
  const times = [...log.matchAll(/"time":(\d+)/g)].map(([, time]) => Math.round((Number(time) - Date.now()) / hour));
  return [...new Set(times)].sort();
}
