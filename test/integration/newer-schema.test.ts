import { beforeEach, describe, expect, test } from 'vitest';
import { openEventStore } from '../../src/event-store/event-store.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { NewerSchemaError } from '../../src/projections/newer-schema.ts';
import { projectBatch } from '../../src/projections/project-batch.ts';
import { type Projector, startProjector } from '../../src/projections/projector.ts';
import { beginRebuild } from '../../src/projections/generations.ts';
import { types, views } from '../../src/slices.ts';
import { OrderDocument } from '../generated/graphql.ts';
import { spawnApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { expectViewsEqualTheFold } from '../support/everything-kept.ts';
import { noteOpen } from '../support/left-open.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { describeWithRedis, redisUrl } from '../support/redis.ts';
import { addItem, createdOrder, productOnSale, registeredCustomer } from '../support/test-node.ts';
import { staffToken } from '../support/tokens.ts';
import { useNode } from '../support/use-node.ts';

const { database, node } = useNode('test');
let productId: string;
let orderId: string;

beforeEach(async () => {
  const customerId = await registeredCustomer(node);
  productId = await productOnSale(node);
  orderId = await createdOrder(node, customerId, { items: [{ productId, quantity: 1 }] });
});

/**
 * Simulates `db:migrate` of a newer release that resets all views: in one transaction, which takes its locks in the
 * order of a batch, so that neither is the victim of a deadlock.
 */
function migrateOn(): Promise<unknown> {
  return onDatabase(database.url, client =>
    client.query(`BEGIN;
      LOCK TABLE checkpoints IN SHARE MODE;
      INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
        VALUES ('newer', '', '29991231000000_of_a_newer_release', now(), 1);
      UPDATE checkpoints SET position = 0, hash = '000000000000';
      TRUNCATE order_view, customer_order_view, customer_view, product_view, product_change_view, customer_totals, order_counts,
        sales_by_day, product_sales, product_sales_by_day, product_sales_by_month;
      COMMIT`),
  );
}

/** The projector of the newer release starts where the migration left the views. */
function takeTheNewerOnesPlace(): Promise<unknown> {
  return onDatabase(database.url, client => client.query(`DELETE FROM _prisma_migrations WHERE id = 'newer'`));
}

interface Old {
  readonly projector: Pick<Projector, 'wake' | 'stop'>;
  readonly logged: string[];
}

function oldProjector(): Old {
  const logged: string[] = [];
  const say = (...words: unknown[]) => void logged.push(words.map(word => JSON.stringify(word)).join(' '));
  const logger = { error: say, warn: say, info: say, debug: () => undefined } as never;
  const projector = startProjector({ ...node.projection, views, logger, onProjected: () => 0 });
  const note = noteOpen('projector', () => projector.stop());
  return {
    logged,
    projector: {
      wake: () => projector.wake(),
      stop: async () => {
        note.closed();
        await projector.stop();
      },
    },
  };
}

async function expectNothingProjected(): Promise<void> {
  const [row] = await onDatabase(database.url, async client => {
    const { rows } = await client.query<{ position: number; rows: number }>(
      `SELECT position::int, (SELECT count(*)::int FROM order_view) + (SELECT count(*)::int FROM customer_totals) AS rows
       FROM checkpoints`,
    );
    return rows;
  });
  expect(row).toEqual({ position: 0, rows: 0 });
}

describe('a projector of an older release, after a newer one has migrated the database', () => {
  test('stops with one line and writes nothing more, even in the middle of a batch; the newer one’s sums are correct', async () => {
    const { projector, logged } = oldProjector();
    const adding = new AbortController();
    const work = (async () => {
      while (!adding.signal.aborted) {
        await addItem(node, orderId, productId);
        projector.wake();
      }
    })();
    await eventually(async () => expect((await readCheckpoint(node.database)).position.point).toBeGreaterThan(10));
    await migrateOn();
    await eventually(() => expect(logged).toHaveLength(1));
    expect(logged[0]).toContain('it has 29991231000000_of_a_newer_release');
    const { point } = await readHead(node.database);
    await eventually(async () => expect((await readHead(node.database)).point).toBeGreaterThan(point + 3));
    adding.abort();
    await work;
    await projector.stop();
    await expectNothingProjected();
    expect(logged).toHaveLength(1);

    await takeTheNewerOnesPlace();
    const newer = oldProjector();
    await eventually(() => expectViewsEqualTheFold(node.database));
    await newer.projector.stop();
    expect(newer.logged).toEqual([]);
  });

  test('writes nothing from a checkpoint that the migration has set back to an earlier value either', async () => {
    const from = await readCheckpoint(node.database);
    const rebuilt = await beginRebuild(node.database);
    const events = await openEventStore(node.database, types, () => undefined).readLog(0, 100);
    await migrateOn();
    const projection = { database: node.database, store: node.store, views };
    expect(await projectBatch(projection, from, events)).toBe(false);
    expect(await projectBatch(projection, rebuilt, events)).toBe(false);
    await expectNothingProjected();
    await expect(readCheckpoint(node.database)).rejects.toThrow(NewerSchemaError);
    await takeTheNewerOnesPlace();
    expect(await projectBatch(projection, from, events)).toBe(true);
  });
});

describeWithRedis('whoever sees to it that a process runs, once a newer one has migrated the database', () => {
  test('is replaced if it only projects: that process ends; one that also serves continues to serve', async () => {
    const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl() };
    const [idle, serving] = await Promise.all([spawnApp({ ...env, ROLES: 'projector' }), spawnApp(env)]);
    await migrateOn();
    await addItem(node, orderId, productId);
    expect(await idle.exited).toEqual({ code: 1, signal: null });
    await eventually(() => {
      for (const { stdout } of [idle, serving]) expect(stdout()).toContain('start the newer one in its place');
    });
    const { data } = await post(serving.url, OrderDocument, { id: orderId }, { token: await staffToken() });
    expect(data?.order?.itemCount).toBe(2);
    expect(await serving.stop()).toBe(0);
  });
});
