import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readHead } from '../../src/event-store/read-log.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { freshDatabase } from '../support/postgres.ts';
import { describeWithRedis } from '../support/redis.ts';
import { type Member, openWorld } from './world.ts';

/** Longer than a second projector waits before it takes over, and than /readyz is awaited here, ms. */
const longerThanTakeover = 3_500;

describeWithRedis('processes stopped under load', () => {
  test('kill -9 and SIGSTOP of each role, and connections of clients cut: no acknowledged command is lost or doubled, views converge, and /readyz reports the truth', async () => {
    const database = await freshDatabase();
    const world = await openWorld({ database: database.url, customers: { impatience: 1_000 } });
    const { members, apis, projectors } = world;
    const without = (...gone: readonly (Member | undefined)[]) => members.filter(one => !gone.includes(one));

    for (const killed of [apis[0]!, projectors[0]!, projectors[1]!]) {
      const { app } = killed;
      await world.meet({
        name: `kill -9 of ${killed.name}`,
        begin: () => app.kill('SIGKILL'),
        lasts: 500,
        said: [
          { of: [killed], is: 'nothing' },
          { of: without(killed), is: 'ready' },
        ],
        end: () => killed.restart(),
        bites: async () => ((await app.exited).signal === 'SIGKILL' ? 1 : 0),
      });
    }

    // One on standby, the active one, and an API process with requests in flight.
    for (const stopped of [...projectors, apis[0]!]) {
      let state = '';
      await world.meet({
        name: `SIGSTOP of ${stopped.name}`,
        begin: () => stopped.app.kill('SIGSTOP'),
        lasts: async () => {
          await sleep(longerThanTakeover);
          state = await stateOf(stopped);
        },
        said: [
          { of: [stopped], is: 'nothing' },
          { of: without(stopped), is: 'ready' },
        ],
        end: () => stopped.app.kill('SIGCONT'),
        bites: () => (state.startsWith('T') ? 1 : 0),
      });
    }

    const projected = async () => (await readCheckpoint(world.reader.database)).position.point;
    let stoppedFor = 0; // events that no projector folded
    // Longer than views may lag without a report.
    await world.meet({
      name: 'SIGSTOP of every projector',
      begin: () => Promise.all(projectors.map(({ app }) => app.kill('SIGSTOP'))),
      lasts: async () => {
        // Statements that they had sent may be completed after their stop.
        let before: number;
        do {
          before = await projected();
          await sleep(500);
        } while ((await projected()) !== before);
        await sleep(6_000);
        const point = await projected();
        stoppedFor = point === before ? (await readHead(world.reader.database)).point - point : 0;
      },
      said: [
        { of: projectors, is: 'nothing' },
        { of: apis, is: 'behind', after: 5_500 },
      ],
      end: () => Promise.all(projectors.map(({ app }) => app.kill('SIGCONT'))),
      bites: () => stoppedFor,
    });

    let cut = 0;
    const enough = 5;
    await world.meet({
      name: 'connections of clients cut',
      begin: () => undefined,
      lasts: async () => {
        for (let times = 0; times < 10 || cut <= enough; times++) {
          await sleep(50);
          for (const { front } of apis) {
            cut += front!.connections;
            front!.cut('reset');
          }
        }
      },
      said: [{ of: members, is: 'ready' }],
      end: () => undefined,
      bites: () => cut,
    });
    await world.close();
    await database.drop();
    expect(cut).toBeGreaterThan(enough);
  });
});

/** `T` if it is stopped. */
async function stateOf({ app }: Member): Promise<string> {
  const status = await readFile(`/proc/${app.pid}/status`, 'utf8');
  return /^State:\s+(\S.*)$/m.exec(status)?.[1] ?? '';
}
