import { expect, test } from 'vitest';
import { run } from '../rebuild/run.ts';
import { freshDatabase } from '../support/postgres.ts';
import { describeWithRedis } from '../support/redis.ts';

/**
 * Three whole batches of a rebuild: it is killed after the first and after the second one, and the third takes a
 * while.
 */
const events = 14_500;

describeWithRedis('two nodes that command, answer and push to 100 subscribers while every view is rebuilt', () => {
  test('during a rebuild that is killed twice and continues there is no error, no stale page, and no missing or repeated frame', async () => {
    const database = await freshDatabase();
    const { faults, lines } = await run(database.url, events, () => undefined);
    await database.drop();
    console.log(lines.join('\n'));
    expect(faults).toEqual([]);
  });
});
