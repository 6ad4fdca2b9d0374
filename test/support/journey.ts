import type { Client } from 'graphql-ws';
import { expect } from 'vitest';
import {
  AddOrderItemDocument,
  CreateOrderDocument,
  CustomerOrdersUpdatedDocument,
  type CustomerOrdersUpdatedSubscription,
  OrderDocument,
  OrderUpdatedDocument,
  type OrderUpdatedSubscription,
  SubmitOrderDocument,
} from '../generated/graphql.ts';
import { accepted } from './accepted.ts';
import { type Shop } from './shop.ts';
import { wsClient } from './socket.ts';
import type { Answer, Document } from './typed-document.ts';

/** A submitted order, and what its watchers were told last. */
export interface Travelled {
  readonly orderId: string;
  readonly order: object;
  /** Of the last frame, the same for the order and for the list. */
  readonly position: string;
}

/**
 * What the first landing is for, over a stock graphql-ws client: a customer creates an order, adds an item, submits,
 * and sees each of it come, as the order and in the list of their orders.
 * @param writes where the commands go, `reads` where the watchers are: the same node, or two of one system
 */
export async function journey(shop: Shop, { writes, reads }: { writes: string; reads: string }): Promise<Travelled> {
  const { customer, productId } = shop;
  const writer = wsClient(writes, customer.token);
  const reader = wsClient(reads, customer.token);
  try {
    const list = frames<CustomerOrdersUpdatedSubscription>(reader, CustomerOrdersUpdatedDocument, {
      customerId: customer.id,
    });
    const live = await list.next();
    expect(live.customerOrdersUpdated).toMatchObject({ kind: 'PROGRESS', orderId: null, matches: null, order: null });

    const created = accepted(await ask(writer, CreateOrderDocument, { input: { reference: 'first' } }));
    const { orderId } = created;
    const order = frames<OrderUpdatedSubscription>(reader, OrderUpdatedDocument, { id: orderId });
    const snapshot = (await order.next()).orderUpdated;
    expect(snapshot).toMatchObject({ kind: 'SNAPSHOT', position: created.position });
    expect(snapshot.order).toMatchObject({ status: 'DRAFT', version: 1, lines: [], reference: 'first' });
    await list.until(created.position);

    const input = { orderId, productId, quantity: 2 };
    const added = accepted(await ask(writer, AddOrderItemDocument, { input }));
    const drafted = (await order.next()).orderUpdated;
    expect(drafted).toMatchObject({ kind: 'UPDATE', position: added.position });
    expect(drafted.order).toMatchObject({
      status: 'DRAFT',
      version: 2,
      total: { amount: '25.00', minorUnits: 2500, currency: 'EUR' },
      lines: [{ productId, quantity: 2 }],
    });
    await list.until(added.position);

    const submitted = accepted(await ask(writer, SubmitOrderDocument, { input: { orderId, expectedVersion: 2 } }));
    const last = (await order.next()).orderUpdated;
    expect(last).toMatchObject({ kind: 'UPDATE', position: submitted.position });
    expect(last.order).toMatchObject({ status: 'SUBMITTED', version: 3, availableActions: ['CANCEL'] });
    const listed = await list.until(submitted.position);

    // What was pushed is what a query answers, field by field; on either node.
    expect(last.order).toEqual(submitted.order);
    expect(listed).toEqual({
      kind: 'UPDATE',
      position: submitted.position,
      orderId,
      matches: true,
      order: submitted.order,
    });
    const variables = { id: orderId, atLeast: submitted.position };
    expect((await ask(reader, OrderDocument, variables)).data?.order).toEqual(submitted.order);
    return { orderId, order: last.order, position: last.position };
  } finally {
    await writer.dispose();
    await reader.dispose();
  }
}

/** Sends a query or mutation over the socket. */
export async function ask<Data, Variables extends object>(
  client: Client,
  document: Document<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  const answers = client.iterate<Data>({ query: String(document), variables: variables as Record<string, unknown> });
  const { value, done } = await answers.next();
  if (done === true) throw new Error('the operation ended without an answer');
  return value as Answer<Data>;
}

interface Framed {
  readonly kind: string;
  readonly position: string;
}

/** A subscription's frames, each tested for what every frame must be: later than the one before, and named so. */
export function frames<Data extends { [Field in keyof Data]: Framed }>(
  client: Client,
  document: Document<Data, never>,
  variables: Record<string, unknown>,
) {
  const answers = client.iterate<Data>({ query: String(document), variables });
  let before = '';

  async function next(): Promise<Data> {
    const { value, done } = await answers.next();
    if (done === true) throw new Error('the subscription has ended');
    const { data, errors, extensions } = value as Answer<Data>;
    if (!data) throw new Error(`no data: ${JSON.stringify(errors)}`);
    const { kind, position } = Object.values<Framed>(data)[0]!;
    expect(extensions).toMatchObject({ kind, position });
    expect(position > before).toBe(true);
    before = position;
    return data;
  }

  return {
    next,
    /** The frame of that position; those before it may be any. */
    until: async (position: string): Promise<Data[keyof Data]> => {
      for (;;) {
        const frame = Object.values(await next())[0] as Data[keyof Data];
        if (frame.position >= position) return frame;
      }
    },
    stop: () => answers.return?.(),
  };
}
