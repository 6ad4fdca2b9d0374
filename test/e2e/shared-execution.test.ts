import { expect, test } from 'vitest';
import {
  AddOrderItemDocument,
  ChangeProductDocument,
  CreateOrderDocument,
  OrdersDocument,
  OrdersUpdatedDocument,
  OrderUpdatedDocument,
  RenameCustomerDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { openEventStream } from '../support/event-stream.ts';
import { eventually } from '../support/eventually.ts';
import { post } from '../support/post.ts';
import { connectSocket } from '../support/socket.ts';
import { token } from '../support/tokens.ts';
import { useShop } from '../support/use-shop.ts';

const { app, shop } = useShop();

async function created(): Promise<string> {
  return accepted(await post(app.url, CreateOrderDocument, { input: {} }, { token: shop.customer.token })).orderId;
}
async function itemAdded(orderId: string) {
  const input = { orderId, productId: shop.productId };
  return accepted(await post(app.url, AddOrderItemDocument, { input }, { token: shop.staff }));
}

async function counted(): Promise<{ executed: number; delivered: number }> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const of = (pattern: RegExp) =>
    [...text.matchAll(pattern)].map(([, value]) => Number(value)).reduce((sum, value) => sum + value, 0);
  return {
    executed: of(/^orderstream_frames_executed_total (\d+)/gm),
    delivered: of(/^orderstream_deliveries_total\{.*\} (\d+)/gm),
  };
}

test('one change is executed once for each visible scope, with any number of sockets and streams', async () => {
  const orderId = await created();
  const staff = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const socket = await connectSocket(app.url, await token({ sub: `staff-${index}`, role: 'staff' }));
      return { socket, watch: socket.subscribe(OrderUpdatedDocument, { id: orderId }) };
    }),
  );
  const customers = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const socket = await connectSocket(app.url, shop.customer.token);
      return { socket, watch: socket.subscribe(OrderUpdatedDocument, { id: orderId }) };
    }),
  );
  const streams = await Promise.all(
    Array.from({ length: 5 }, () =>
      openEventStream(app.url, OrderUpdatedDocument, { id: orderId }, { token: shop.staff }),
    ),
  );
  const watches = [...staff, ...customers].map(({ watch }) => watch);
  for (const watch of watches) expect((await watch.next()).data!.orderUpdated.kind).toBe('SNAPSHOT');
  for (const stream of streams) expect(await stream.next()).toMatchObject({ extensions: { kind: 'SNAPSHOT' } });

  const before = await counted();
  const updates = 5;
  for (let n = 0; n < updates; n++) {
    const { position } = await itemAdded(orderId);
    for (const { watch } of staff) {
      const { data } = await watch.next();
      expect(data!.orderUpdated).toMatchObject({ kind: 'UPDATE', position });
      expect(data!.orderUpdated.order.availableActions).toContain('SUBMIT');
    }
    for (const { watch } of customers) expect((await watch.next()).data!.orderUpdated).toMatchObject({ position });
    for (const stream of streams) expect(await stream.next()).toMatchObject({ extensions: { position } });
  }
  const after = await counted();
  expect(after.executed - before.executed).toBe(2 * updates);
  expect(after.delivered - before.delivered).toBe(30 * updates);

  for (const { socket } of [...staff, ...customers]) await socket.close();
  for (const stream of streams) {
    stream.close();
    await stream.ended;
  }
});

test('a snapshot shows the current state, although its row is unchanged and was read before', async () => {
  const orderId = await created();
  await itemAdded(orderId);
  const socket = await connectSocket(app.url, shop.staff);
  const parts = 'customer { name } lines { product { name } }';
  const watched = `subscription ($id: ID!) { orderUpdated(id: $id) { kind order { ${parts} } } }`;
  const asked = `query ($id: ID!) { order(id: $id) { ${parts} } }`;
  for (const name of ['Ada', 'Countess', 'Lovelace']) {
    const input = { customerId: shop.customer.id, name };
    accepted(await post(app.url, RenameCustomerDocument, { input }, { token: shop.staff }));
    const change = { productId: shop.productId, name };
    accepted(await post(app.url, ChangeProductDocument, { input: change }, { token: shop.staff }));
    const order = { customer: { name }, lines: [{ product: { name } }] };
    for (let times = 0; times < 3; times++) {
      const { data } = await post(app.url, asked, { id: orderId }, { token: shop.staff });
      expect(data).toEqual({ order });
    }
    const { data } = await socket.subscribe(watched, { id: orderId }).next();
    expect(data).toEqual({ orderUpdated: { kind: 'SNAPSHOT', order } });
  }
  await socket.close();
});

test('lists and feeds at the same position share reads and frames', async () => {
  const { position: atLeast } = await itemAdded(await created());
  // Otherwise it may reach some of them after their first frame.
  await eventually(async () => {
    const { errors } = await post(app.url, OrdersDocument, { atLeast }, { token: shop.staff });
    expect(errors).toBeUndefined();
  });
  const watches = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const socket = await connectSocket(app.url, await token({ sub: `staff-${index}`, role: 'staff' }));
      const list = socket.subscribe(OrdersUpdatedDocument, {});
      expect((await list.next()).data!.ordersUpdated.kind).toBe('PROGRESS');
      return { socket, list };
    }),
  );
  const before = await counted();
  const updates = 5;
  const orderId = await created();
  for (const { list } of watches) expect((await list.next()).data!.ordersUpdated.kind).toBe('UPDATE');
  for (let n = 1; n < updates; n++) {
    const { position } = await itemAdded(orderId);
    for (const { list } of watches) {
      expect((await list.next()).data!.ordersUpdated).toMatchObject({ kind: 'UPDATE', orderId, position });
    }
  }
  const after = await counted();
  expect(after.delivered - before.delivered).toBe(20 * updates);
  // Not exactly one each: a subscriber that is still at the last change when the next one arrives reads it
  // separately.
  expect(after.executed - before.executed).toBeLessThan(5 * updates);
  for (const { socket } of watches) await socket.close();
});

test('a socket and a stream are sent the same bytes', async () => {
  const orderId = await created();
  const socket = await connectSocket(app.url, shop.staff);
  const texts: string[] = [];
  socket.ws.on('message', (data: Buffer) => texts.push(data.toString('utf8')));
  const watch = socket.subscribe(OrderUpdatedDocument, { id: orderId });
  const stream = await openEventStream(app.url, OrderUpdatedDocument, { id: orderId }, { token: shop.staff });
  await watch.next();
  await stream.next();
  const { position } = await itemAdded(orderId);
  await watch.next();
  const { event, id, data } = await stream.event();
  expect({ event, id }).toEqual({ event: 'next', id: position });
  expect(texts.at(-1)).toBe(`{"id":"1","type":"next","payload":${data}}`);
  await socket.close();
  stream.close();
  await stream.ended;
});
