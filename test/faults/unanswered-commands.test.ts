import { expect, test } from 'vitest';
import { spawnApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { onDatabase } from '../support/on-database.ts';
import { freshDatabase } from '../support/postgres.ts';
import { openShop } from '../support/shop.ts';
import { connectSocket, type TestSocket } from '../support/socket.ts';
import { customerToken } from '../support/tokens.ts';

const clients = 15;
/** Commands that a client has in flight at a time. */
const atOnce = 2;

interface Created {
  readonly createOrder: { readonly orderId: string };
}
interface Added {
  readonly addOrderItem: { readonly __typename: string };
}

const createOrder = 'mutation { createOrder(input: {}) { ... on OrderCommandPayload { orderId } } }';
const addOrderItem = `mutation ($input: AddOrderItemInput!) {
  addOrderItem(input: $input) { __typename }
}`;

/** Adds items without idempotency keys, one after the other, until the socket is closed. */
async function addItems(socket: TestSocket, productId: string, onAnswer: () => void): Promise<void> {
  let orderId: string | undefined;
  while (socket.ws.readyState === socket.ws.OPEN) {
    try {
      orderId ??= (await socket.subscribe<Created>(createOrder).next()).data!.createOrder.orderId;
      const command = socket.subscribe<Added>(addOrderItem, { input: { orderId, productId } });
      const { __typename } = (await command.next()).data!.addOrderItem;
      if (__typename === 'OrderCommandPayload') onAnswer();
      else orderId = undefined; // it is full
    } catch (error) {
      expect(String(error)).toContain('the socket was closed');
    }
  }
}

test.each([
  ['a node is stopped', 1012],
  ['tokens expire', 4403],
] as const)('if %s, every stored command is answered (closed with %i)', async (_what, code) => {
  const database = await freshDatabase();
  const app = await spawnApp({ DATABASE_URL: database.url, LIMIT_CUSTOMER_RATE: '1000000' });
  const { customer, productId } = await openShop(app.url);
  const token = code === 4403 ? await customerToken(customer.id, { expires: '5s' }) : customer.token;
  const sockets = await Promise.all(Array.from({ length: clients }, () => connectSocket(app.url, token)));

  let answered = 0;
  const runs = sockets.flatMap(socket =>
    Array.from({ length: atOnce }, () => addItems(socket, productId, () => answered++)),
  );
  await eventually(() => expect(answered).toBeGreaterThan(10 * clients));
  if (code === 1012) expect(await app.stop()).toBe(0);
  await Promise.all(runs);
  const closed = await Promise.all(sockets.map(socket => socket.closed));
  expect(new Set(closed.map(one => one.code))).toEqual(new Set([code]));
  if (code === 4403) expect(await app.stop()).toBe(0);

  const { rows } = await onDatabase(database.url, client =>
    client.query(`SELECT FROM events WHERE stream_type = 'order' AND type <> 'OrderCreated'`),
  );
  expect(rows).toHaveLength(answered);
  await database.drop();
});
