import { randomBytes, randomUUID } from 'node:crypto';
import type * as HandleCommandPart from '../../src/commands/handle-command.ts';
import type { Database } from '../../src/database/database.ts';
import type * as EventStorePart from '../../src/event-store/event-store.ts';
import type * as OrderDecider from '../../src/order/decider.ts';
import type * as CurrentPrices from '../../src/order/graphql/current-prices.ts';
import type * as Slices from '../../src/slices.ts';
import { built } from '../built.ts';
import { idOf, productIds } from './fill-log.ts';

const { openHandleCommand } = await built<typeof HandleCommandPart>('commands/handle-command.js');
const { openEventStore } = await built<typeof EventStorePart>('event-store/event-store.js');
const { orderDecider } = await built<typeof OrderDecider>('order/decider.js');
const { addOrderItemAtCurrentPrice } = await built<typeof CurrentPrices>('order/graphql/current-prices.js');
const { types } = await built<typeof Slices>('slices.js');

/** Adds an item to the n-th order of the log. */
export type AddItem = (order: number) => Promise<void>;

/** The command path of a node that has read nothing yet. */
export function openNode(database: Database): AddItem {
  const handle = openHandleCommand(openEventStore(database, types, () => undefined));
  return async order => {
    const productId = productIds[Math.floor(Math.random() * productIds.length)] ?? '';
    const answer = await handle(orderDecider, {
      streamId: idOf('ord', order),
      command: addOrderItemAtCurrentPrice({ lineId: `lin_${randomUUID()}`, quantity: 1, productId }),
      commandId: randomUUID(),
      commandHash: randomBytes(32).toString('hex'),
      actor: { role: 'staff', subject: 'anna' },
      correlationId: randomUUID(),
      now: new Date(),
    });
    if (answer.type !== 'accepted') throw new Error(`not accepted but ${answer.type}`);
  };
}
