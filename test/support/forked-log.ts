import { eventually } from './eventually.ts';
import { databaseUrl, onDatabase } from './on-database.ts';
import { cloneOf, freshDatabase } from './postgres.ts';
import {
  addItem,
  createdOrder,
  openNode,
  productOnSale,
  projectAll,
  registeredCustomer,
  type TestNode,
} from './test-node.ts';

/** A log, and the same log restored from a backup and continued differently. Both are fully projected. */
export interface ForkedLog {
  readonly lost: TestNode;
  readonly restored: TestNode;
  readonly customerId: string;
  readonly productId: string;
  /**
   * Both exist in the backup. After it, the lost log added three items to the first, the restored one to the second.
   */
  readonly orders: readonly [string, string];
  /** Created after the backup, so only in the lost log. */
  readonly lostOrder: string;
  /** URL of the lost log, and after `restore` of the restored one. */
  readonly url: string;
  /** Replaces the lost log by the restored one, as an operator does: all connections are cut. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** Both logs have the same number of events: only their hashes differ. */
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
  let closed: Promise<unknown> | undefined;
  const closeNodes = () => (closed ??= Promise.all([lost.close(), restored.close()]));
  return {
    lost,
    restored,
    customerId,
    productId,
    orders,
    lostOrder,
    url: original.url,
    restore: async () => {
      await closeNodes();
      await exchange(original.url, copy.url);
    },
    close: async () => {
      await closeNodes();
      await copy.drop();
      await original.drop();
    },
  };
}

/** Swaps the names of two databases. Connections to the first one are cut; the second must have none. */
export async function exchange(one: string, other: string): Promise<void> {
  const [first, second] = [one, other].map(url => new URL(url).pathname.slice(1)) as [string, string];
  await onDatabase(databaseUrl(one, 'postgres'), async client => {
    await client.query(`ALTER DATABASE ${first} ALLOW_CONNECTIONS false`);
    await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${first}'`);
    await eventually(() => client.query(`ALTER DATABASE ${first} RENAME TO ${first}_lost`));
    await client.query(`ALTER DATABASE ${second} RENAME TO ${first}`);
    await client.query(`ALTER DATABASE ${first}_lost RENAME TO ${second}`);
  });
}
