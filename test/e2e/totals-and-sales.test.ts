import { expect, test } from 'vitest';
import {
  CancelOrderDocument,
  ChangeProductDocument,
  ConfirmOrderDocument,
  CreateOrderDocument,
  CustomerTotalsDocument,
  DeliverOrderDocument,
  OrderCountsDocument,
  SalesByDayDocument,
  ShipOrderDocument,
  SubmitOrderDocument,
  TopProductsDocument,
} from '../generated/graphql.ts';
import { accepted } from '../support/accepted.ts';
import { post } from '../support/post.ts';
import { added, registered, type Shopper } from '../support/shop.ts';
import { stallViews } from '../support/stalled-views.ts';
import { statementsOf } from '../support/statements.ts';
import { useShop } from '../support/use-shop.ts';

const { database, app, shop } = useShop();

const states = ['DRAFT', 'SUBMITTED', 'CONFIRMED', 'SHIPPED', 'DELIVERED'] as const;

/** Brings a customer's order to the given status. @returns its id, and the position that it reached */
async function order(
  { token }: Shopper,
  items: { productId: string; quantity: number }[],
  until: (typeof states)[number] = 'SUBMITTED',
) {
  const as = { token: shop.staff };
  const created = accepted(await post(app.url, CreateOrderDocument, { input: { items } }, { token }));
  const input = { orderId: created.orderId };
  const steps = [
    async () => accepted(await post(app.url, SubmitOrderDocument, { input }, { token })),
    async () => accepted(await post(app.url, ConfirmOrderDocument, { input }, as)),
    async () => accepted(await post(app.url, ShipOrderDocument, { input: { ...input, carrier: 'Post' } }, as)),
    async () => accepted(await post(app.url, DeliverOrderDocument, { input }, as)),
  ];
  let { position } = created;
  for (const step of steps.slice(0, states.indexOf(until))) ({ position } = await step());
  return { orderId: created.orderId, position };
}

async function totalsOf({ id, token }: Shopper, atLeast: string) {
  const { data, errors } = await post(app.url, CustomerTotalsDocument, { id, atLeast }, { token });
  expect(errors).toBeUndefined();
  return data!.customer!.orderTotals;
}

const ofAllTime = { from: '0001-01-01', to: '9999-12-31' };

test("a customer's totals count every order, with a sum of sold orders for each currency", async () => {
  const customer = await registered(app.url);
  const inYen = await added(app.url, '300 JPY');
  await order(customer, [{ productId: shop.productId, quantity: 1 }], 'DRAFT');
  await order(customer, [{ productId: shop.productId, quantity: 2 }], 'SUBMITTED');
  await order(customer, [{ productId: shop.productId, quantity: 3 }], 'CONFIRMED');
  await order(customer, [{ productId: shop.productId, quantity: 4 }], 'SHIPPED');
  await order(customer, [{ productId: inYen, quantity: 5 }], 'DELIVERED');
  const { orderId, position: submitted } = await order(customer, [{ productId: inYen, quantity: 7 }]);
  const before = await totalsOf(customer, submitted);
  const input = { orderId, reason: 'by mistake' };
  const { position, order: last } = accepted(
    await post(app.url, CancelOrderDocument, { input }, { token: customer.token }),
  );

  const euro = { amount: '112.50', currency: 'EUR' };
  expect(before).toMatchObject({ openOrderCount: 4, totalSpent: [euro, { amount: '3600', currency: 'JPY' }] });
  expect(await totalsOf(customer, position)).toEqual({
    orderCount: 6,
    openOrderCount: 3,
    byStatus: ['DRAFT', 'SUBMITTED', 'CONFIRMED', 'SHIPPED', 'DELIVERED', 'CANCELLED'].map(status => {
      return { status, count: 1 };
    }),
    totalSpent: [euro, { amount: '1500', currency: 'JPY' }],
    lastOrderAt: last!.submittedAt,
  });
});

test('a customer without orders has empty totals', async () => {
  const customer = await registered(app.url);
  const { data } = await post(app.url, CustomerTotalsDocument, { id: customer.id }, { token: customer.token });
  expect(data!.customer!.orderTotals).toMatchObject({
    orderCount: 0,
    openOrderCount: 0,
    totalSpent: [],
    lastOrderAt: null,
  });
});

