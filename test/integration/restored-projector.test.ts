import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLogger } from '../../src/telemetry/logger.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { projectBatch } from '../../src/projections/project-batch.ts';
import { startProjector } from '../../src/projections/projector.ts';
import { views } from '../../src/slices.ts';
import { eventually } from '../support/eventually.ts';
import { exchange } from '../support/forked-log.ts';
import { sql } from '../../src/database/sql.ts';
import { cloneOf, type TestDatabase } from '../support/postgres.ts';
import { openNode, productOnSale, projectAll, registeredCustomer } from '../support/test-node.ts';
import { useDatabase } from '../support/use-database.ts';

const original = useDatabase('test');
let backup: TestDatabase;

/** A completely projected log, and a backup of it. */
beforeEach(async () => {
  const node = await openNode(original.url);
  await productOnSale(node);
  await projectAll(node);
  await node.close();
  backup = await cloneOf(original);
});
afterEach(async () => {
  await backup.drop();
});

test('events that were read before a restore are not folded into the restored database, whose checkpoint is the same', async () => {
  const [lost, restored] = [await openNode(original.url), await openNode(backup.url)];
  const from = await readCheckpoint(lost.database);
  expect(await readCheckpoint(restored.database)).toEqual(from);
  const customerId = await registeredCustomer(lost);
  const events = await lost.store.readLog(from.position.point, 10);
  expect(events.map(({ streamId }) => streamId)).toEqual([customerId]);

  expect(await projectBatch({ database: restored.database, store: restored.store, views }, from, events)).toBe(false);
  expect(await readCheckpoint(restored.database)).toEqual(from);
  expect(await restored.database.query(sql`SELECT customer_id FROM customer_view`)).toEqual([]);
  await lost.close();
  await restored.close();
});

test('a projector that is woken all the time finds the events of a restored log that ends before its checkpoint', async () => {
  const lost = await openNode(original.url);
  for (let n = 0; n < 5; n++) await registeredCustomer(lost);
  const restored = await openNode(backup.url);
  const customerId = await registeredCustomer(restored);
  await restored.close();

  const projector = startProjector({
    ...lost.projection,
    views,
    logger: openLogger('fatal'),
    onProjected: () => undefined,
  });
  await eventually(async () => {
    expect((await readCheckpoint(lost.database)).position.point).toBe(6);
  });
  const waking = setInterval(() => {
    projector.wake();
  }, 20);
  await exchange(original.url, backup.url);
  await eventually(async () => {
    const rows = await lost.database.query(sql`SELECT customer_id AS "customerId" FROM customer_view`);
    expect(rows).toEqual([{ customerId }]);
  });
  clearInterval(waking);
  await projector.stop();
  await lost.close();
});
