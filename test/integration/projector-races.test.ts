import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { types, views } from '../../src/slices.ts';
import { type EventStore, openEventStore } from '../../src/event-store/event-store.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import { openLogger } from '../../src/telemetry/logger.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { projectBatch } from '../../src/projections/project-batch.ts';
import { startProjector } from '../../src/projections/projector.ts';
import { spawnApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { expectEveryViewIsTheFold } from '../support/every-view.ts';
import { viewRows } from '../support/plain-fold.ts';
import { stopwatch } from '../support/standstill.ts';
import { held, openGate } from '../support/statements.ts';
import {
  addItem,
  createdOrder,
  openNode,
  productOnSale,
  projectAll,
  registeredCustomer,
  type TestNode,
} from '../support/test-node.ts';
import { useDatabase } from '../support/use-database.ts';

const database = useDatabase();
let nodes: TestNode[];
let control: pg.Client;
/** The events of the tests' orders. */
let customerId: string;
let productId: string;

beforeAll(async () => {
  nodes = await Promise.all([1, 2, 3, 4].map(() => openNode(database.url)));
  control = new pg.Client({ connectionString: database.url });
  await control.connect();
  // Each write of a view's row and each move of the checkpoint leaves a line, in order.
  await control.query(`
    CREATE TABLE written (nth bigserial, transaction xid8 DEFAULT pg_current_xact_id(), id text, version int);
    CREATE TABLE moved (nth bigserial, transaction xid8 DEFAULT pg_current_xact_id(), before bigint, after bigint);
    CREATE FUNCTION note_row() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO written (id, version) VALUES (NEW.order_id, NEW.version); RETURN NEW; END $$;
    CREATE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO moved (before, after) VALUES (OLD.position, NEW.position); RETURN NEW; END $$;
    CREATE TRIGGER note_row AFTER INSERT OR UPDATE ON order_view FOR EACH ROW EXECUTE FUNCTION note_row();
    CREATE TRIGGER note_move AFTER UPDATE ON checkpoints FOR EACH ROW EXECUTE FUNCTION note_move()`);
  customerId = await registeredCustomer(nodes[0]!);
  productId = await productOnSale(nodes[0]!);
});
afterAll(async () => {
  await Promise.all(nodes.map(node => node.close()));
  await control.end();
});
afterEach(() => control.query('TRUNCATE written, moved'));

interface Written {
  readonly id: string;
  readonly version: number;
}

async function written(): Promise<Written[]> {
  return (await control.query<Written>('SELECT id, version FROM written ORDER BY nth')).rows;
}

async function moves(): Promise<[number, number][]> {
  const { rows } = await control.query<{ before: string; after: string }>('SELECT * FROM moved ORDER BY nth');
  return rows.map(({ before, after }) => [Number(before), Number(after)]);
}

/**
 * Checks that every event is in exactly one batch, from a position to the end, and that no version of a row was
 * written twice or late.
 */
async function expectEachFoldedOnce(from: number): Promise<void> {
  const steps = await moves();
  const { point } = await readHead(nodes[0]!.database);
  expect(steps[0]?.[0]).toBe(from);
  expect(steps.slice(1).map(([before]) => before)).toEqual(steps.slice(0, -1).map(([, after]) => after));
  expect(steps.at(-1)?.[1]).toBe(point);
  const newest = new Map<string, number>();
  for (const { id, version } of await written()) {
    expect(version).toBeGreaterThan(newest.get(id) ?? 0);
    newest.set(id, version);
  }
  const { rows } = await control.query(
    'SELECT FROM written w WHERE NOT EXISTS (SELECT FROM moved m WHERE m.transaction = w.transaction)',
  );
  expect(rows, 'rows that were written without their checkpoint').toEqual([]);
  await expectEveryViewIsTheFold(nodes[0]!.database);
}

/** Commands on several orders, so that batches overlap in their rows. */
async function busy(rounds: number): Promise<void> {
  const orders = await Promise.all([1, 2, 3].map(() => createdOrder(nodes[0]!, customerId)));
  for (let round = 0; round < rounds; round++) {
    await Promise.all(orders.map(orderId => addItem(nodes[0]!, orderId, productId)));
  }
}

test('with four projectors at once, in batches of any size, each event is folded by exactly one of them', async () => {
  const { point } = await projectAll(nodes[0]!);
  await control.query('TRUNCATE written, moved');
  let over = false;
  let lost = 0;
  const won = nodes.map(() => 0);
  const winners = () => won.filter(batches => batches > 0).length;

  async function race({ database, store }: TestNode, who: number): Promise<void> {
    for (;;) {
      const checkpoint = await readCheckpoint(database);
      const events = await store.readLog(checkpoint.position.point, 1 + Math.floor(Math.random() * 7));
      if (events.length === 0 && over) return;
      if (events.length === 0) continue;
      if (await projectBatch({ database, store, views }, checkpoint, events)) won[who]!++;
      else lost++;
    }
  }

  async function command(): Promise<void> {
    await busy(40);
    // Until they have competed.
    while (lost === 0 || winners() < 2) await busy(1);
  }

  await Promise.all([command().finally(() => (over = true)), ...nodes.map(race)]);
  expect(lost).toBeGreaterThan(0);
  expect(winners()).toBeGreaterThan(1);
  await expectEachFoldedOnce(point);
});

test('two projectors at once fold each event once', async () => {
  const { point } = await projectAll(nodes[0]!);
  await control.query('TRUNCATE written, moved');
  const projectors = nodes.slice(0, 2).map(({ projection }) => {
    return startProjector({ ...projection, views, logger: openLogger('fatal'), onProjected: () => undefined });
  });
  const waking = setInterval(() => projectors.forEach(projector => projector.wake()), 1);
  try {
    await busy(40);
    const head = await readHead(nodes[0]!.database);
    await eventually(async () => expect((await readCheckpoint(nodes[0]!.database)).position).toEqual(head));
  } finally {
    clearInterval(waking);
    await Promise.all(projectors.map(projector => projector.stop()));
  }
  await expectEachFoldedOnce(point);
});

describe('a projector that was paused after it loaded rows', () => {
  /** Pauses a projector between its reads and its write, runs `meanwhile`, and checks that it then writes nothing. */
  async function expectNothingWritten(meanwhile: () => Promise<unknown>): Promise<void> {
    const [one] = nodes;
    const checkpoint = await readCheckpoint(one!.database);
    const events = await one!.store.readLog(checkpoint.position.point, 1_000);
    expect(events.length).toBeGreaterThan(1);
    const gate = openGate();
    const paused = held(one!.database, {
      before: sql => (sql.includes('UPDATE checkpoints') ? gate.pass() : Promise.resolve()),
    });
    const pausedBatch = projectBatch({ ...one!, database: paused, views }, checkpoint, events);
    await gate.arrived;
    await meanwhile();
    const before = await viewRows(one!.database, 'order_view', 'orderId');
    await control.query('TRUNCATE written, moved');
    gate.open();

    expect(await pausedBatch).toBe(false);
    expect(await written()).toEqual([]);
    expect(await moves()).toEqual([]);
    expect(await viewRows(one!.database, 'order_view', 'orderId')).toEqual(before);
  }

  beforeEach(() => busy(2));
  afterEach(() => projectAll(nodes[0]!));

  test('writes nothing after another one moved the checkpoint past its batch', async () => {
    await expectNothingWritten(async () => {
      await busy(2);
      await projectAll(nodes[1]!);
    });
  });

  test('writes nothing after another one moved it by one event of its batch', async () => {
    await expectNothingWritten(async () => {
      const { database: own, store } = nodes[1]!;
      const checkpoint = await readCheckpoint(own);
      const next = await store.readLog(checkpoint.position.point, 1);
      expect(await projectBatch({ database: own, store, views }, checkpoint, next)).toBe(true);
    });
  });

  test('writes nothing after a restore replaced the log by another one, at the same point', async () => {
    const { hash } = (await readCheckpoint(nodes[0]!.database)).position;
    await expectNothingWritten(() => control.query(`UPDATE checkpoints SET hash = 'ffffffffffff'`));
    await control.query('UPDATE checkpoints SET hash = $1', [hash]);
  });

  test('writes nothing after its generation was replaced', async () => {
    await expectNothingWritten(() => control.query('UPDATE checkpoints SET live = false'));
    await control.query('UPDATE checkpoints SET live = true');
  });
});

test('a standby takes over within 5 s of the active projector’s death', async () => {
  const working = await spawnApp({ DATABASE_URL: database.url });
  const { database: own } = nodes[1]!;
  /** It has read its batch, and writes too late: from then on it is on standby. */
  const gate = openGate();
  const store = openEventStore(own, types, () => undefined);
  let batches = 0;
  const slow: EventStore = {
    ...store,
    async readLog(after, limit) {
      const events = await store.readLog(after, limit);
      if (limit > 1) batches++;
      if (events.length > 0) await gate.pass();
      return events;
    },
  };
  const standby = startProjector({
    database: own,
    store: slow,
    views,
    logger: openLogger('fatal'),
    onProjected: () => undefined,
  });
  try {
    const projected = async () => {
      const head = await readHead(own);
      await eventually(async () => expect((await readCheckpoint(own)).position).toEqual(head));
    };
    const late = { arrived: false };
    void gate.arrived.then(() => (late.arrived = true));
    // Until both have seen the same events before one of them projected them.
    while (!late.arrived) await busy(1);
    await projected();
    gate.open();
    // While another one is active, it stays on standby.
    batches = 0;
    for (let round = 0; round < 3; round++) {
      await busy(1);
      await projected();
    }
    expect(batches).toBe(0);

    await working.kill('SIGKILL');
    const passed = stopwatch();
    await busy(1);
    await projected();
    expect(passed()).toBeLessThan(5_000);
  } finally {
    gate.open();
    await standby.stop();
    await working.kill('SIGKILL');
  }
});
