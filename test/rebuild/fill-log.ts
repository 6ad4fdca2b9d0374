import { appendEvents, type NewEvent } from '../../src/event-store/append-events.ts';
import { newId } from '../../src/ids.ts';
import { appendCustomer } from '../support/append-customer.ts';
import { newStream, requestFor } from '../support/append-request.ts';
import { orderEvent } from '../support/order-event.ts';
import { productOnSale, type TestNode } from '../support/test-node.ts';

/** Events of each order. */
const eventsAnOrder = 10;
const ordersACustomer = 100;
const productCount = 50;
/** Orders in one append. */
const ordersAnAppend = 100;

/** The other streams of an order do not change any more. */
const settled = ['OrderSubmitted', 'OrderConfirmed', 'OrderShipped', 'OrderDelivered'];

/**
 * Fills a log with at least this many events of delivered orders, by the append and without commands: chained like
 * any other log, in a tenth of the time.
 */
export async function fillLog(node: Pick<TestNode, 'database' | 'store' | 'handle'>, events: number): Promise<void> {
  const products: string[] = [];
  for (let index = 0; index < productCount; index++) products.push(await productOnSale(node, 100 + index));
  const orders = Math.ceil(events / eventsAnOrder);
  let customerId = '';
  for (let done = 0; done < orders; done += ordersAnAppend) {
    if (done % ordersACustomer === 0) {
      const number = done / ordersACustomer;
      customerId = await appendCustomer(node, { name: `Old ${number}`, email: `${number}@example.com` });
    }
    const count = Math.min(ordersAnAppend, orders - done);
    const requests = Array.from({ length: count }, (_, index) =>
      requestFor(newStream(), { events: orderEvents(customerId, products, done + index) }),
    );
    await appendEvents(node.database, requests);
  }
}

function orderEvents(customerId: string, products: readonly string[], index: number): NewEvent[] {
  const lines = [1, 2, 3, 4].map(place => ({
    lineId: newId('lin'),
    productId: products[(index * place) % products.length]!,
    sku: 'OLD',
    productName: 'Old thing',
    quantity: place,
    unitPrice: 250,
    currency: 'EUR',
  }));
  return [
    { ...orderEvent('OrderCreated', { customerId, currency: 'EUR' }), number: 'number' },
    ...lines.map(line => orderEvent('OrderItemAdded', line)),
    orderEvent('OrderItemQuantityChanged', { lineId: lines[0]?.lineId, quantity: 5 }),
    ...settled.map(type => orderEvent(type, dataOf(type))),
  ];
}

function dataOf(type: string): object {
  if (type === 'OrderSubmitted') return { total: 14 * 250, itemCount: 14, currency: 'EUR' };
  return type === 'OrderShipped' ? { carrier: 'Post' } : {};
}
