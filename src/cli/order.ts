// npm run order: a customer creates an order, adds an item and submits it. Each step is printed with its position.
import { randomUUID } from 'node:crypto';
import { StartError } from '../start-error.ts';
import { type Style, styleFor } from '../development/terminal-style.ts';
import { caller, type CallerOptions, callerOptions } from './caller.ts';
import { runCommand } from './command-line.ts';
import { onInterrupt } from './on-interrupt.ts';
import { jsonOption, printReport, sideLine } from './report.ts';
import { serverUrl, usualUrl } from './server-url.ts';
import { type Api, type Bearer, openApi } from './simulate/api.ts';
import {
  addOrderItem,
  catalogue,
  createOrder,
  registerCustomer,
  submitOrder,
  viewer as whoIs,
} from '../simulation/operations.ts';
import type { Catalogue } from '../simulation/open-shop.ts';
import type { Viewer } from './simulate/people.ts';

const command = {
  usage: `npm run order -- [--url ${usualUrl}] [--token TOKEN]`,
  about: `Places an order: registers the customer if the server does not know them, creates an order, adds an item, submits it.

  --url URL      the server's GraphQL endpoint
  --token TOKEN  a customer's token. Default: signed with AUTH_JWT_SECRET, or else with the development key.`,
  options: { ...callerOptions, ...jsonOption },
};

const quantity = 2;

interface Order {
  readonly id: string;
  readonly number: string;
  readonly lines: readonly { readonly quantity: number; readonly productName: string }[];
  readonly total: { readonly amount: string; readonly currency: string };
}

interface Result {
  readonly result: {
    readonly __typename: string;
    readonly message?: string;
    readonly position?: string;
    readonly order?: Order | null;
  };
}

async function run(options: CallerOptions & { readonly json?: boolean | undefined }): Promise<number> {
  const url = serverUrl(options.url);
  const person = caller(process.env, 'customer', options.token);
  const print = sideLine(options.json);
  const api = openApi(url, onInterrupt().signal, print);
  const value = await placeOrder(api, person, styleFor(process.stdout, process.env), print);
  return options.json ? printReport({ ok: true, lines: [], value }, true) : 0;
}

/** @returns the order, and the position after each step */
async function placeOrder(
  api: Api,
  person: Bearer,
  style: Style,
  print: (line: string) => void,
): Promise<{ orderId: string; number: string; steps: { step: string; position: string }[] }> {
  // Unique to this order: a request that is repeated with the same key is stored once.
  const key = `order-${randomUUID()}`;
  const steps: { step: string; position: string }[] = [];

  async function step(done: string, document: string, input: object): Promise<Result['result']> {
    const { result } = await api.ask<Result>(person, document, {
      input: { ...input, idempotencyKey: `${key}-${done}` },
    });
    if (result.position === undefined) throw new StartError(`Not ${done}: ${result.message ?? result.__typename}`);
    const { order, position } = result;
    const what = order ? `${style('bold', order.number)}  ${sumOf(order)}` : '';
    steps.push({ step: done, position });
    print(`${style('green', done.padEnd(10))}  ${what}  ${style('dim', `position ${position}`)}`);
    return result;
  }

  const { viewer } = await api.ask<{ viewer: Viewer }>(person, whoIs);
  if (viewer.role !== 'CUSTOMER') {
    throw new StartError(`--token: it has role ${viewer.role}, give one with role CUSTOMER`);
  }
  if (!viewer.customer) await step('registered', registerCustomer, { name: person.name, email: 'ada@example.com' });
  const { products } = await api.ask<Catalogue>(person, catalogue);
  const product = products.nodes.find(({ available }) => available);
  if (!product) {
    throw new StartError(
      'Nothing can be ordered yet: add a product (addProduct), or run npm run simulate, which adds a few',
    );
  }
  const { order } = await step('created', createOrder, {});
  // The order is stored, but the server could not read it.
  if (!order) throw new StartError('The order was created, but the server could not read it: try again');
  await step('added', addOrderItem, { orderId: order.id, productId: product.id, quantity });
  await step('submitted', submitOrder, { orderId: order.id });
  return { orderId: order.id, number: order.number, steps };
}

/** E.g. `2 × Tea = 25.00 EUR`; XXX is the currency of an order without lines. */
function sumOf({ total, lines }: Order): string {
  const items = lines.map(({ quantity, productName }) => `${quantity} × ${productName}`).join(', ');
  return total.currency === 'XXX' ? 'empty' : `${items} = ${total.amount} ${total.currency}`;
}

await runCommand(command, ({ values }) => run(values));
