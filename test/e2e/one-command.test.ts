import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  AddProductDocument,
  CancelOrderDocument,
  ConfirmOrderDocument,
  CreateOrderDocument,
  RegisterCustomerDocument,
  ShipOrderDocument,
  SubmitOrderDocument,
} from '../generated/graphql.ts';
import { accepted, refusal } from '../support/accepted.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { useShop } from '../support/use-shop.ts';

const { database, app, shop } = useShop();

function price(amount = '1.00') {
  return { amount, currency: 'EUR' };
}

async function submitted(): Promise<string> {
  const items = [{ productId: shop.productId, quantity: 1 }];
  const { token } = shop.customer;
  const { orderId } = accepted(await post(app.url, CreateOrderDocument, { input: { items } }, { token }));
  accepted(await post(app.url, SubmitOrderDocument, { input: { orderId } }, { token }));
  return orderId;
}

describe('under one key a null field and a missing field are the same command', () => {
  test.each([
    ['createOrder', ['reference', 'currency', 'orderId', 'items']],
    ['registerCustomer', ['customerId']],
    ['addProduct', ['productId']],
    ['shipOrder', ['trackingNumber', 'expectedVersion']],
  ] as const)('%s', async (mutation, names) => {
    const idempotencyKey = randomUUID();
    const nulls = Object.fromEntries(names.map(name => [name, null]));
    const orderId = mutation === 'shipOrder' ? await submitted() : '';
    if (orderId) accepted(await post(app.url, ConfirmOrderDocument, { input: { orderId } }, { token: shop.staff }));
    const send = async (more: object) => {
      switch (mutation) {
        case 'createOrder': {
          const input = { customerId: shop.customer.id, idempotencyKey, ...more };
          return accepted(await post(app.url, CreateOrderDocument, { input }, { token: shop.staff })).position;
        }
        case 'registerCustomer': {
          const input = { name: 'Nina', email: 'nina@example.com', idempotencyKey, ...more };
          return accepted(await post(app.url, RegisterCustomerDocument, { input }, { token: shop.staff })).position;
        }
        case 'addProduct': {
          const input = { sku: `NULL-${idempotencyKey}`, name: 'Null', price: price(), idempotencyKey, ...more };
          return accepted(await post(app.url, AddProductDocument, { input }, { token: shop.staff })).position;
        }
        case 'shipOrder': {
          const input = { orderId, carrier: 'Post', idempotencyKey, ...more };
          return accepted(await post(app.url, ShipOrderDocument, { input }, { token: shop.staff })).position;
        }
      }
    };
    const first = await send(nulls);
    expect(await send({})).toBe(first);
    for (const name of names) expect(await send({ [name]: null })).toBe(first);
  });
});

describe('an SKU', () => {
  test('is one product in every spelling, shown as it was first written', async () => {
    const add = (sku: string) =>
      post(app.url, AddProductDocument, { input: { sku, name: 'Cup', price: price() } }, { token: shop.staff });
    const { product } = accepted(await add(' Café-7 '));
    expect(product).toMatchObject({ sku: 'Café-7' });
    for (const sku of ['Café-7', 'CAFÉ-7', 'cafe\u0301-7', 'CAF\u200bÉ-7', '  café-7\u00a0']) {
      expect(refusal(await add(sku)), sku).toMatchObject({ reason: 'PRODUCT_ALREADY_EXISTS' });
    }
  });

  test('that an earlier release stored in another spelling is still the same product', async () => {
    const sku = `old-${randomUUID()}`;
    const { formerProductIdOf } = await import('../../src/product/product-id.ts');
    const input = { sku, name: 'Old', price: price() };
    const productId = formerProductIdOf(sku)!;
    accepted(await post(app.url, AddProductDocument, { input: { ...input, productId } }, { token: shop.staff }));
    const again = await post(app.url, AddProductDocument, { input }, { token: shop.staff });
    expect(refusal(again)).toMatchObject({ reason: 'PRODUCT_ALREADY_EXISTS' });
  });
});

test('a cancellation reason keeps its line breaks', async () => {
  const orderId = await submitted();
  const reason = 'Changed my mind:\r\n\r\n- too late\n- too dear';
  const input = { orderId, reason };
  const { order } = accepted(await post(app.url, CancelOrderDocument, { input }, { token: shop.customer.token }));
  const read = await post<{ order: object }>(
    app.url,
    `{ order(id: "${orderId}") { cancellationReason } }`,
    {},
    { token: shop.staff },
  );
  expect(order).toMatchObject({ status: 'CANCELLED' });
  expect(read.data!.order).toEqual({ cancellationReason: reason });
});

test('an empty draft, whose total has no currency yet, takes its currency from its first item', async () => {
  const { token } = shop.customer;
  const read = await post<{ createOrder: { order: { total: { currency: string } } } }>(
    app.url,
    'mutation { createOrder(input: {}) { ... on OrderCommandPayload { order { total { currency } } } } }',
    {},
    { token },
  );
  const { currency } = read.data!.createOrder.order.total;
  expect(currency).toBe('XXX');
  const copied = await post(app.url, CreateOrderDocument, { input: { currency } }, { token });
  expect(Object.values(copied.data!)[0]).toMatchObject({ __typename: 'InvalidInputError' });
  const events = await onDatabase(database.url, client =>
    client.query(`SELECT FROM events WHERE data->>'currency' = 'XXX'`),
  );
  expect(events.rowCount).toBe(0);
});
