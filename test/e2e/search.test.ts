import { describe, expect, test } from 'vitest';
import {
  CreateOrderDocument,
  CustomerOrdersDocument,
  CustomerOrdersUpdatedDocument,
  CustomersDocument,
  OrdersDocument,
  ProductsDocument,
  RenameCustomerDocument,
  ShipOrderDocument,
  SubmitOrderDocument,
  ConfirmOrderDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { onDatabase } from '../support/on-database.ts';
import { post } from '../support/post.ts';
import { registered, type Shopper } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { statementsOf } from '../support/statements.ts';
import { useShop } from '../support/use-shop.ts';

const { database, app, shop } = useShop();

async function order({ token }: Shopper, input: object = {}) {
  return accepted(await post(app.url, CreateOrderDocument, { input: { ...input } }, { token }));
}

/** Ids of the orders that staff find. */
async function found(search: string, atLeast: string): Promise<string[]> {
  const variables = { filter: { search }, atLeast, first: 100 };
  const { data, errors } = await post(app.url, OrdersDocument, variables, { token: shop.staff });
  expect(errors).toBeUndefined();
  return data!.orders!.edges.map(({ node }) => node.id);
}

test('an order is found by its number, reference, product, tracking number and customer; the last word may be a prefix', async () => {
  const customer = await registered(app.url, 'Grace Hopper');
  const items = [{ productId: shop.productId, quantity: 1 }];
  const { orderId, order: made } = await order(customer, { reference: 'Zulu/42', items });
  const [staff, input] = [{ token: shop.staff }, { orderId }];
  accepted(await post(app.url, SubmitOrderDocument, { input }, staff));
  accepted(await post(app.url, ConfirmOrderDocument, { input }, staff));
  const sent = { input: { ...input, carrier: 'Post', trackingNumber: 'XT-909' } };
  const { position } = accepted(await post(app.url, ShipOrderDocument, sent, staff));
  const number = made!.number;
  for (const search of [
    number,
    number.toLowerCase(),
    number.slice(0, 6),
    number.replace('-', ''),
    'zulu',
    'ZULU 4',
    'zulu/42',
    'xt-9',
    'XT 909',
    'grace hop',
    'hopper grace',
    'hopper zulu xt-90',
    'tea hopper',
  ]) {
    expect(await found(search, position), search).toEqual([orderId]);
  }
  for (const search of ['zul 42', 'hop grace', 'hopper yankee', 'post', `${number}9`]) {
    expect(await found(search, position), search).not.toContain(orderId);
  }
});

test('after a rename a customer is found by the new name at once and not by the old one, and only the customer’s row changes', async () => {
  const customer = await registered(app.url, 'Maiden Quincy');
  await order(customer);
  const { orderId, position: before } = await order(customer);
  expect(await found('quin', before)).toHaveLength(2);
  const rows = () =>
    onDatabase(database.url, async client => {
      const versions = await client.query<{ table: string; id: string; xmin: string }>(`
        SELECT 'order_view' AS table, order_id AS id, xmin::text FROM order_view
        UNION ALL SELECT 'customer_order_view', order_id, xmin::text FROM customer_order_view
        UNION ALL SELECT 'customer_view', customer_id, xmin::text FROM customer_view`);
      return new Map(versions.rows.map(row => [`${row.table} ${row.id}`, row.xmin]));
    });
  const held = await rows();
  const rename = { input: { customerId: customer.id, name: 'Married Radley' } };
  const { position } = accepted(await post(app.url, RenameCustomerDocument, rename, { token: customer.token }));
  expect(await found('radl', position)).toHaveLength(2);
  expect(await found('quincy', position)).toEqual([]);
  const { data } = await post(app.url, OrdersDocument, { filter: { idIn: [orderId] } }, { token: shop.staff });
  expect(data!.orders!.edges[0]!.node.customer.name).toBe('Married Radley');
  const changed = [...(await rows())].filter(([row, xmin]) => held.get(row) !== xmin).map(([row]) => row);
  expect(changed).toEqual([`customer_view ${customer.id}`]);
});

test('customers are found by name and e-mail address, orders by the name only', async () => {
  const customer = await registered(app.url, 'Ærøskøbing Ltd', 'orders@seventh-sea.example');
  const { position } = await order(customer);
  const customers = async (search: string) => {
    const variables = { search, atLeast: position };
    const { data } = await post(app.url, CustomersDocument, variables, { token: shop.staff });
    return data!.customers!.edges.map(({ node }) => node.id);
  };
  for (const search of ['ltd ærø', 'seventh', 'orders@seventh-sea.ex', 'ltd seventh']) {
    expect(await customers(search), search).toEqual([customer.id]);
  }
  expect(await found('seventh', position)).toEqual([]);
});

test('products are found by name and SKU', async () => {
  const { data } = await post(app.url, ProductsDocument, { search: 'tea' }, { token: shop.customer.token });
  const { node } = data!.products!.edges.find(edge => edge.node.id === shop.productId)!;
  for (const search of [node.sku, node.sku.slice(0, 10), `tea ${node.sku}`]) {
    const answer = await post(app.url, ProductsDocument, { search }, { token: shop.customer.token });
    expect(answer.data!.products!.edges.map(edge => edge.node.id)).toEqual([node.id]);
  }
});

test('orders are found regardless of capitals, accents and invisible characters in name and search', async () => {
  const customer = await registered(app.url, 'ΟΔΥΣΣΕΥΣ Groß\u00adbäcker Işık');
  const { orderId, position } = await order(customer);
  for (const search of ['ΟΔΥΣΣ', 'οδυσσεύς gross', 'GROSSBÄCKER', 'großb', 'isik', 'GROSS\u200bBACKER IŞI']) {
    expect(await found(search, position), search).toEqual([orderId]);
  }
});

test('customers find only their own data, and nothing by the names of others', async () => {
  const [own, other] = [await registered(app.url, 'Owen Own'), await registered(app.url, 'Otto Other')];
  const { orderId } = await order(own, { reference: 'shared words' });
  const { position } = await order(other, { reference: 'shared words' });
  for (const [search, expected] of [
    ['shared', [orderId]],
    ['owen sha', [orderId]],
    ['otto', []],
  ] as const) {
    const variables = { id: own.id, filter: { search }, atLeast: position };
    const { data } = await post(app.url, CustomerOrdersDocument, variables, { token: own.token });
    expect(data!.customer!.orders!.edges.map(({ node }) => node.id)).toEqual(expected);
  }
});

test('a watched search is notified of orders that match later by their words or by their customer’s name', async () => {
  const customer = await registered(app.url, 'Wanda Watcher');
  const socket = await connectSocket(app.url, customer.token);
  const watch = (search: string) =>
    socket.subscribe(CustomerOrdersUpdatedDocument, { customerId: customer.id, filter: { search } });
  const lists = [watch('yellow'), watch('wanda yel'), watch('wanda'), watch('green'), watch('!')];
  for (const list of lists) expect((await list.next()).data!.customerOrdersUpdated.kind).toBe('PROGRESS');
  await order(customer, { reference: 'yellow' });
  const matches = await Promise.all(lists.map(async list => (await list.next()).data!.customerOrdersUpdated.matches));
  expect(matches).toEqual([true, true, true, false, false]);
  await socket.close();
});

describe('a search without any word', () => {
  const signs = [`' OR true --`.replaceAll(/[a-zA-Z]/g, ''), '!&|()<->:*', `"'"'`, '\\', '%', '\u0000', '…', '☃'];

  test.each(signs)('finds nothing, and causes no error: %j', async search => {
    for (const [document, variables] of [
      [OrdersDocument, { filter: { search } }],
      [CustomersDocument, { search }],
      [ProductsDocument, { search }],
    ] as const) {
      const { data, errors } = await post(app.url, document as never, variables as never, { token: shop.staff });
      expect(errors).toBeUndefined();
      const [page] = Object.values(data as Record<string, { edges: unknown[]; totalCount: number }>);
      expect(page).toMatchObject({ edges: [], totalCount: 0 });
    }
  });

  test('is ignored if it is blank', async () => {
    const { data } = await post(app.url, ProductsDocument, { search: '  ' }, { token: shop.staff });
    expect(data!.products!.edges.length).toBeGreaterThan(0);
  });
});

test('a page of search results is read by one statement, which counts only if the count is selected', async () => {
  const document = (count: string) =>
    `{ orders(filter: { search: "ada tea" }) { nodes { id customer { name } } ${count} } }`;
  for (const count of ['', 'totalCount']) {
    const { sql } = await statementsOf(() => post(app.url, document(count), {}, { token: shop.staff }));
    const pages = sql.filter(text => text.includes('tsquery'));
    expect(pages).toHaveLength(1);
    expect(pages[0]!.includes('NULL::int AS count')).toBe(count === '');
  }
});
