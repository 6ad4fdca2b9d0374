import { expect, test } from 'vitest';
import { planOf } from '../checker/plan.ts';
import { run } from '../checker/run.ts';
import { verdictOf } from '../checker/verdict.ts';
import { freshDatabase } from '../support/postgres.ts';
import { describeWithRedis } from '../support/redis.ts';

const seed = Number(process.env['CHECKER_SEED'] ?? Math.floor(Math.random() * 1_000_000));
const updates = 5_000;

describeWithRedis('three API nodes and two projectors, watched by 40 in every way there is', () => {
  test(`hints lost, nodes, Redis and connections killed: nothing lost, nothing twice, all agree (CHECKER_SEED=${seed})`, async () => {
    const database = await freshDatabase();
    const history = await run(planOf(seed, { repeats: 1, length: 140 }), {
      database: database.url,
      subscribers: 38,
    });
    await database.drop();
    const { outcome, lines } = verdictOf(history, updates);
    console.log(lines.join('\n'));
    expect(outcome, lines.join('\n')).toBe('green');
  });
});
