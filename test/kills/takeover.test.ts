import { expect, test } from 'vitest';
import { readHead } from '../../src/event-store/read-log.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import { spawnApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { expectEveryViewIsTheFold } from '../support/every-view.ts';
import { freshDatabase } from '../support/postgres.ts';
import { stopwatch } from '../support/standstill.ts';
import { addItem, createdOrder, openNode, productOnSale, registeredCustomer } from '../support/test-node.ts';

test('of three processes that project, another takes over within 5 s of the active one’s SIGSTOP; after SIGCONT, that one writes nothing twice', async () => {
  const database = await freshDatabase();
  const node = await openNode(database.url);
  const apps = await Promise.all([1, 2, 3].map(() => spawnApp({ DATABASE_URL: database.url })));
  try {
    const [customerId, productId] = [await registeredCustomer(node), await productOnSale(node)];
    const orders = await Promise.all([1, 2, 3].map(() => createdOrder(node, customerId)));
    for (const stopped of apps) {
      // In the middle of its work, while events keep coming; in the end all but one are stopped.
      const work = Promise.all(
        orders.map(async orderId => {
          for (let n = 0; n < 15; n++) await addItem(node, orderId, productId);
        }),
      );
      await stopped.kill('SIGSTOP');
      await work;
      const head = await readHead(node.database);
      const passed = stopwatch();
      await eventually(async () =>
        expect((await readCheckpoint(node.database)).position.point).toBeGreaterThanOrEqual(head.point),
      );
      expect(passed()).toBeLessThan(5_000);
      await stopped.kill('SIGCONT');
    }
    const head = await readHead(node.database);
    await eventually(async () => expect((await readCheckpoint(node.database)).position).toEqual(head));
    await expectEveryViewIsTheFold(node.database);
  } finally {
    for (const app of apps) await app.kill('SIGCONT');
    for (const app of apps) await app.stop();
    await node.close();
    await database.drop();
  }
});
