import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { spawnApp, spawnDoomedApp } from '../support/app.ts';
import { startCommandRun } from '../support/command-run.ts';
import { eventually } from '../support/eventually.ts';
import { expectLogHolds, expectViewsEqualTheFold, storedUnanswered } from '../support/everything-kept.ts';
import { post } from '../support/post.ts';
import { openNode } from '../support/test-node.ts';
import { staffToken } from '../support/tokens.ts';

/** `npm run proof -- faults` kills 40 times. */
const kills = Number(process.env['KILLS'] ?? 6);

test('on the embedded database, killed at any moment, repeatedly, also during the start: every acknowledged command is stored once, and the views are the fold', async () => {
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'orderstream-kill-'));
  onTestFinished(() => rm(DATA_DIR, { recursive: true, force: true }));
  let app = await spawnApp({ DATA_DIR });
  const run = await startCommandRun(() => [app.url]);

  /** Output so far. No other process may hold the folder: each start is one more kill. */
  async function unanswered(): Promise<number> {
    await app.kill('SIGKILL');
    const looking = await openNode(undefined, DATA_DIR);
    const lost = await storedUnanswered(looking.database, run.acknowledged);
    await looking.close();
    app = await spawnApp({ DATA_DIR });
    return lost;
  }

  // And until it was killed at a bad moment: after a commit, before its response.
  for (let kill = 0; kill < kills || (await unanswered()) === 0; kill++) {
    const before = run.acknowledged.length;
    run.go();
    await eventually(() => expect(run.acknowledged.length).toBeGreaterThan(before + 5));
    await sleep(Math.random() * 500);
    await app.kill('SIGKILL');
    run.rest();
    // A start repairs what the kill left behind: that start is killed too, part of the way.
    if (kill % 4 === 3) await spawnDoomedApp({ DATA_DIR }, 100 + Math.random() * 1_200);
    app = await spawnApp({ DATA_DIR });
  }
  await run.end();

  // The last process folds to the end of the log, and is killed there.
  const atLeast = run.acknowledged
    .map(({ position }) => position)
    .sort()
    .at(-1);
  const query = 'query($atLeast: Position) { orders(atLeast: $atLeast, first: 1) { position } }';
  const { errors } = await post(app.url, query, { atLeast }, { token: await staffToken() });
  expect(errors).toBeUndefined();
  await app.kill('SIGKILL');

  const reader = await openNode(undefined, DATA_DIR);
  await expectLogHolds(reader.database, run.acknowledged);
  const lost = await storedUnanswered(reader.database, run.acknowledged);
  console.log(`${lost} commands were stored and not answered`);
  expect(lost).toBeGreaterThan(0);
  await expectViewsEqualTheFold(reader.database);
  await reader.close();
});
