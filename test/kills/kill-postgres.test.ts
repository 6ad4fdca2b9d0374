import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { spawnApp, type SpawnedApp } from '../support/app.ts';
import { startCommandRun } from '../support/command-run.ts';
import { eventually } from '../support/eventually.ts';
import { expectLogHolds, expectViewsEqualTheFold, storedUnanswered } from '../support/everything-kept.ts';
import { logFaults } from '../support/log-faults.ts';
import { freshDatabase } from '../support/postgres.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { openNode } from '../support/test-node.ts';

/** `npm run proof -- faults` kills 40 times. */
const kills = Number(process.env['KILLS'] ?? 9);

describeWithRedis('two API processes and a projector on PostgreSQL', () => {
  test('any process killed at any moment, repeatedly: every acknowledged command is stored once, and the views are the fold', async () => {
    const database = await freshDatabase();
    const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl() };
    const roles = ['api', 'api', 'projector'];
    const processes = await Promise.all(roles.map(role => spawnApp({ ...env, ROLES: role })));
    const reader = await openNode(database.url);
    const run = await startCommandRun(() => processes.map(({ url }) => url).filter(url => url !== ''));

    const unanswered = () => storedUnanswered(reader.database, run.acknowledged);
    // And until one was killed at a bad moment: after a commit, before its response.
    for (let kill = 0; kill < kills || (await unanswered()) === 0; kill++) {
      const victim = kill % roles.length;
      const before = run.acknowledged.length;
      run.go();
      await sleep(50 + Math.random() * 400);
      await processes[victim]!.kill('SIGKILL');
      // The others continue without it: an API process alone, or commands without a projector.
      await eventually(() => expect(run.acknowledged.length).toBeGreaterThan(before + 20));
      run.rest();
      expect(await logFaults(reader.database)).toEqual([]);
      processes[victim] = await spawnApp({ ...env, ROLES: roles[victim] });
    }
    await run.end();

    await expectLogHolds(reader.database, run.acknowledged);
    const lost = await unanswered();
    console.log(`${lost} commands were stored and not answered`);
    expect(lost).toBeGreaterThan(0);
    await eventually(() => expectViewsEqualTheFold(reader.database));
    expect(await Promise.all(processes.map((one: SpawnedApp) => one.stop()))).toEqual([0, 0, 0]);
    await reader.close();
    await database.drop();
  });
});
