import { isObjectType } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/schema.ts';
import { CreateOrderDocument, OrdersDocument } from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { codesOf } from '../support/codes-of.ts';
import { post } from '../support/post.ts';
import { registered, type Shopper } from '../support/shop.ts';
import { connectSocket } from '../support/socket.ts';
import { stallViews } from '../support/stalled-views.ts';
import { useShop } from '../support/use-shop.ts';

const { database, app, shop } = useShop();

/**
 * Lists and sums that are read from views, below any other field. `Order.history` is read from the log, which never
 * lags.
 */
const nested = ['Customer.orders', 'Customer.orderTotals'];
const reads = 'orders { position totalCount } orderTotals { orderCount }';

interface Read {
  readonly orders: { readonly position: string; readonly totalCount: number } | null;
  readonly orderTotals: { readonly orderCount: number };
}

/** One of a customer's orders at position `at`, and every way to request the fields below it. */
async function ways(customer: Shopper, orderId: string, number: string, at: string) {
  const header = { headers: { 'orderstream-position': at } };
  const ask = (query: string, options: object = {}) =>
    post(app.url, `{ ${query} }`, {}, { token: shop.staff, ...options });
  const below = `customer { ${reads} }`;
  const command = (field: string, type: string, input: object, wanted: string) =>
    post(
      app.url,
      `mutation ($input: ${type}!) { ${field}(input: $input) { ... on ${wanted} } }`,
      { input },
      { token: shop.staff },
    );
  const socket = async () => {
    const connection = await connectSocket(app.url, shop.staff);
    const answer = await connection.subscribe(`{ order(id: "${orderId}") { ${below} } }`, {}, { atLeast: at }).next();
    await connection.close();
    return answer;
  };
  const item = { orderId, productId: shop.productId };
  return {
    'order by argument': () => ask(`order(id: "${orderId}", atLeast: "${at}") { ${below} }`),
    'order by header': () => ask(`order(id: "${orderId}") { ${below} }`, header),
    'order on a socket, by extensions': socket,
    'orderByNumber by argument': () => ask(`orderByNumber(number: "${number}", atLeast: "${at}") { ${below} }`),
    'orderByNumber by header': () => ask(`orderByNumber(number: "${number}") { ${below} }`, header),
    'customer by argument': () => ask(`customer(id: "${customer.id}", atLeast: "${at}") { ${reads} }`),
    'node by header': () => ask(`node(id: "${orderId}") { ... on Order { ${below} } }`, header),
    'nodes by header': () => ask(`nodes(ids: ["${customer.id}"]) { ... on Customer { ${reads} } }`, header),
    'viewer by header': () => ask(`viewer { ${below} }`, { ...header, token: customer.token }),
    'orders by argument': () =>
      ask(`orders(filter: { idIn: ["${orderId}"] }, atLeast: "${at}") { nodes { ${below} } }`),
    'customers by argument': () => ask(`customers(first: 1, atLeast: "${at}") { nodes { ${reads} } }`),
    'the payload of an order command': () =>
      command('addOrderItem', 'AddOrderItemInput', item, `OrderCommandPayload { order { ${below} } }`),
    'the payload of a customer command': () =>
      command(
        'renameCustomer',
        'RenameCustomerInput',
        { customerId: customer.id, name: 'Renamed' },
        `CustomerCommandPayload { customer { ${reads} } }`,
      ),
  };
}

function readIn(value: unknown): Read | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('orderTotals' in value) return value as Read;
  for (const part of Object.values(value)) {
    const found = readIn(part);
    if (found) return found;
  }
  return undefined;
}

test('every list and sum below a field with `atLeast`, or below a payload, waits for that position, and answers VIEW_LAGGING after the timeout', async () => {
  const customer = await registered(app.url);
  const create = () => post(app.url, CreateOrderDocument, { input: {} }, { token: customer.token });
  const first = accepted(await create());
  await post(app.url, OrdersDocument, { atLeast: first.position }, { token: shop.staff });

  const release = await stallViews(database.url);
  const { orderId, order, position } = accepted(await create());
  const asked = await ways(customer, orderId, order!.number, position);
  const late = await Promise.all(Object.entries(asked).map(async ([way, ask]) => [way, await ask()] as const));
  for (const [way, answer] of late) {
    expect([way, [...new Set(codesOf(answer))]]).toEqual([way, ['VIEW_LAGGING']]);
    // Data older than the given position is not shown.
    expect([way, readIn(answer.data)?.orders ?? null]).toEqual([way, null]);
  }

  // As soon as the views have reached it, each of them is answered.
  const waiting = Object.entries(asked).map(async ([way, ask]) => [way, await ask()] as const);
  await release();
  for (const [way, answer] of await Promise.all(waiting)) {
    const { orders, orderTotals } = readIn(answer.data) ?? {};
    expect([way, codesOf(answer), orders?.totalCount, orderTotals?.orderCount]).toEqual([way, undefined, 2, 2]);
    expect([way, orders!.position >= position]).toEqual([way, true]);
  }
});

test('no other field below a field is a list or sum of views', () => {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const found = Object.values(schema.getTypeMap())
    .filter(type => isObjectType(type) && !roots.includes(type))
    .flatMap(type => (isObjectType(type) ? Object.values(type.getFields()).map(field => ({ type, field })) : []))
    .filter(({ field }) => /(?:Connection|Totals|Sales|SalesDay)\b/.test(String(field.type)))
    .map(({ type, field }) => `${type.name}.${field.name}`);
  expect(found.sort()).toEqual([...nested, 'Order.history'].sort());
});
