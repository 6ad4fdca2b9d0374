import { expect } from 'vitest';
import { ProductsDocument, RegisterCustomerDocument, SalesByDayDocument } from '../generated/graphql.ts';
import { accepted } from './accepted.ts';
import { allOrders, type ShownOrder } from './all-orders.ts';
import { type Environment, startApp } from './app.ts';
import { printed } from './child.ts';
import { runCli, startCli } from './cli.ts';
import { eventually } from './eventually.ts';
import { byReference, type ExpectedOrder, type OrderLines } from './order-lines.ts';
import { post } from './post.ts';
import { staffToken } from './tokens.ts';

/** Starts an import, kills it, and runs the next one. */
export async function importKilledHalfWay(file: OrderLines, env: Environment): Promise<void> {
  const killed = startCli('import', [file.path], env);
  await printed(killed, /\d+ orders?, \d+\/s/);
  killed.kill('SIGKILL');
  await killed.exited;

  const resumed = await runCli('import', [file.path], env);
  expect(resumed).toMatchObject({ code: 0, stderr: '' });
  expect(resumed.stdout).toContain(factsOf(file));
  // Otherwise it was killed before it stored anything, or after it stored everything.
  expect(resumed.stdout).toMatch(/^commands: [1-9][\d,]* new, [1-9][\d,]* stored before$/m);
}

/** What an import prints about the file at its end. */
export function factsOf({ orders }: OrderLines): string {
  const number = new Intl.NumberFormat('en-US');
  const money = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2 });
  const units = number.format(sum(orders.map(order => order.units)));
  const total = money.format(sum(orders.map(order => order.total)) / 100);
  return `${number.format(orders.length)} orders, ${units} units, ${total} USD`;
}

/** Starts the program on the imported data. */
export async function serving<Result>(env: Environment, use: (url: string) => Promise<Result>): Promise<Result> {
  const app = await startApp(env);
  try {
    return await use(app.url);
  } finally {
    await app.stop();
  }
}

/** All orders by reference, once the views reflect the whole log. */
export async function ordersAt(url: string): Promise<ShownOrder[]> {
  return (await allOrders(url, await headAt(url))).sort(byReference);
}

/** All products, e.g. `11 Queso Cabrales 14.00`. @param atLeast position that the list must reflect */
export async function productsAt(url: string, atLeast?: string): Promise<string[]> {
  const variables = { first: 100, atLeast: atLeast ?? null };
  const { data } = await post(url, ProductsDocument, variables, { token: await staffToken() });
  return (data?.products?.edges ?? []).map(({ node }) => `${node.sku} ${node.name} ${node.price.amount}`).sort();
}

export function expectedProducts({ products }: OrderLines): string[] {
  return [...products].map(([sku, { name, price }]) => `${sku} ${name} ${price}`).sort();
}

/** A position after everything that was imported, once the views have reached it. */
export async function headAt(url: string): Promise<string> {
  const token = await staffToken();
  // Without a key: a repeat would return the position of the first time, and much may come after it.
  const input = { name: 'Whoever', email: 'whoever@example.com' };
  const { position } = accepted(await post(url, RegisterCustomerDocument, { input }, { token }));
  await eventually(async () => {
    const { errors } = await post(url, ProductsDocument, { first: 1, atLeast: position }, { token });
    expect(errors).toBeUndefined();
  }, 60_000);
  return position;
}

/** The sums of all days, and of all customers' totals. */
export interface Sales {
  readonly byDay: { readonly orders: number; readonly units: number; readonly cents: number };
  readonly byCustomer: { readonly orders: number; readonly cents: number };
}

const sum = (numbers: readonly number[]) => numbers.reduce((one, other) => one + other, 0);
const cents = (amount: string) => Math.round(Number(amount) * 100);

export async function salesAt(url: string, atLeast: string): Promise<Sales> {
  const as = { token: await staffToken(), headers: { 'orderstream-position': atLeast } };
  const span = { from: '0001-01-01', to: '9999-12-31', currency: 'USD' };
  const days = (await post(url, SalesByDayDocument, span, as)).data!.salesByDay!;
  const everyone = await post<{
    customers: { nodes: { orderTotals: { orderCount: number; totalSpent: { amount: string }[] } }[] };
  }>(url, '{ customers(first: 100) { nodes { orderTotals { orderCount totalSpent { amount } } } } }', {}, as);
  const totals = everyone.data!.customers.nodes.map(node => node.orderTotals);
  return {
    byDay: {
      orders: sum(days.map(day => day.orderCount)),
      units: sum(days.map(day => day.itemCount)),
      cents: sum(days.map(day => cents(day.revenue.amount))),
    },
    byCustomer: {
      orders: sum(totals.map(one => one.orderCount)),
      cents: sum(totals.flatMap(one => one.totalSpent.map(({ amount }) => cents(amount)))),
    },
  };
}

export function salesOf({ orders }: OrderLines): Sales {
  const total = sum(orders.map(order => order.total));
  return {
    byDay: { orders: orders.length, units: sum(orders.map(order => order.units)), cents: total },
    byCustomer: { orders: orders.length, cents: total },
  };
}

export function shown(order: ShownOrder): ExpectedOrder {
  return {
    reference: String(order.reference),
    customer: order.customer.name,
    status: order.status as ExpectedOrder['status'],
    createdAt: order.createdAt,
    submittedAt: String(order.submittedAt),
    shippedAt: order.shippedAt ?? null,
    carrier: order.shipment?.carrier ?? null,
    lines: order.lines.map(line => `${line.sku} ${line.productName}: ${line.quantity} x ${line.unitPrice.amount}`),
    units: order.itemCount,
    total: order.total.minorUnits,
  };
}
