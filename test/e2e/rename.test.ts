import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { views } from '../../src/slices.ts';
import {
  AddOrderItemDocument,
  CreateOrderDocument,
  CustomerOrdersDocument,
  OrderDocument,
  OrdersDocument,
  RenameCustomerDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { fillOrdersOf } from '../support/many-orders.ts';
import { post } from '../support/post.ts';
import { registered, type Shopper } from '../support/shop.ts';
import { useShop } from '../support/use-shop.ts';

const orders = 100_000;
const pairs = 15;
/** Ms. Rewriting this many rows takes seconds; other delays of the machine are shorter. */
const disturbance = 250;

const { database, app, shop } = useShop();
let crowd: Shopper;
let client: pg.Client;

beforeAll(async () => {
  crowd = await registered(app.url, 'Maiden Quincy');
  const { position } = await draft(crowd);
  await visible(crowd, position);
  client = new pg.Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  await fillOrdersOf(client, crowd.id, orders);
});
afterAll(async () => {
  await client.end();
});

async function draft({ token }: Shopper) {
  return accepted(await post(app.url, CreateOrderDocument, { input: {} }, { token }));
}

async function renamed(name: string): Promise<string> {
  const input = { customerId: crowd.id, name };
  return accepted(await post(app.url, RenameCustomerDocument, { input }, { token: crowd.token })).position;
}

/** The customer's newest orders, from a page at least at that position. */
async function visible({ id, token }: Shopper, atLeast: string | null) {
  const { data, errors } = await post(app.url, CustomerOrdersDocument, { id, first: 3, atLeast }, { token });
  expect(errors).toBeUndefined();
  return data!.customer!.orders!.edges.map(({ node }) => node);
}

async function found(search: string, atLeast: string | null) {
  const variables = { filter: { search }, first: 3, atLeast };
  const { data, errors } = await post(app.url, OrdersDocument, variables, { token: shop.staff });
  expect(errors).toBeUndefined();
  return data!.orders!;
}

/** Number of rows that were written since a transaction, by view. */
async function writtenSince(transaction: string): Promise<Record<string, number>> {
  const written: Record<string, number> = {};
  for (const { name } of [...views.folded, ...views.derived, ...views.summed]) {
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${name} WHERE xmin::text::bigint >= $1`,
      [transaction],
    );
    if (rows[0]!.count > 0) written[name] = rows[0]!.count;
  }
  return written;
}

test(`renaming a customer with ${orders} orders changes one row, and all orders show the new name and are found by it at once`, async () => {
  const [one] = await visible(crowd, null);
  expect((await found('quincy', null)).totalCount).toBe(null); // more than the server counts
  const { rows } = await client.query<{ now: string }>('SELECT pg_current_xact_id()::text AS now');

  const position = await renamed('Married Radley');
  const { data } = await post(app.url, OrderDocument, { id: one!.id, atLeast: position }, { token: crowd.token });
  expect(data!.order!.customer.name).toBe('Married Radley');
  for (const order of await visible(crowd, position)) expect(order.customer.name).toBe('Married Radley');
  const { edges, totalCount } = await found('married radl', position);
  expect([edges.length, totalCount]).toEqual([3, null]);
  expect((await found('quincy', position)).edges).toEqual([]);
  expect(await writtenSince(rows[0]!.now)).toEqual({ customer_view: 1 });
});

test('a rename does not delay the projection of other commands', async () => {
  const other = await registered(app.url, 'Other');
  const { orderId } = await draft(other);
  const times: { alone: number[]; behind: number[] } = { alone: [], behind: [] };
  // In turns, so that other load on the machine affects both.
  for (let pair = 0; pair < pairs; pair++) {
    for (const which of ['alone', 'behind'] as const) {
      const from = performance.now();
      const renaming = which === 'behind' ? renamed(`Name ${pair}`) : undefined;
      const input = { orderId, productId: shop.productId };
      const added = await post(app.url, AddOrderItemDocument, { input }, { token: other.token });
      const { position, version } = accepted(added);
      expect((await visible(other, position))[0]!.version).toBe(version);
      times[which].push(performance.now() - from);
      await renaming;
    }
  }
  const [alone, behind] = [times.alone, times.behind].map(some => some.sort((a, b) => a - b)[pairs >> 1]!);
  console.log(
    `a command until it is seen, median: ${alone!.toFixed(1)} ms, beside a renaming ${behind!.toFixed(1)} ms`,
  );
  expect(behind! - alone!).toBeLessThan(disturbance);
});
