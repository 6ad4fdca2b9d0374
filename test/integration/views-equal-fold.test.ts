import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { views } from '../../src/slices.ts';
import type { CommandAnswer } from '../../src/commands/handle-command.ts';
import type { Database } from '../../src/database/database.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import type { RecordedEvent } from '../../src/event-store/recorded-event.ts';
import { openLogger } from '../../src/telemetry/logger.ts';
import { type Checkpoint, readCheckpoint } from '../../src/projections/checkpoint.ts';
import { beginRebuild } from '../../src/projections/generations.ts';
import { projectBatch } from '../../src/projections/project-batch.ts';
import { type Projector, startProjector } from '../../src/projections/projector.ts';
import { rebuild } from '../../src/projections/rebuild.ts';
import { eventually } from '../support/eventually.ts';
import { expectEveryViewIsTheFold } from '../support/every-view.ts';
import { histories, openCast, play, type Step } from '../support/random-history.ts';
import { nodeOn, openNode, type TestNode } from '../support/test-node.ts';
import { useDatabase } from '../support/use-database.ts';

/** Outcomes of all commands of a suite: a history without any effect would prove nothing. */
const outcomes = new Map<string, number>();

function count(answers: readonly CommandAnswer<unknown>[]): void {
  for (const answer of answers) {
    const outcome = answer.type === 'accepted' && answer.replayed ? 'replayed' : answer.type;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
}

function projectorOn({ projection }: Pick<TestNode, 'projection'>): Projector {
  return startProjector({ ...projection, views, logger: openLogger('fatal'), onProjected: () => undefined });
}

async function expectCaughtUp(database: Database): Promise<void> {
  const head = await readHead(database);
  await eventually(async () => expect((await readCheckpoint(database)).position).toEqual(head));
}

describe('on PostgreSQL, three nodes and two projectors that are stopped and started', () => {
  const database = useDatabase();
  let nodes: TestNode[];
  beforeAll(async () => {
    nodes = await Promise.all([1, 2, 3].map(() => openNode(database.url)));
  });
  afterAll(async () => {
    await Promise.all(nodes.map(node => node.close()));
  });

  test('every row of every view equals the fold of the log', async () => {
    let twins = 0;
    const history = histories(3, { minLength: 30, maxLength: 120 });
    const restarts = fc.array(fc.nat({ max: 40 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(history, restarts, async (steps, pauses) => {
        const twin = projectorOn(nodes[0]!);
        const work = { over: false };
        const played = play(nodes, steps).finally(() => (work.over = true));
        // The second one ends in the middle of its work, again and again; each new one meets the first at work.
        for (const ms of pauses) {
          if (work.over) break;
          const passing = projectorOn(nodes[1]!);
          await new Promise(resolve => setTimeout(resolve, ms));
          await passing.stop();
          twins++;
        }
        count(await played);
        await expectCaughtUp(nodes[2]!.database);
        await expectEveryViewIsTheFold(nodes[2]!.database);
        await twin.stop();
      }),
      { numRuns: 12 },
    );
    expect(twins).toBeGreaterThan(0);
    for (const outcome of ['accepted', 'replayed', 'rejected', 'not-found', 'version-conflict', 'key-reused']) {
      expect(outcomes.get(outcome), `commands that came out ${outcome}`).toBeGreaterThan(0);
    }
  });
});

describe('on the embedded database', () => {
  let folder: string;
  let node: TestNode;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderstream-fold-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  function startTwins(): Projector[] {
    return [projectorOn(node), projectorOn(node)];
  }

  async function stop(projectors: readonly Projector[]): Promise<void> {
    await Promise.all(projectors.map(projector => projector.stop()));
  }

  /** Delivers events again that were already folded, under their old checkpoint, to the live rows or to a rebuild's. */
  async function expectRefused(batches: readonly (readonly [Checkpoint, RecordedEvent[]])[]): Promise<void> {
    for (const [checkpoint, events] of batches) {
      expect(events.length).toBeGreaterThan(0);
      expect(await projectBatch({ ...node, views }, checkpoint, events)).toBe(false);
    }
  }

  /** A rebuild whose process ended after its first batch, and one that continues it beside the projectors. */
  async function rebuildInTwoParts(): Promise<void> {
    const started = await beginRebuild(node.database);
    const first = await node.store.readLog(0, 10);
    expect(await projectBatch({ ...node, views }, started, first)).toBe(true);
    await expectRefused([[started, first]]);
    const retry = () => Promise.reject(new Error('nothing was parked'));
    expect(await rebuild({ ...node, views, retry, onProgress: () => undefined })).toBe('folded');
    expect((await readCheckpoint(node.database)).generation).toBe(started.generation);
    await expectRefused([[started, first]]);
  }

  async function disturbed(steps: readonly Step[]): Promise<void> {
    const part = (nth: number) => steps.filter((_, index) => Math.floor((index * 3) / steps.length) === nth);
    const early = await readCheckpoint(node.database);
    const cast = await openCast(node);
    let projectors = startTwins();
    await play([node, nodeOn(node.database)], part(0), cast);
    await expectCaughtUp(node.database);
    const late = await node.store.readLog(early.position.point, 5);
    await expectRefused([[early, late]]);

    await stop(projectors);
    await node.close();
    node = await openNode(undefined, folder);
    projectors = startTwins();
    const playing = play([node, nodeOn(node.database)], part(1), cast);
    await rebuildInTwoParts();
    await playing;

    await stop(projectors);
    await play([node, nodeOn(node.database)], part(2), cast);
    projectors = startTwins();
    await expectCaughtUp(node.database);
    await expectRefused([[early, late]]);
    await expectEveryViewIsTheFold(node.database);
    await stop(projectors);
  }

  test('with batches delivered again, projectors and database restarted, and a rebuild in the middle, every view is the plain fold of the log', async () => {
    await fc.assert(
      fc.asyncProperty(histories(2, { minLength: 30, maxLength: 60 }), async steps => {
        node = await openNode(undefined, folder);
        try {
          await disturbed(steps);
        } finally {
          await node.close();
        }
      }),
      // Each run starts the database twice: failures are not shrunk.
      { numRuns: 3, endOnFailure: true },
    );
  });
});
