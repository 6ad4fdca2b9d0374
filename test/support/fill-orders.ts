import { appendEvents, type NewEvent } from '../../src/event-store/append-events.ts';
import { newId } from '../../src/ids.ts';
import { appendCustomer } from './append-customer.ts';
import { newStream, requestFor } from './append-request.ts';
import { orderEvent } from './order-event.ts';
import { productOnSale, type TestNode } from './test-node.ts';

const ordersACustomer = 100;
const ordersAnAppend = 500;

/**
 * Fills a log with this many submitted orders of three events, by the append and without commands: chained like any
 * other log, in a fraction of the time. Each tenth order has an encrypted reference.
 * @returns the ids of the customers
 */
export async function fillOrders(
  node: Pick<TestNode, 'database' | 'store' | 'handle'>,
  orders: number,
): Promise<readonly string[]> {
  const productId = await productOnSale(node);
  const customers: string[] = [];
  for (let done = 0; done < orders; done += ordersAnAppend) {
    const count = Math.min(ordersAnAppend, orders - done);
    while (customers.length * ordersACustomer < done + count) {
      const number = customers.length;
      customers.push(await appendCustomer(node, { name: `Ada ${number}`, email: `${number}@example.com` }));
    }
    const requests = [];
    for (let index = done; index < done + count; index++) {
      const customerId = customers[Math.floor(index / ordersACustomer)]!;
      const stream = newStream();
      const personal =
        index % 10 === 0
          ? (await node.store.sealerOf(customerId)).seal(stream.streamId, { reference: `PO ${index}` })
          : null;
      requests.push(requestFor(stream, { events: orderEvents(customerId, productId, personal) }));
    }
    await appendEvents(node.database, requests);
  }
  return customers;
}

function orderEvents(customerId: string, productId: string, personal: NewEvent['personal']): NewEvent[] {
  const line = {
    lineId: newId('lin'),
    productId,
    sku: 'TEA',
    productName: 'Tea\u2028from Assam', // ends a line for some readers, and not in JSON
    quantity: 2,
    unitPrice: 250,
    currency: 'EUR',
  };
  return [
    { ...orderEvent('OrderCreated', { customerId, currency: 'EUR' }), personal, number: 'number' },
    orderEvent('OrderItemAdded', line),
    orderEvent('OrderSubmitted', { total: 500, itemCount: 2, currency: 'EUR' }),
  ];
}
