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

/** A submitted order, and the last frames of its subscribers. */
export interface Travelled {
  readonly orderId: string;
  readonly order: object;
  /** Position of the last frame, the same for the order and for the list. */
  readonly position: string;
}

/**
 * The main journey, over a stock graphql-ws client: a customer creates an order, adds an item, submits it, and sees
 * each change arrive, as the order and in their list of orders.
 * @param writes URL for the commands; `reads` URL for the subscriptions: the same node, or two nodes of one system
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

    // A pushed state equals the answer of a query, field by field, on either node.
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
  if (done === true) throw new Error('the operation ended without a response');
  return value as Answer<Data>;
}

interface Framed {
  readonly kind: string;
  readonly position: string;
}

/**
 * The frames of a subscription, each checked for what holds for every frame: a position after the one before, and the
 * right kind.
 */
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
    /** The frame of that position; frames before it are skipped. */
    until: async (position: string): Promise<Data[keyof Data]> => {
      for (;;) {
        const frame = Object.values(await next())[0] as Data[keyof Data];
        if (frame.position >= position) return frame;
      }
    },
    stop: () => answers.return?.(),
  };
}
