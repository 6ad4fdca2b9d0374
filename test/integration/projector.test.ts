import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { types, views } from '../../src/slices.ts';
import { customerDecider } from '../../src/customer/decider.ts';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { type EventTypes, eventTypes } from '../../src/event-store/event-types.ts';
import { openEventStore } from '../../src/event-store/event-store.ts';
import type { Position } from '../../src/event-store/position.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import { newId } from '../../src/ids.ts';
import { orderDecider } from '../../src/order/decider.ts';
import { productDecider } from '../../src/product/decider.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { startProjector } from '../../src/projections/projector.ts';
import { newStream, requestFor } from '../support/append-request.ts';
import { eventually } from '../support/eventually.ts';
import { type LogLine, logLines } from '../support/log-lines.ts';
import { plainFold, plainLog, viewRows } from '../support/plain-fold.ts';
import { soon, stopwatch } from '../support/standstill.ts';
import {
  addItem,
  createdOrder,
  onCustomer,
  openNode,
  positionOf,
  productOnSale,
  projectAll,
  registeredCustomer,
  type TestNode,
} from '../support/test-node.ts';
import { sql } from '../../src/database/sql.ts';
import { useNode } from '../support/use-node.ts';

interface Running {
  readonly lines: LogLine[];
  /** All positions that it reported. */
  readonly reported: Position[];
  wake(): void;
  stop(): Promise<void>;
}

const projectors: { stop(): Promise<void> }[] = [];
async function stopAll(): Promise<void> {
  for (const projector of projectors.splice(0)) await projector.stop();
}
afterEach(stopAll);

function start({ projection: { database } }: Pick<TestNode, 'projection'>, known: EventTypes = types): Running {
  const { logger, lines } = logLines();
  const reported: Position[] = [];
  const store = openEventStore(database, known, () => undefined);
  const projector = startProjector({ database, store, views, logger, onProjected: to => void reported.push(to) });
  projectors.push(projector);
  return { lines, reported, wake: () => projector.wake(), stop: () => projector.stop() };
}

async function expectProjected({ database }: TestNode, milliseconds?: number): Promise<void> {
  const head = await readHead(database);
  await eventually(async () => expect((await readCheckpoint(database)).position).toEqual(head), milliseconds);
}

/** The content of all views. */
async function viewsOf({ database }: TestNode): Promise<unknown> {
  return {
    orders: await viewRows(database, 'order_view', 'orderId'),
    customers: await viewRows(database, 'customer_view', 'customerId'),
    products: await viewRows(database, 'product_view', 'productId'),
    lists: await viewRows(database, 'customer_order_view', 'orderId'),
  };
}

async function expectViewsEqualTheFold(node: TestNode): Promise<void> {
  const fold = plainFold(await plainLog(node.database));
  const { orders, customers, products } = (await viewsOf(node)) as typeof fold;
  expect({ orders, customers, products }).toEqual(fold);
}

/** One event of every stream type, in one batch. */
async function sale(node: TestNode): Promise<{ customerId: string; productId: string; orderId: string }> {
  const [customerId, productId] = [await registeredCustomer(node), await productOnSale(node)];
  return {
    customerId,
    productId,
    orderId: await createdOrder(node, customerId, { items: [{ productId, quantity: 2 }] }),
  };
}

