import fc from 'fast-check';
import { expect, test } from 'vitest';
import { migrate } from '../../src/database/migrations.ts';
import { sql } from '../../src/database/sql.ts';
import { type OrderCounts, readOrderCounts } from '../../src/order/views/order-counts.ts';
import { beginRebuild } from '../../src/projections/generations.ts';
import { projectBatch } from '../../src/projections/project-batch.ts';
import { views } from '../../src/slices.ts';
import { expectEveryViewIsTheFold } from '../support/every-view.ts';
import { onDatabase } from '../support/on-database.ts';
import { histories, openCast, play } from '../support/random-history.ts';
import {
  createdOrder,
  onOrder,
  positionOf,
  productOnSale,
  projectAll,
  registeredCustomer,
} from '../support/test-node.ts';
import { useNode } from '../support/use-node.ts';

const { database, node } = useNode();

/** Counts the rows of the orders again, as no read of the program does. */
async function recounted(customerId?: string): Promise<OrderCounts> {
  const rows = await node.database.query<{ status: never; orders: number }>(sql`
    SELECT o.status, count(*)::int AS orders
    FROM order_view o JOIN checkpoints c ON c.live AND c.generation = o.generation
    WHERE o.customer_id = coalesce(${customerId ?? null}, o.customer_id) GROUP BY o.status`);
  return new Map(rows.map(({ status, orders }) => [status, orders]));
}

async function expectCountsToEqualARecount(customers: readonly (string | undefined)[]): Promise<void> {
  for (const customerId of customers) {
    const { counts } = await readOrderCounts(node.source, customerId, undefined);
    expect([customerId, counts]).toEqual([customerId, await recounted(customerId)]);
  }
}

test('the counts of all orders and of each customer equal a recount after any history, in batches of any size', async () => {
  const batches = fc.integer({ min: 1, max: 40 });
  await fc.assert(
    fc.asyncProperty(histories(2, { minLength: 20, maxLength: 80 }), batches, async (steps, batch) => {
      const cast = await openCast(node);
      await play([node, node], steps, cast);
      await projectAll(node, batch);
      await expectCountsToEqualARecount([undefined, ...cast.customers]);
    }),
    { numRuns: 10 },
  );
  // Of the statuses there may be one alone: the next test has them all.
  expect((await recounted()).size).toBeGreaterThan(0);
});

test('the counts follow an order through each status, and to its cancellation', async () => {
  const [customerId, productId] = [await registeredCustomer(node), await productOnSale(node)];
  const items = [{ productId, quantity: 1 }];
  const [orderId, other] = [
    await createdOrder(node, customerId, { items }),
    await createdOrder(node, customerId, { items }),
  ];
  const steps = [
    [orderId, { type: 'SubmitOrder' }],
    [orderId, { type: 'ConfirmOrder' }],
    [orderId, { type: 'ShipOrder', carrier: 'Post', trackingNumber: undefined }],
    [orderId, { type: 'DeliverOrder' }],
    [other, { type: 'SubmitOrder' }],
    [other, { type: 'CancelOrder', reason: 'by mistake' }],
  ] as const;
  for (const [id, command] of steps) {
    await positionOf(onOrder(node, id, command));
    await projectAll(node);
    await expectCountsToEqualARecount([undefined, customerId]);
  }
  expect((await readOrderCounts(node.source, customerId, undefined)).counts).toEqual(
    new Map([
      ['DELIVERED', 1],
      ['CANCELLED', 1],
    ]),
  );
});

test('a customer without orders has no counts', async () => {
  const customerId = await registeredCustomer(node);
  await projectAll(node);
  expect((await readOrderCounts(node.source, customerId, undefined)).counts).toEqual(new Map());
});

test('a database of an earlier release gets the counts with the migration, also in a generation that is being built', async () => {
  const customerId = await registeredCustomer(node);
  for (let n = 0; n < 3; n++) await createdOrder(node, customerId);
  await projectAll(node);
  const rebuilt = await beginRebuild(node.database);
  expect(await projectBatch({ ...node, views }, rebuilt, await node.store.readLog(0, 20))).toBe(true);
  const counts = () => node.database.query(sql`SELECT * FROM order_counts WHERE orders <> 0 ORDER BY 1, 2`);
  const before = await counts();

  await onDatabase(database.url, client =>
    client.query(`DROP TABLE order_counts; DELETE FROM _prisma_migrations WHERE migration_name LIKE '%_order_counts'`),
  );
  expect(await migrate(database.url)).toEqual([expect.stringMatching(/_order_counts$/)]);
  expect(await counts()).toEqual(before);
  await createdOrder(node, customerId);
  await projectAll(node);
  await expectEveryViewIsTheFold(node.database);
});
