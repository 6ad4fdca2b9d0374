import {
  createdOrder,
  onOrder,
  openNode,
  positionOf,
  productOnSale,
  projectAll,
  registeredCustomer,
  type SentOrderCommand,
} from '../support/test-node.ts';
import type { OrderStatus } from '../generated/graphql.ts';

/** What the log of each stage begins with. */
export interface Seed {
  readonly productId: string;
  readonly customerIds: readonly string[];
  /** An order of the first customer that only the harness changes: the newest one, so that every board shows it. */
  readonly probe: string;
}

const path: readonly (readonly [OrderStatus, SentOrderCommand])[] = [
  ['SUBMITTED', { type: 'SubmitOrder' }],
  ['CONFIRMED', { type: 'ConfirmOrder' }],
  ['SHIPPED', { type: 'ShipOrder', carrier: 'Speedy Express', trackingNumber: undefined }],
  ['DELIVERED', { type: 'DeliverOrder' }],
];

/** More rows than a page has, in the columns where orders change. */
const amounts: readonly (readonly [OrderStatus, number])[] = [
  ['DELIVERED', 24],
  ['SHIPPED', 22],
  ['CONFIRMED', 26],
  ['SUBMITTED', 34],
  ['DRAFT', 8],
];

/** Fills an empty database, which has no process yet. */
export async function fillDatabase(url: string): Promise<Seed> {
  const node = await openNode(url);
  const productId = await productOnSale(node);
  const customerIds = [await registeredCustomer(node, 'Ada'), await registeredCustomer(node, 'Bea')];
  const items = [{ productId, quantity: 1 }];
  for (const [status, amount] of amounts) {
    for (let count = 0; count < amount; count++) {
      const id = await createdOrder(node, customerIds[count % customerIds.length]!, { items });
      const steps = path.slice(0, path.findIndex(([reached]) => reached === status) + 1);
      for (const [, step] of steps) await positionOf(onOrder(node, id, step));
    }
  }
  const probe = await createdOrder(node, customerIds[0]!, { items });
  await projectAll(node);
  await node.close();
  return { productId, customerIds, probe };
}
