import { cloneOf, freshDatabase } from './postgres.ts';
import {
  addItem,
  createdOrder,
  openNode,
  productOnSale,
  projectAll,
  registeredCustomer,
  type TestNode,
} from './random-history.ts';

/** A log, and the same restored from a backup that went on differently: both all projected. */
export interface ForkedLog {
  readonly lost: TestNode;
  readonly restored: TestNode;
  readonly customerId: string;
  readonly productId: string;
  /** Both were there at the time of the backup. The lost log added three items to the first, the restored one to the second. */
  readonly orders: readonly [string, string];
  /** Created after the backup, so only in the lost log. */
  readonly lostOrder: string;
  close(): Promise<void>;
}

/** Both logs have the same number of events: nothing but their hashes can tell them apart. */
export async function forkedLog(): Promise<ForkedLog> {
  const original = await freshDatabase();
  const before = await openNode(original.url);
  const [customerId, productId] = [await registeredCustomer(before), await productOnSale(before)];
  const orders = [await createdOrder(before, customerId), await createdOrder(before, customerId)] as const;
  await projectAll(before);
  await before.close();
  const copy = await cloneOf(original);
  const [lost, restored] = [await openNode(original.url), await openNode(copy.url)];
  for (let n = 0; n < 3; n++) await addItem(lost, orders[0], productId);
  for (let n = 0; n < 3; n++) await addItem(restored, orders[1], productId);
  const lostOrder = await createdOrder(lost, customerId);
  await createdOrder(restored, customerId);
  await projectAll(lost);
  await projectAll(restored);
  return {
    lost,
    restored,
    customerId,
    productId,
    orders,
    lostOrder,
    close: async () => {
      await lost.close();
      await restored.close();
      await copy.drop();
      await original.drop();
    },
  };
}
