import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { grantServing } from '../../src/event-store/serving-role.ts';
import { viewNames } from '../../src/projections/view.ts';
import { views } from '../../src/slices.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { runCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { openShop, registered } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { staffToken } from '../support/tokens.ts';
import { useDatabase } from '../support/use-database.ts';

const database = useDatabase();
let app: TestApp;
const role = `serving_${randomBytes(4).toString('hex')}`;

beforeAll(async () => {
  await onDatabase(database.url, client => client.query(`CREATE ROLE ${role} LOGIN`));
  const serving = new URL(database.url);
  serving.username = role;
  await grantServing(database.url, serving.href, viewNames(views));
  app = await startApp({ DATABASE_URL: serving.href });
});
afterAll(async () => {
  await app.stop();
  await onDatabase(database.url, client => client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
});

const everything = `query ($customer: ID!, $order: ID!, $first: Int) {
  customer(id: $customer) { name email erasedAt }
  customers(first: $first) { nodes { name email } }
  order(id: $order) {
    reference cancellationReason status total { amount } customer { name email }
    history { nodes { type data } }
  }
  orderAt(id: $order, at: { version: 3 }) { reference cancellationReason total { amount } }
}`;

test('an erased customer appears nowhere, on no node and for no caller, while log, totals and views stay complete', async () => {
  const words = { name: 'Zoe Quux', email: 'quux@example.org', reference: 'quux ring', reason: 'quux said no' };
  const shop = await openShop(app.url);
  const { id, token } = await registered(app.url, words.name, words.email);
  const other = await registered(app.url, 'Bystander', 'bystander@example.org');
  const staff = await staffToken();
  const create = `mutation ($input: CreateOrderInput!) { createOrder(input: $input) { ... on OrderCommandPayload { orderId } } }`;
  const input = { items: [{ productId: shop.productId, quantity: 2 }], reference: words.reference };
  const made = await post<{ createOrder: { orderId: string } }>(app.url, create, { input }, { token });
  const order = made.data!.createOrder.orderId;
  await post(
    app.url,
    `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { __typename } }`,
    { input: { orderId: order, reason: words.reason } },
    { token },
  );
  const socket = await connectSocket(app.url, token);
  const updates = socket.subscribe(
    `subscription { orderUpdated(id: "${order}") { kind order { version reference cancellationReason } } }`,
  );
  await eventually(async () => expect(JSON.stringify(await updates.next())).toContain(words.reason));
  const profile = socket.subscribe(`subscription { customerUpdated(id: "${id}") { kind customer { name email } } }`);
  expect(await profile.next()).toMatchObject({ data: { customerUpdated: { customer: { name: words.name } } } });

  const { code, stdout } = await runCli('orderstream', ['erase-customer', id], {
    DATABASE_URL: database.url,
    DATABASE_MIGRATE_URL: database.url,
  });
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/and 1 order are erased at position/) });

  // Subscribers are notified.
  expect(await updates.next()).toMatchObject({
    data: { orderUpdated: { order: { version: 4, reference: null, cancellationReason: '[erased]' } } },
  });
  expect(await profile.next()).toMatchObject({
    data: { customerUpdated: { kind: 'UPDATE', customer: { name: '[erased]', email: '[erased]' } } },
  });
  await socket.close();
  for (const asker of [token, staff]) {
    const answer = await post(
      app.url,
      everything,
      { customer: id, order, first: asker === staff ? 50 : 1 },
      { token: asker },
    );
    expect(JSON.stringify(answer)).not.toMatch(/quux/i);
    expect(answer.data).toMatchObject({
      customer: { name: '[erased]', email: '[erased]', erasedAt: expect.any(String) },
      order: { status: 'CANCELLED', total: { amount: '25.00' }, customer: { name: '[erased]' } },
      orderAt: { total: { amount: '25.00' } },
    });
    const types = (answer.data as { order: { history: { nodes: { type: string }[] } } }).order.history.nodes;
    expect(types.map(({ type }) => type)).toEqual(['OrderCreated', 'OrderItemAdded', 'OrderCancelled', 'OrderErased']);
  }
  const bystander = await post(app.url, everything, { customer: other.id, order, first: 1 }, { token: other.token });
  expect(bystander.data).toMatchObject({ customer: { name: 'Bystander' }, order: null });

  // Personal data that is written later cannot be read either, and no new key is made.
  const rename = `mutation ($input: RenameCustomerInput!) { renameCustomer(input: $input) { __typename } }`;
  const renamed = await post(app.url, rename, { input: { customerId: id, name: 'Zoe Quux II' } }, { token: staff });
  expect(renamed.data).toEqual({ renameCustomer: { __typename: 'RejectedError' } });
  const again = await post(app.url, create, { input }, { token });
  expect(JSON.stringify(again)).not.toContain('ord_');

  // Every table, with its sealed bytes.
  const found = await onDatabase(database.url, async client => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    const counts = await Promise.all(
      rows.map(async ({ name }) => {
        const hits = await client.query(`SELECT 1 FROM ${name} t WHERE to_jsonb(t)::text ILIKE '%quux%'`);
        return { name, hits: hits.rowCount };
      }),
    );
    return counts.filter(({ hits }) => hits !== 0);
  });
  expect(found).toEqual([]);
  const verified = await runCli('orderstream', ['verify'], { DATABASE_URL: database.url });
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('all is well') });

  // A second erasure has the same result and the same output.
  const repeated = await runCli('orderstream', ['erase-customer', id], { DATABASE_URL: database.url });
  expect(repeated).toMatchObject({ code: 0, stdout });
});

test('only the owner of the tables may erase, and an unknown customer is reported', async () => {
  const serving = new URL(database.url);
  serving.username = role;
  const { id } = await registered(app.url);
  const refused = await runCli('orderstream', ['erase-customer', id], { DATABASE_URL: serving.href });
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^DATABASE_MIGRATE_URL: .+\n$/) });
  const nobody = 'cus_00000000-0000-4000-8000-000000000000';
  const missing = await runCli('orderstream', ['erase-customer', nobody], { DATABASE_URL: database.url });
  expect(missing).toMatchObject({ code: 1, stderr: `there is no customer ${nobody}: nothing was changed\n` });
});
