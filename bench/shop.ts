import { randomUUID } from 'node:crypto';
import { staffToken } from '../test/support/tokens.ts';
import { openClient } from './http-client.ts';

/** What a server contains before the measurement. */
export interface Shop {
  readonly token: string;
  readonly customerId: string;
  readonly orderIds: readonly string[];
  readonly productIds: readonly string[];
}

const atOnce = 32;
const products = 20;

/** The mutations that the benches send, with the fields of each response. */
const payloads = {
  registerCustomer: 'CustomerCommandPayload',
  addProduct: 'ProductCommandPayload',
  createOrder: 'OrderCommandPayload',
  addOrderItem: 'OrderCommandPayload',
  changeOrderItemQuantity: 'OrderCommandPayload',
} as const;

export interface Command {
  readonly name: keyof typeof payloads;
  readonly input: object;
}

/** The body of a mutation. It selects what every client needs, but not the view. */
export function bodyOf({ name, input }: Command): string {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input!`;
  const query = `mutation ($input: ${type}) { ${name}(input: $input) {
    ... on ${payloads[name]} { version position } ... on CommandError { message } } }`;
  return JSON.stringify({ query, variables: { input } });
}

/** @throws if the command was rejected: then the measured operation did not happen */
export function assertAccepted(answer: string): void {
  if (!answer.includes('"version":')) throw new Error(`refused: ${answer}`);
}

/** Stores a catalogue, one customer and their empty drafts through the API. */
export async function openShop(url: string, orders: number): Promise<Shop> {
  const token = await staffToken();
  const client = openClient(url, { token, connections: atOnce });
  const send = async (command: Command): Promise<void> => assertAccepted(await client.post(bodyOf(command)));
  const customerId = `cus_${randomUUID()}`;
  const productIds = Array.from({ length: products }, () => `prd_${randomUUID()}`);
  const orderIds = Array.from({ length: orders }, () => `ord_${randomUUID()}`);
  await send({ name: 'registerCustomer', input: { customerId, name: 'Ada Lovelace', email: 'ada@example.com' } });
  for (const [index, productId] of productIds.entries()) {
    const price = { amount: '12.50', currency: 'EUR' };
    await send({ name: 'addProduct', input: { productId, sku: `TEA-${index}`, name: `Tea ${index}`, price } });
  }
  const waiting = [...orderIds];
  const create = async (): Promise<void> => {
    for (let orderId = waiting.pop(); orderId !== undefined; orderId = waiting.pop()) {
      await send({ name: 'createOrder', input: { orderId, customerId, currency: 'EUR' } });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, create));
  client.close();
  return { token, customerId, orderIds, productIds };
}
