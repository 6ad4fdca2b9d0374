import { expect, test } from 'vitest';
import { migrate } from '../../src/database/migrations.ts';
import { eventually } from '../support/eventually.ts';
import { startPostgres } from '../support/private-postgres.ts';
import { describeWithRedis } from '../support/redis.ts';
import type { Fate } from '../support/tcp-proxy.ts';
import { type Member, openWorld, type World } from './world.ts';

describeWithRedis('PostgreSQL lost under load', () => {
  test('restarted, crashed, silent, cut off before and after commits: no acknowledged command is lost or doubled, views converge, and /readyz is 503 during each outage', async () => {
    const postgres = await startPostgres();
    await migrate(postgres.url);
    const world = await openWorld({ database: postgres.url });
    const { members, apis, projectors } = world;

    for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
      let connections = 0;
      await world.meet({
        name: `PostgreSQL ended by ${signal}`,
        begin: async () => {
          connections = members.reduce((sum, member) => sum + member.postgres.connections, 0);
          await postgres.stop(signal);
        },
        lasts: 1_000,
        storesOn: false,
        said: [{ of: members, is: 'unavailable' }],
        end: () => postgres.start(),
        bites: () => connections,
      });
    }
    expect(postgres.log()).toContain('was interrupted'); // after SIGQUIT it had to recover

    await world.meet({
      name: 'a partition: no byte arrives, and no connection breaks',
      begin: () => members.forEach(({ postgres: between }) => between.hold(true)),
      lasts: 3_500,
      storesOn: false,
      // A request from the start of the outage is answered after its deadline.
      said: [{ of: members, is: 'unavailable' }],
      end: () => members.forEach(({ postgres: between }) => between.hold(false)),
      bites: () => Math.min(...members.map(({ postgres: between }) => between.harmed)),
    });

    for (const fate of ['lose-request', 'lose-answer'] as const) {
      await cutOff(world, apis, 'append_events', fate);
      await cutOff(world, projectors, 'UPDATE checkpoints', fate);
    }
    // The clients' retries are no evidence: their node repeats the same append for them, so they notice nothing.
    const stored = apis.flatMap(({ postgres: between }) => between.lostAnswers).filter(saysAppended);
    expect(stored.length, 'calls that stored commands and whose answer was lost').toBeGreaterThan(0);
    await world.close();
    await postgres.remove();
  });
});

/** Whether a chunk from PostgreSQL is an answer of append_events() that reports a command as newly stored. */
function saysAppended(bytes: Buffer): boolean {
  return bytes.includes('appended ');
}

/** Every third statement with these words resets its connection. */
async function cutOff(world: World, members: readonly Member[], words: string, fate: Fate): Promise<void> {
  const enough = 5;
  let statements = 0;
  let cut = 0;
  await world.meet({
    name: `${words}, cut ${fate === 'lose-request' ? 'before' : 'after'} the commit`,
    begin: () => {
      for (const { postgres } of members) {
        const runs = statementsWith(words);
        postgres.meet(bytes => {
          const isMeant = runs(bytes);
          if (isMeant === undefined) return 'lose-request';
          if (!isMeant || statements++ % 3 > 0) return 'pass';
          cut++;
          return fate;
        });
      }
    },
    lasts: () => eventually(() => expect(cut).toBeGreaterThanOrEqual(enough)),
    // One connection of ten is cut at a time: the database is available.
    said: [{ of: members, is: 'serving' }],
    end: () => {
      for (const { postgres } of members) postgres.meet(() => 'pass');
    },
    bites: () => cut,
  });
}

/**
 * Whether a chunk from a process runs a statement with these words. Undefined if the session prepared the statement
 * before the proxy watched: a session that replaces it sends the words again.
 */
function statementsWith(words: string): (bytes: Buffer) => boolean | undefined {
  const prepared = new Map<string, boolean>();
  return bytes => {
    const sent = bytes.toString('latin1');
    for (const [, name, text] of sent.matchAll(/(look_up_\d+)\0([^\0]+)\0/g))
      prepared.set(name!, text!.includes(words));
    const [, name] = /(look_up_\d+)\0/.exec(sent) ?? [];
    return sent.includes(words) || (name === undefined ? false : prepared.get(name));
  };
}
