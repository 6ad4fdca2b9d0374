import {
  CancelOrderDocument,
  ChangeProductDocument,
  ConfirmOrderDocument,
  CreateOrderDocument,
  DeliverOrderDocument,
  ShipOrderDocument,
  SubmitOrderDocument,
} from '../../generated/graphql.ts';
import { accepted } from '../../support/accepted.ts';
import { post } from '../../support/post.ts';
import { added, openShop, registered, type Shopper } from '../../support/shop.ts';
import { customerToken } from '../../support/tokens.ts';

/** The data that bad input refers to. */
export interface World {
  readonly staff: string;
  readonly customer: Shopper;
  readonly stranger: Shopper;
  readonly unregistered: Shopper;
  /** The customer's own orders, except `foreign`, which belongs to another customer. */
  readonly orders: { readonly [Name in OrderName]: Made };
  /** Each costs a few euros, unless its name says otherwise. */
  readonly products: { readonly [Name in 'tea' | 'coffee' | 'unavailable' | 'inDollars' | 'priceless']: string };
  /** 501 more products. */
  readonly productIds: readonly string[];
  /** An idempotency key that the customer has used for an order without a reference. */
  readonly usedKey: string;
}

type OrderName =
  | 'draft'
  | 'empty'
  /** With a line of 9,999 units. */
  | 'heavy'
  /** With 500 lines. */
  | 'long'
  | 'submitted'
  | 'confirmed'
  | 'shipped'
  | 'delivered'
  | 'cancelled'
  | 'foreign';

export interface Made {
  readonly id: string;
  readonly version: number;
  /** Id of its first line. */
  readonly lineId: string;
}

/** A well-formed id that belongs to nothing. */
export function unknown(kind: string): string {
  return `${kind}_00000000-0000-4000-8000-00000000dead`;
}

export async function openWorld(url: string): Promise<World> {
  const { staff, customer, productId: tea } = await openShop(url);
  const stranger = await registered(url);
  const unregistered = { id: unknown('cus'), token: await customerToken(unknown('cus')) };
  const [coffee, unavailable, inDollars, priceless] = await Promise.all([
    added(url, '2.00 EUR'),
    added(url, '2.00 EUR'),
    added(url, '2.00 USD'),
    added(url, '90071992547409.91 EUR'),
  ]);
  const withdrawn = { input: { productId: unavailable, available: false } };
  accepted(await post(url, ChangeProductDocument, withdrawn, { token: staff }));
  const productIds = await Promise.all(Array.from({ length: 501 }, () => added(url)));

  const usedKey = 'used-before';
  accepted(await post(url, CreateOrderDocument, { input: { idempotencyKey: usedKey } }, { token: customer.token }));

  async function make(items: { productId: string; quantity: number }[], { token } = customer): Promise<Made> {
    const { orderId, version, order } = accepted(await post(url, CreateOrderDocument, { input: { items } }, { token }));
    return { id: orderId, version, lineId: order!.lines[0]?.id ?? unknown('lin') };
  }
  const one = [{ productId: tea, quantity: 1 }];
  const [submitted, confirmed, shipped, delivered, cancelled] = [
    await make(one),
    await make(one),
    await make(one),
    await make(one),
    await make(one),
  ];
  const as = { token: staff };
  for (const { id: orderId } of [submitted, confirmed, shipped, delivered]) {
    accepted(await post(url, SubmitOrderDocument, { input: { orderId } }, as));
  }
  for (const { id: orderId } of [confirmed, shipped, delivered]) {
    accepted(await post(url, ConfirmOrderDocument, { input: { orderId } }, as));
  }
  for (const { id: orderId } of [shipped, delivered]) {
    accepted(await post(url, ShipOrderDocument, { input: { orderId, carrier: 'Post' } }, as));
  }
  accepted(await post(url, DeliverOrderDocument, { input: { orderId: delivered.id } }, as));
  accepted(await post(url, CancelOrderDocument, { input: { orderId: cancelled.id, reason: 'no more' } }, as));
  return {
    staff,
    customer,
    stranger,
    unregistered,
    orders: {
      draft: await make(one),
      empty: await make([]),
      heavy: await make([{ productId: tea, quantity: 9_999 }]),
      long: await make(productIds.slice(0, 500).map(productId => ({ productId, quantity: 1 }))),
      submitted,
      confirmed,
      shipped,
      delivered,
      cancelled,
      foreign: await make(one, stranger),
    },
    products: { tea, coffee, unavailable, inDollars, priceless },
    productIds,
    usedKey,
  };
}
