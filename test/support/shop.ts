import { AddProductDocument, RegisterCustomerDocument } from '../generated/graphql.ts';
import { accepted } from './accepted.ts';
import { post } from './post.ts';
import { customerToken, staffToken } from './tokens.ts';

export interface Shopper {
  readonly id: string;
  readonly token: string;
}

/** The start of most journeys. */
export interface Shop {
  readonly staff: string;
  readonly customer: Shopper;
  /** Costs 12.50 EUR a unit. */
  readonly productId: string;
}

/** A staff member's token, a customer and a product, for the server at `url`. */
export async function openShop(url: string): Promise<Shop> {
  const staff = await staffToken();
  const [customer, productId] = await Promise.all([registered(url), added(url)]);
  return { staff, customer, productId };
}

/** A new customer, registered by staff. */
export async function registered(url: string, name = 'Ada Lovelace', email = 'ada@example.com'): Promise<Shopper> {
  const token = await staffToken();
  const { customerId } = accepted(await post(url, RegisterCustomerDocument, { input: { name, email } }, { token }));
  return { id: customerId, token: await customerToken(customerId) };
}

/** A new product. @param price e.g. `12.50 EUR` */
export async function added(url: string, price = '12.50 EUR', sku = crypto.randomUUID()): Promise<string> {
  const token = await staffToken();
  const [amount = '', currency = ''] = price.split(' ');
  const input = { sku, name: `Tea ${sku.slice(0, 4)}`, price: { amount, currency } };
  return accepted(await post(url, AddProductDocument, { input }, { token })).productId;
}