test('a sum beyond 2^53 - 1 is exact as an amount, and its minor units answer which field to select instead', async () => {
  const customer = await registered(app.url);
  const priceless = await added(app.url, '90071992547409.91 USD');
  await order(customer, [{ productId: priceless, quantity: 1 }]);
  const { position } = await order(customer, [{ productId: priceless, quantity: 1 }]);
  expect((await totalsOf(customer, position)).totalSpent).toEqual([{ amount: '180143985094819.82', currency: 'USD' }]);

  const inMinorUnits = `query($id: ID!) { customer(id: $id) { orderTotals { totalSpent { minorUnits } } } }`;
  const { errors } = await post(app.url, inMinorUnits, { id: customer.id }, { token: customer.token });
  expect(errors).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED', limit: Number.MAX_SAFE_INTEGER } }]);

  const as = { token: shop.staff, headers: { 'orderstream-position': position } };
  const days = await post(app.url, SalesByDayDocument, { ...ofAllTime, currency: 'USD' }, as);
  expect(days.data!.salesByDay).toMatchObject([{ orderCount: 2, itemCount: 2, revenue: { currency: 'USD' } }]);
  expect(days.data!.salesByDay![0]!.revenue.amount).toBe('180143985094819.82');
});

test('the totals of all customers on a page are read by one statement', async () => {
  await Promise.all([registered(app.url), registered(app.url), registered(app.url)]);
  const document = '{ customers(first: 50) { nodes { orderTotals { orderCount } } } }';
  const { sql, result } = await statementsOf(() => post(app.url, document, {}, { token: shop.staff }));
  expect((result.data as { customers: { nodes: unknown[] } }).customers.nodes.length).toBeGreaterThan(3);
  expect(sql.filter(text => text.includes('customer_totals t'))).toHaveLength(1);
});

test('totals and sales wait for the position that they must reflect, and answer VIEW_LAGGING if the views do not reach it', async () => {
  const release = await stallViews(database.url);
  try {
    const { position } = await order(shop.customer, [{ productId: shop.productId, quantity: 1 }]);
    const as = { token: shop.staff, headers: { 'orderstream-position': position } };
    for (const answer of [
      await post(app.url, CustomerTotalsDocument, { id: shop.customer.id }, as),
      await post(app.url, OrderCountsDocument, {}, as),
      await post(app.url, SalesByDayDocument, { ...ofAllTime, currency: 'EUR' }, as),
      await post(app.url, TopProductsDocument, { currency: 'EUR' }, as),
    ]) {
      expect(answer.errors).toMatchObject([{ extensions: { code: 'VIEW_LAGGING' } }]);
    }
  } finally {
    await release();
  }
});

test('the top products are those with the greatest revenue, with their current names', async () => {
  const [customer, cheap, dear] = await Promise.all([
    registered(app.url),
    added(app.url, '1.00 CHF'),
    added(app.url, '30.00 CHF'),
  ]);
  await order(customer, [
    { productId: cheap, quantity: 20 },
    { productId: dear, quantity: 1 },
  ]);
  await order(customer, [{ productId: dear, quantity: 5 }], 'DRAFT');
  const change = { input: { productId: cheap, name: 'Called otherwise' } };
  const { position } = accepted(await post(app.url, ChangeProductDocument, change, { token: shop.staff }));
  const as = { token: shop.staff, headers: { 'orderstream-position': position } };
  const expected = [
    { productId: dear, unitsSold: 1, revenue: { amount: '30.00', currency: 'CHF' } },
    { productId: cheap, productName: 'Called otherwise', unitsSold: 20, revenue: { amount: '20.00', currency: 'CHF' } },
  ];
  for (const span of [{}, ofAllTime, { from: '2000-01-01' }, { to: '2999-12-31' }]) {
    const { data } = await post(app.url, TopProductsDocument, { currency: 'CHF', ...span }, as);
    expect(data!.topProducts).toMatchObject(expected);
  }
  const one = await post(app.url, TopProductsDocument, { currency: 'CHF', limit: 1 }, as);
  expect(one.data!.topProducts).toMatchObject(expected.slice(0, 1));
  const past = await post(app.url, TopProductsDocument, { currency: 'CHF', to: '1999-12-31' }, as);
  expect(past.data!.topProducts).toEqual([]);
});
