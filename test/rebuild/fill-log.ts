import { appendEvents, type NewEvent } from '../../src/event-store/append-events.ts';
import { customerDecider } from '../../src/customer/decider.ts';
import { newId } from '../../src/ids.ts';
import { orderDecider } from '../../src/order/decider.ts';
import { newStream, requestFor } from '../support/append-request.ts';
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
    if (done % ordersACustomer === 0) customerId = await addCustomer(node, done / ordersACustomer);
    const count = Math.min(ordersAnAppend, orders - done);
    const requests = Array.from({ length: count }, (_, index) =>
      requestFor(newStream(), { events: orderEvents(customerId, products, done + index) }),
    );
    await appendEvents(node.database, requests);
  }
}

async function addCustomer({ database, store }: Pick<TestNode, 'database' | 'store'>, index: number): Promise<string> {
  const customerId = newId('cus');
  const personal = (await store.sealerOf(customerId)).seal(customerId, {
    name: `Old ${index}`,
    email: `${index}@example.com`,
  });
  const schemaVersion = customerDecider.schemaVersions.CustomerRegistered;
  const events = [{ type: 'CustomerRegistered', schemaVersion, data: {}, personal }];
  await appendEvents(database, [
    requestFor({ streamType: 'customer', streamId: customerId, version: 0, hash: null }, { events }),
  ]);
  return customerId;
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
    { ...event('OrderCreated', { customerId, currency: 'EUR' }), number: 'number' },
    ...lines.map(line => event('OrderItemAdded', line)),
    event('OrderItemQuantityChanged', { lineId: lines[0]?.lineId, quantity: 5 }),
    ...settled.map(type => event(type, dataOf(type))),
  ];
}

function dataOf(type: string): object {
  if (type === 'OrderSubmitted') return { total: 14 * 250, itemCount: 14, currency: 'EUR' };
  return type === 'OrderShipped' ? { carrier: 'Post' } : {};
}

function event(type: string, data: object): NewEvent {
  const versions: Readonly<Record<string, number>> = orderDecider.schemaVersions;
  return { type, schemaVersion: versions[type]!, data, personal: null };
}
