import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readHead } from '../../src/event-store/read-log.ts';
import { type Checkpoint, readCheckpoint } from '../../src/projections/checkpoint.ts';
import { projectBatch } from '../../src/projections/project-batch.ts';
import { views } from '../../src/slices.ts';
import type { RecordedEvent } from '../../src/event-store/recorded-event.ts';
import { spawnApp, type SpawnedApp } from '../support/app.ts';
import { startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { expectEveryViewIsTheFold } from '../support/every-view.ts';
import { type Half, type HeldBatches, type HeldStatement, named, openHeldBatches } from '../support/held-batches.ts';
import { histories, openCast, play, type Step } from '../support/random-history.ts';
import {
  addItem,
  createdOrder,
  openNode,
  productOnSale,
  registeredCustomer,
  type TestNode,
} from '../support/test-node.ts';
import { useDatabase } from '../support/use-database.ts';

const projectorCount = 3;
const nodeCount = 3;
/** Steps that are sent at once while the test waits for a process. */
const few = 4;
/** Only a guard: time until a process is held, ms. */
const heldGuardMs = 110_000;
/** How long processes are held at a time, ms: less than their lock timeout. */
const holdTime = 3_000;

const database = useDatabase();
let nodes: TestNode[];
/** By the names that the server knows. */
const projectors = new Map<string, SpawnedApp>();
let batches: HeldBatches;
let rebuilds: HeldBatches;

beforeAll(async () => {
  nodes = await Promise.all(Array.from({ length: nodeCount }, () => openNode(database.url)));
  batches = await openHeldBatches(database.url, 'live');
  rebuilds = await openHeldBatches(database.url, 'rebuild');
});
afterAll(async () => {
  await batches.close();
  await rebuilds.close();
  await Promise.all(nodes.map(node => node.close()));
});

async function startProjector(name: string): Promise<void> {
  projectors.set(name, await spawnApp({ DATABASE_URL: named(database.url, name), LOG_LEVEL: 'fatal' }));
}

/** The history in progress: executes its next steps, or, after the last one, a command that always changes a row. */
type GiveMore = () => Promise<void>;

async function point(): Promise<number> {
  return (await readCheckpoint(nodes[0]!.database)).position.point;
}

interface Caught extends HeldStatement {
  /** Steps in flight at that time. They may take longer than the lock timeout, so they are awaited later. */
  readonly given: Promise<void>;
}

/** Continues the history until a process waits in that half of a batch. The lock stays, so the process stays there. */
async function caught(held: HeldBatches, half: Half, more: GiveMore): Promise<Caught> {
  await held.hold(half);
  const deadline = Date.now() + heldGuardMs;
  let again = Date.now() + holdTime;
  const state = { over: false };
  const given = (async () => {
    while (!state.over) await more();
  })();
  try {
    for (;;) {
      const statement = await held.waiting();
      if (statement) return { ...statement, given };
      // All processes had passed it, and wait in the other half of their batch for this lock. A rebuild is held in one
      // half only: if it was released, it might finish all of its batches.
      if (held === batches && Date.now() > again) {
        await held.letGo();
        await held.hold(half);
        again = Date.now() + holdTime;
      }
      if (Date.now() > deadline)
        throw new Error(`no process waits in the ${half} of a batch; now there are\n${await held.seen()}`);
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  } finally {
    state.over = true;
  }
}

/** Another projector takes over: it passes everything that is stored now, which the stopped one has not read. */
async function expectTakenOver(more: GiveMore): Promise<void> {
  await more();
  const head = await readHead(nodes[0]!.database);
  await eventually(async () => expect(await point()).toBeGreaterThanOrEqual(head.point));
}

async function stoppedIn(half: Half, more: GiveMore): Promise<void> {
  const { who, given } = await caught(batches, half, more);
  const projector = projectors.get(who)!;
  await projector.kill('SIGSTOP');
  // The server answers the statement: rows that will be outdated when they are used, or a batch that was stored.
  await batches.letGo();
  await given;
  await expectTakenOver(more);
  await projector.kill('SIGCONT');
  await more();
}

async function killedIn(half: Half, more: GiveMore, isUndone: boolean): Promise<void> {
  const statement = await caught(batches, half, more);
  await projectors.get(statement.who)!.kill('SIGKILL');
  // No process reads the answer, but the server completes the statement unless it is cancelled.
  if (isUndone) await batches.undo(statement);
  await batches.letGo();
  await statement.given;
  await expectTakenOver(more);
  await startProjector(statement.who);
}

/** A batch that was read and is delivered again after others have projected it. */
async function redelivered(more: GiveMore): Promise<void> {
  const [{ database: own, store }] = nodes as [TestNode];
  const held: [Checkpoint, RecordedEvent[]][] = [];
  await batches.hold('write');
  for (const size of [1, 2, 5]) {
    // The next few commands may all be rejected; then there is nothing to deliver yet.
    for (let events: RecordedEvent[] = []; events.length === 0; ) {
      await more();
      const checkpoint = await readCheckpoint(own);
      events = await store.readLog(checkpoint.position.point, size);
      if (events.length > 0) held.push([checkpoint, events]);
    }
  }
  await batches.letGo();
  await expectTakenOver(more);
  for (const [checkpoint, events] of [...held, ...held]) {
    expect(await projectBatch({ database: own, store, views }, checkpoint, events)).toBe(false);
  }
}

/** Killed in a batch, once after it was stored and once before, and resumed each time, while the history continues. */
async function rebuilt(more: GiveMore): Promise<void> {
  const { generation } = await readCheckpoint(nodes[0]!.database);
  const start = () =>
    startCli('orderstream', ['rebuild', 'order_view'], { DATABASE_URL: named(database.url, 'rebuild') });
  for (const isUndone of [true, false]) {
    const killed = start();
    const statement = await caught(rebuilds, 'write', more);
    killed.kill('SIGKILL');
    await killed.exited;
    if (isUndone) await rebuilds.undo(statement);
    await rebuilds.letGo();
    await statement.given;
  }
  const last = start();
  const state = { over: false };
  void last.exited.then(() => (state.over = true));
  while (!state.over) await more();
  expect(await last.exited).toMatchObject({ code: 0 });
  expect((await readCheckpoint(nodes[0]!.database)).generation).toBe(generation + 1);
}

const disturbances: readonly ((more: GiveMore) => Promise<void>)[] = [
  more => stoppedIn('load', more),
  more => stoppedIn('write', more),
  more => killedIn('load', more, false),
  more => killedIn('write', more, true),
  more => killedIn('write', more, false),
  redelivered,
  rebuilt,
];

async function historyOf(steps: readonly Step[]): Promise<GiveMore> {
  const cast = await openCast(nodes[0]!);
  const [customerId, productId] = [await registeredCustomer(nodes[0]!), await productOnSale(nodes[0]!)];
  const orderId = await createdOrder(nodes[0]!, customerId);
  let given = 0;
  return async () => {
    const next = steps.slice(given, (given += few));
    // On an existing order: a process that is held while it loads rows is held at those of orders.
    await (next.length > 0 ? play(nodes, next, cast) : addItem(nodes[given % nodeCount]!, orderId, productId));
  };
}

test('after a random history on three nodes, with batches delivered again, projectors killed and stopped in the middle of one, and a rebuild killed in the middle of one, every view is the plain fold of the log', async () => {
  const history = histories(nodeCount, { minLength: 150, maxLength: 250 });
  const order = fc.shuffledSubarray([...disturbances], { minLength: disturbances.length });
  await Promise.all(Array.from({ length: projectorCount }, (_, index) => startProjector(`projector-${index}`)));
  try {
    await fc.assert(
      fc.asyncProperty(history, order, async (steps, inThatOrder) => {
        const more = await historyOf(steps);
        for (const disturb of inThatOrder) {
          await more();
          await disturb(more);
        }
        const head = await readHead(nodes[0]!.database);
        await eventually(async () => expect((await readCheckpoint(nodes[0]!.database)).position).toEqual(head));
        await expectEveryViewIsTheFold(nodes[0]!.database);
      }),
      // A failure of real processes may not happen again: there is nothing to shrink.
      { numRuns: 2, endOnFailure: true },
    );
  } finally {
    for (const projector of projectors.values()) await projector.kill('SIGKILL');
  }
});
