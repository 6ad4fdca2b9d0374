import type { Decider, DomainEvent } from '../commands/decider.ts';
import { openCommandBus } from '../commands/command-bus.ts';
import type { HandleCommand } from '../commands/handle-command.ts';
import { customerDecider } from '../customer/decider.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { hashOfCommand } from '../commands/command-hash.ts';
import { deriveId, uuidV5 } from '../ids.ts';
import { productDecider } from '../product/decider.ts';
import { productIdOf } from '../product/product-id.ts';

/**
 * Namespace of the ids and command ids of the samples. Permanent: a later start recognises by them what is stored
 * already.
 */
const sampleNamespace = '47fe5cf8-500e-4602-bac1-9235b0b0cac3';

const actor = { role: 'staff', subject: 'orderstream' } as const;

const customers = [
  ['Ada Lovelace', 'ada@example.com'],
  ['Grace Hopper', 'grace@example.com'],
  ['Katherine Johnson', 'katherine@example.com'],
] as const;

/** SKU, name, price in cents. */
const products = [
  ['TEA-DARJEELING', 'Darjeeling First Flush, 100 g', 12_50],
  ['TEA-SENCHA', 'Sencha, 100 g', 9_80],
  ['COFFEE-YIRGACHEFFE', 'Yirgacheffe, 250 g', 11_90],
  ['COFFEE-HUILA-DECAF', 'Huila decaf, 250 g', 12_40],
  ['POT-CAST-IRON', 'Cast-iron teapot, 0.8 l', 59_00],
  ['MUG-STONEWARE', 'Stoneware mug, 0.3 l', 14_00],
  ['FILTER-PAPER', 'Paper filters, 100', 4_20],
  ['GRINDER-HAND', 'Hand grinder', 89_00],
] as const;

/** The customer that development tokens are issued for. */
export const sampleCustomerId = customerIdOf(customers[0][1]);
/** The product that the GraphiQL examples order. */
export const sampleProductId = productIdOf(products[0][0]);

const samples = [
  ...customers.map(([name, email]) => {
    const customerId = customerIdOf(email);
    return sample(customerDecider, customerId, { type: 'RegisterCustomer', customerId, name, email });
  }),
  ...products.map(([sku, name, price]) => {
    const productId = productIdOf(sku);
    return sample(productDecider, productId, { type: 'AddProduct', productId, sku, name, price, currency: 'EUR' });
  }),
];

/**
 * Stores a few customers and a small catalogue in an empty log, as sample data for a first trial. If an earlier start
 * was killed half-way, the missing samples are added. A log with any other event is not changed.
 */
export async function fillEmptyLog(store: EventStore): Promise<void> {
  const log = await store.readLog(0, samples.length);
  if (log.some(({ commandId }, index) => commandId !== samples[index]?.commandId)) return;
  const handle = openCommandBus(store, [customerDecider, productDecider]);
  // Each sample is one event, and they are stored in order, so the log always contains a prefix of the list.
  for (const { commandId, send } of samples.slice(log.length)) {
    const { type } = await send(handle);
    if (type !== 'accepted') throw new Error(`storing the sample data failed: command ${commandId} was ${type}`);
  }
}

function sample<State, Command extends { readonly type: string }, Event extends DomainEvent, Rejection>(
  decider: Decider<State, Command, Event, Rejection>,
  streamId: string,
  command: Command,
) {
  const commandId = uuidV5(sampleNamespace, streamId);
  const commandHash = hashOfCommand(command.type, command);
  return {
    commandId,
    send: (handle: HandleCommand) =>
      handle(decider, { streamId, command, commandId, commandHash, actor, correlationId: commandId, now: new Date() }),
  };
}

function customerIdOf(email: string): string {
  return deriveId('cus', sampleNamespace, email);
}
