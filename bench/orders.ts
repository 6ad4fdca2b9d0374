import { randomBytes, randomUUID } from 'node:crypto';
import type * as DatabasePart from '../src/database/database.ts';
import type * as AppendEvents from '../src/event-store/append-events.ts';
import { built } from './built.ts';

const atOnce = 400;

/**
 * Stores orders with a number of lines, of one customer, through the append, in batches.
 * @returns their ids
 */
export async function appendOrders(
  databaseUrl: string,
  { customerId, productIds }: { customerId: string; productIds: readonly string[] },
  orders: number,
  lines: number,
): Promise<string[]> {
  const { openDatabase } = await built<typeof DatabasePart>('database/database.js');
  const { appendEvents } = await built<typeof AppendEvents>('event-store/append-events.js');
  const { database, close } = await openDatabase({ databaseUrl, dataDir: '' });
  const orderIds = Array.from({ length: orders }, () => `ord_${randomUUID()}`);
  const added = (line: number): AppendEvents.NewEvent => {
    const index = line % productIds.length;
    const product = { productId: productIds[index], sku: `TEA-${index}`, productName: `Tea ${index}` };
    const data = { lineId: `lin_${randomUUID()}`, ...product, quantity: line + 1, unitPrice: 100, currency: 'EUR' };
    return { type: 'OrderItemAdded', schemaVersion: 1, data, personal: null };
  };
  const created = { customerId, currency: 'EUR' };
  try {
    for (let done = 0; done < orders; done += atOnce) {
      const requests = orderIds.slice(done, done + atOnce).map(
        (streamId): AppendEvents.AppendRequest => ({
          streamType: 'order',
          streamId,
          version: 0,
          hash: null,
          reads: [],
          commandId: randomUUID(),
          commandHash: randomBytes(32).toString('hex'),
          metadata: { actor: { role: 'staff', subject: 'anna' }, correlationId: randomUUID() },
          occurredAt: new Date().toISOString(),
          events: [
            { type: 'OrderCreated', schemaVersion: 1, data: created, personal: null, number: 'number' },
            ...Array.from({ length: lines }, (_, line) => added(line)),
          ],
        }),
      );
      await appendEvents(database, requests);
    }
  } finally {
    await close();
  }
  return orderIds;
}
