import { expect, test } from 'vitest';
import { stockClients } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { useSpawnedShop } from '../support/use-shop.ts';

interface Page {
  readonly orders: {
    readonly nodes: readonly { readonly id: string; readonly version: number }[];
    readonly position: string;
  };
}
interface Created {
  readonly createOrder: { readonly orderId: string; readonly position: string };
}
interface Update {
  readonly customerOrdersUpdated: {
    readonly kind: string;
    readonly position: string;
    readonly order: { readonly id: string; readonly version: number; readonly itemCount: number } | null;
  };
}

const page = `query ($customerId: ID!, $atLeast: Position) {
  orders(first: 50, filter: { customerId: $customerId }, atLeast: $atLeast) { nodes { id version } position }
}`;
const create = `mutation ($input: CreateOrderInput!) {
  createOrder(input: $input) { ... on OrderCommandPayload { orderId position } ... on CommandError { message } }
}`;
const watch = `subscription ($customerId: ID!, $after: Position) {
  customerOrdersUpdated(customerId: $customerId, after: $after) { kind position order { id version itemCount } }
}`;

const { app, shop } = useSpawnedShop();

test.each(Object.entries(stockClients))(
  'unmodified %s queries a page, subscribes from its position, receives the result of its own command and reads it',
  async (_name, open) => {
    const { staff, productId, customer } = shop;
    const customerId = customer.id;
    const failures: unknown[] = [];
    const client = open({ url: app.url, token: () => staff, onError: error => failures.push(error) });

    const start = await client.ask<Page>(page, { customerId });
    const { position: after, nodes } = start.data!.orders;
    // Between the page and the subscription: without a position this change would be lost.
    const input = { customerId, items: [{ productId, quantity: 2 }] };
    const first = (await client.ask<Created>(create, { input })).data!.createOrder;
    const updates: Update['customerOrdersUpdated'][] = [];
    const leave = client.watch<Update>(watch, { customerId, after }, ({ customerOrdersUpdated }) =>
      updates.push(customerOrdersUpdated),
    );
    const ofOrders = () => updates.filter(({ kind }) => kind === 'UPDATE');
    await eventually(() => expect(ofOrders()).toHaveLength(1));
    const second = (await client.ask<Created>(create, { input })).data!.createOrder;
    await eventually(() => expect(ofOrders()).toHaveLength(2));
    expect(updates[0]).toMatchObject({ kind: 'PROGRESS', position: after });
    expect(ofOrders()).toMatchObject(
      [first, second].map(({ orderId, position }) => ({ position, order: { id: orderId, itemCount: 2 } })),
    );

    const read = await client.ask<Page>(page, { customerId, atLeast: second.position });
    expect(read.data!.orders.nodes.map(({ id }) => id)).toEqual([
      second.orderId,
      first.orderId,
      ...nodes.map(({ id }) => id),
    ]);
    expect(read.data!.orders.position >= second.position).toBe(true);
    leave();
    await client.close();
    expect(failures).toEqual([]);
  },
);
