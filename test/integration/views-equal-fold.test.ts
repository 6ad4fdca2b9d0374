import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { views } from '../../src/slices.ts';
import type { CommandAnswer } from '../../src/commands/handle-command.ts';
import type { Database } from '../../src/database.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import { openLogger } from '../../src/logger.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { type Projector, startProjector } from '../../src/projections/projector.ts';
import { eventually } from '../support/eventually.ts';
import { plainFold, plainLog, viewRows } from '../support/plain-fold.ts';
import { expectSumsOf } from '../support/plain-sums.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { histories, nodeOn, openNode, play, type TestNode } from '../support/random-history.ts';

/** What came of all commands of a suite: a history in which nothing happens would prove nothing. */
const outcomes = new Map<string, number>();

function count(answers: readonly CommandAnswer<unknown>[]): void {
  for (const answer of answers) {
    const outcome = answer.type === 'accepted' && answer.replayed ? 'replayed' : answer.type;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
}

function projectorOn({ database, store }: Pick<TestNode, 'database' | 'store'>): Projector {
  return startProjector({ database, store, views, logger: openLogger('fatal'), onProjected: () => undefined });
}

async function expectViewsEqualTheFold(database: Database): Promise<void> {
  const head = await readHead(database);
  await eventually(async () => expect((await readCheckpoint(database)).position).toEqual(head));
  const { orders, customers, products } = plainFold(await plainLog(database));
  expect(await viewRows(database, 'order_view', 'orderId')).toEqual(orders);
  expect(await viewRows(database, 'customer_view', 'customerId')).toEqual(customers);
  expect(await viewRows(database, 'product_view', 'productId')).toEqual(products);
  const lists = await viewRows(database, 'customer_order_view', 'orderId');
  expect(new Set(lists.keys())).toEqual(new Set(orders.keys()));
  for (const [id, row] of lists) expect(orders.get(id)).toMatchObject(row);
  await expectSumsOf(database, { orders });
}

describe('on PostgreSQL, three nodes and two projectors that come and go', () => {
  let database: TestDatabase;
  let nodes: TestNode[];
  beforeAll(async () => {
    database = await freshDatabase();
    nodes = await Promise.all([1, 2, 3].map(() => openNode(database.url)));
  });
  afterAll(async () => {
    await Promise.all(nodes.map(node => node.close()));
    await database.drop();
  });

  test('every row of every view is what the log says', async () => {
    let twins = 0;
    const history = histories(3, { minLength: 30, maxLength: 120 });
    const restarts = fc.array(fc.nat({ max: 40 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(history, restarts, async (steps, pauses) => {
        const twin = projectorOn(nodes[0]!);
        const work = { over: false };
        const played = play(nodes, steps).finally(() => (work.over = true));
        // The second one ends in the middle of whatever it does, again and again; each new one meets the twin at work.
        for (const ms of pauses) {
          if (work.over) break;
          const passing = projectorOn(nodes[1]!);
          await new Promise(resolve => setTimeout(resolve, ms));
          await passing.stop();
          twins++;
        }
        count(await played);
        await expectViewsEqualTheFold(nodes[2]!.database);
        await twin.stop();
      }),
      { numRuns: 12 },
    );
    expect(twins).toBeGreaterThan(10);
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
    node = await openNode(undefined, folder);
  });
  afterAll(async () => {
    await node.close();
    await rm(folder, { recursive: true });
  });

  test('every row of every view is what the log says', async () => {
    await fc.assert(
      fc.asyncProperty(histories(2, { minLength: 20, maxLength: 60 }), async steps => {
        const projectors = [projectorOn(node), projectorOn(node)];
        await play([node, nodeOn(node.database)], steps);
        await expectViewsEqualTheFold(node.database);
        await Promise.all(projectors.map(projector => projector.stop()));
      }),
      { numRuns: 5 },
    );
  });
});