describe('on PostgreSQL', () => {
  const { database, node } = useNode();
  let control: pg.Client;
  beforeAll(async () => {
    control = new pg.Client({ connectionString: database.url });
    await control.connect();
  });
  afterAll(async () => {
    await control.end();
  });
  afterEach(() => control.query('DROP TRIGGER IF EXISTS in_the_way ON customer_order_view'));

  /** Runs this PL/pgSQL for each row that the last view of a batch writes: all other rows are already written. */
  async function whenTheLastViewIsWritten(statement: string): Promise<void> {
    await control.query(`
      CREATE OR REPLACE FUNCTION in_the_way() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN ${statement}; RETURN NEW; END $$;
      CREATE TRIGGER in_the_way BEFORE INSERT OR UPDATE ON customer_order_view
        FOR EACH ROW EXECUTE FUNCTION in_the_way()`);
  }

  test('if one view rejects one row, nothing of the batch is stored and the checkpoint stays; then it continues', async () => {
    await projectAll(node);
    const before = { views: await viewsOf(node), checkpoint: await readCheckpoint(node.database) };
    await whenTheLastViewIsWritten(`RAISE EXCEPTION 'not this one'`);
    await sale(node);

    const projector = start(node);
    await eventually(() => expect(projector.lines.at(-1)?.err?.message).toContain('not this one'));
    expect({ views: await viewsOf(node), checkpoint: await readCheckpoint(node.database) }).toEqual(before);
    expect(projector.reported).toEqual([]);

    await control.query('DROP TRIGGER in_the_way ON customer_order_view');
    await expectProjected(node);
    await expectViewsEqualTheFold(node);
  });

  test('if the connection is cut in the middle of a batch, nothing of it is stored and the checkpoint stays; then it continues', async () => {
    await projectAll(node);
    const before = { views: await viewsOf(node), checkpoint: await readCheckpoint(node.database) };
    await whenTheLastViewIsWritten('PERFORM pg_advisory_xact_lock(4711)');
    await control.query('SELECT pg_advisory_lock(4711)');
    await sale(node);

    const projector = start(node);
    const pid = await eventually(async () => {
      const { rows } = await control.query<{ pid: number }>(
        `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted`,
      );
      expect(rows).toHaveLength(1);
      return rows[0]!.pid;
    });
    await control.query('SELECT pg_terminate_backend($1)', [pid]);
    await eventually(() => expect(projector.lines).toHaveLength(1));
    expect({ views: await viewsOf(node), checkpoint: await readCheckpoint(node.database) }).toEqual(before);
    expect(projector.reported).toEqual([]);

    await control.query('SELECT pg_advisory_unlock(4711)');
    await expectProjected(node);
    await expectViewsEqualTheFold(node);
  });

  test('it reports a position after reaching it, never before', async () => {
    const reported: { to: Position; checkpoint: Promise<{ position: Position }> }[] = [];
    const projector = startProjector({
      ...node,
      views,
      logger: logLines().logger,
      onProjected: to => void reported.push({ to, checkpoint: readCheckpoint(node.database) }),
    });
    projectors.push(projector);
    for (let round = 0; round < 5; round++) {
      await sale(node);
      projector.wake();
    }
    const head = await readHead(node.database);
    await eventually(() => expect(reported.at(-1)?.to).toEqual(head));
    for (const { to, checkpoint } of reported) {
      expect((await checkpoint).position.point).toBeGreaterThanOrEqual(to.point);
    }
  });

  test('without any wake-up, a stored event is projected within the poll interval', async () => {
    start(node);
    await expectProjected(node);
    let waited = 0;
    for (let round = 0; round < 6; round++) {
      await sleep(70 * round);
      await sale(node);
      const passed = stopwatch();
      await expectProjected(node);
      waited += passed();
    }
    expect(waited).toBeLessThan(6 * 250 + 1_500);
  });

  test('a wake-up during a read of the log is not lost: it reads again at once', async () => {
    const customerId = await registeredCustomer(node);
    await projectAll(node);
    let rename: (() => Promise<Position>) | undefined;
    let renamed: Promise<Position> | undefined;
    const reported: Position[] = [];
    const projector = startProjector({
      database: node.database,
      store: {
        ...node.store,
        // It has found nothing, and then an event is stored before it sleeps.
        async readLog(after, limit) {
          const events = await node.store.readLog(after, limit);
          if (events.length === 0 && rename) {
            renamed = rename();
            rename = undefined;
            await renamed;
            projector.wake();
          }
          return events;
        },
      },
      views,
      logger: logLines().logger,
      onProjected: to => void reported.push(to),
    });
    projectors.push(projector);
    const waits: number[] = [];
    for (let round = 1; round <= 11; round++) {
      const passed = stopwatch();
      rename = () => positionOf(onCustomer(node, customerId, { type: 'RenameCustomer', name: `${round}` }));
      projector.wake();
      await eventually(() => expect(reported).toHaveLength(round));
      expect(reported.at(-1)).toEqual(await renamed);
      waits.push(passed());
    }
    // The poll interval alone is 250 ms.
    expect(waits.sort((one, other) => one - other)[5]).toBeLessThan(200);
  });

  test('stopping waits for the batch in flight, and nothing is written after it', async () => {
    await projectAll(node);
    await whenTheLastViewIsWritten('PERFORM pg_advisory_xact_lock(4712)');
    await control.query('SELECT pg_advisory_lock(4712)');
    await sale(node);
    const projector = start(node);
    await eventually(async () => {
      const { rowCount } = await control.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4712 AND NOT granted`,
      );
      expect(rowCount).toBe(1);
    });
    let stopped = false;
    const stopping = projector.stop().then(() => (stopped = true));
    await sleep(50);
    expect(stopped).toBe(false);
    await control.query('SELECT pg_advisory_unlock(4712)');
    await stopping;
    expect((await readCheckpoint(node.database)).position).toEqual(await readHead(node.database));

    const { orderId } = await sale(node);
    await sleep(400);
    expect((await viewRows(node.database, 'order_view', 'orderId')).has(orderId)).toBe(false);
  });
});

describe('an event that it cannot read', () => {
  const { node } = useNode('test');
  afterEach(async () => {
    await stopAll();
  });

  /** The order slice of a later release. */
  const later = (more: object, upcast = orderDecider.upcast): EventTypes =>
    eventTypes([
      { ...orderDecider, schemaVersions: { ...orderDecider.schemaVersions, ...more }, upcast },
      customerDecider,
      productDecider,
    ]);

  test.each([
    ['of an unknown type', 'OrderTeleported', 1, later({ OrderTeleported: 1 })],
    ['of a newer schema version', 'OrderConfirmed', 2, later({ OrderConfirmed: 2 }, event => event)],
  ])(
    '%s stops the projector there, is named in the log, and is not skipped; a release that supports it continues',
    async (_, type, schemaVersion, known) => {
      const { orderId, productId } = await sale(node);
      const readable = await readHead(node.database);
      const stored = await appendEvents(node.database, [
        requestFor(newStream(), { events: [{ type, schemaVersion, data: {}, personal: null }] }),
      ]);
      expect(stored).toMatchObject([{ outcome: 'appended', position: readable.point + 1 }]);
      await addItem(node, orderId, productId);

      const projector = start(node);
      await soon(() => expect(projector.lines).toHaveLength(5), 5_000);
      for (const line of projector.lines) {
        expect(line).toMatchObject({ level: 50, err: { type: 'UnknownEventError' } });
        expect(line.err?.message).toContain(type);
        expect(line.err?.message).toContain(`schema version ${schemaVersion}`);
      }
      // Everything before the event is projected; the event and everything after it are not.
      expect((await readCheckpoint(node.database)).position).toEqual(readable);
      expect((await viewRows(node.database, 'order_view', 'orderId')).get(orderId)).toMatchObject({ itemCount: 2 });
      // Wake-ups do not fill the log: it has nothing new to report.
      for (let n = 0; n < 100; n++) {
        projector.wake();
        await sleep(2);
      }
      expect(projector.lines.length).toBeLessThan(9);
      await projector.stop();

      start(node, known);
      await expectProjected(node);
      expect((await viewRows(node.database, 'order_view', 'orderId')).get(orderId)).toMatchObject({ itemCount: 3 });
    },
  );
});

describe('on the embedded database', () => {
  let folder: string;
  let node: TestNode;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderstream-projector-'));
    node = await openNode(undefined, folder);
  });
  afterAll(async () => {
    await node.close();
    await rm(folder, { recursive: true });
  });

  test('if one view rejects one row, nothing of the batch is stored and the checkpoint stays; then it continues', async () => {
    await sale(node);
    await projectAll(node);
    const before = { views: await viewsOf(node), checkpoint: await readCheckpoint(node.database) };
    const refused = newId('ord');
    await node.database.execute(
      sql.raw(`ALTER TABLE customer_order_view ADD CONSTRAINT in_the_way CHECK (order_id <> '${refused}')`),
    );
    await createdOrder(node, await registeredCustomer(node), { orderId: refused });

    const projector = start(node);
    await eventually(() => expect(projector.lines.at(-1)?.err?.message).toContain('in_the_way'));
    expect({ views: await viewsOf(node), checkpoint: await readCheckpoint(node.database) }).toEqual(before);

    await node.database.execute(sql.raw('ALTER TABLE customer_order_view DROP CONSTRAINT in_the_way'));
    await expectProjected(node);
    await expectViewsEqualTheFold(node);
  });
});
