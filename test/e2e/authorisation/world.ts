import { expect } from 'vitest';
import { startApp } from '../../support/app.ts';
import { openAsker } from '../../support/ask.ts';
import { eventually } from '../../support/eventually.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { customerId, makeTokens, tokenAudience, type Tokens } from './callers.ts';
import type { Ids } from './sample-inputs.ts';

/** A process, its callers, and the customer's data: an order in draft and a shipped one. */
export interface World {
  readonly url: string;
  readonly tokens: Tokens;
  /** `order` is the draft. */
  readonly ids: Ids;
  readonly shippedOrderId: string;
  close(): Promise<void>;
}

interface Made {
  readonly order: { readonly id: string; readonly number: string; readonly lines: readonly { readonly id: string }[] };
}

export async function openWorld(): Promise<World> {
  const database = await freshDatabase();
  const app = await startApp({
    DATABASE_URL: database.url,
    AUTH_AUDIENCE: tokenAudience,
    LIMIT_ADDRESS_RATE: '100000',
    LIMIT_CUSTOMER_RATE: '100000',
  });
  const tokens = await makeTokens();
  const [customer, other, staff] = await Promise.all(
    [tokens.customer, tokens.other, tokens.staff].map(token => openAsker.HTTP(app.url, token)),
  );
  const register = 'mutation { registerCustomer(input: { name: "N", email: "n@example.org" }) { __typename } }';
  await Promise.all([customer!.ask(register), other!.ask(register)]);
  const product = await staff!.ask<{ addProduct: { productId: string } }>(
    `mutation { addProduct(input: { sku: "S", name: "P", price: { amount: "1", currency: "EUR" } }) {
      ... on ProductCommandPayload { productId } } }`,
  );
  const { productId } = product.data!.addProduct;
  const create = `mutation { createOrder(input: { items: [{ productId: "${productId}", quantity: 1 }] }) {
    ... on OrderCommandPayload { order { id number lines { id } } } } }`;
  const draft = (await customer!.ask<{ createOrder: Made }>(create)).data!.createOrder.order;
  const shipped = (await customer!.ask<{ createOrder: Made }>(create)).data!.createOrder.order;
  await staff!.ask(`mutation {
    submitOrder(input: { orderId: "${shipped.id}" }) { __typename }
    confirmOrder(input: { orderId: "${shipped.id}" }) { __typename }
    shipOrder(input: { orderId: "${shipped.id}", carrier: "C" }) { __typename } }`);
  // The views reflect them too.
  await eventually(async () => {
    const days = '{ salesByDay(from: "2000-01-01", to: "2999-12-31", currency: "EUR") { date } }';
    expect((await staff!.ask(days)).data).toMatchObject({ salesByDay: [{}] });
  });
  return {
    url: app.url,
    tokens,
    ids: { order: draft.id, customer: customerId, product: productId, line: draft.lines[0]!.id, number: draft.number },
    shippedOrderId: shipped.id,
    async close() {
      await app.stop();
      await database.drop();
    },
  };
}
