import {
  CustomerDocument,
  CustomerOrdersDocument,
  CustomerOrdersUpdatedDocument,
  CustomersDocument,
  CustomerUpdatedDocument,
  NodeDocument,
  NodesDocument,
  OrderCountsDocument,
  OrderCountsUpdatedDocument,
  OrderByNumberDocument,
  OrderDocument,
  OrdersDocument,
  OrderUpdatedDocument,
  ProductDocument,
  ProductsDocument,
  ProductsUpdatedDocument,
  SalesByDayDocument,
  TopProductsDocument,
} from '../../generated/graphql.ts';
import { asCustomer, asStaff, badUserInput, type Case, type Expected, forbidden } from './case.ts';
import { malformedIds } from './malformed-ids.ts';
import { unknown, type World } from './world.ts';

/** Queries and subscriptions that must be rejected. */
export function* readCases(world: World): Generator<Case> {
  yield* idCases();
  yield* pageCases(world);
  yield* filterCases(world);
  yield* searchCases();
  yield* salesCases();
  yield* positionCases(world);
  yield* nothingToWatchCases(world);
}

const tooCostly: Expected = { code: 'LIMIT_EXCEEDED', name: 'cost' };

function tooMany(limit: number): Expected {
  return { code: 'LIMIT_EXCEEDED', limit };
}

function* idCases(): Generator<Case> {
  const entities = [
    ['order', 'ord', OrderDocument],
    ['customer', 'cus', CustomerDocument],
    ['product', 'prd', ProductDocument],
    ['orderUpdated', 'ord', OrderUpdatedDocument],
    ['customerUpdated', 'cus', CustomerUpdatedDocument],
  ] as const;
  for (const [name, kind, document] of entities) {
    for (const id of malformedIds(kind)) {
      yield asCustomer(`${name}: the id ${JSON.stringify(id)}`, [document, { id }], badUserInput);
    }
  }
  for (const customerId of malformedIds('cus')) {
    const operation = [CustomerOrdersUpdatedDocument, { customerId }] as const;
    yield asCustomer(`customerOrdersUpdated: the id ${JSON.stringify(customerId)}`, operation, badUserInput);
    const counts = [OrderCountsDocument, { customerId }] as const;
    yield asCustomer(`orderCounts: the customer ${JSON.stringify(customerId)}`, counts, badUserInput);
    const watch = [OrderCountsUpdatedDocument, { customerId }] as const;
    yield asCustomer(`orderCountsUpdated: the customer ${JSON.stringify(customerId)}`, watch, badUserInput);
  }
  for (const id of ['', 'tea', 'ord_1', unknown('ORD'), `${unknown('ord')}\0`]) {
    yield asCustomer(`node: the id ${JSON.stringify(id)}`, [NodeDocument, { id }], badUserInput);
    yield asCustomer(`nodes: the id ${JSON.stringify(id)}`, [NodesDocument, { ids: [id] }], badUserInput);
  }
  const ids = Array.from({ length: 101 }, () => unknown('ord'));
  yield asCustomer('nodes: 101 ids', [NodesDocument, { ids }], tooMany(100));
  for (const number of ['', 'K7Q2', 'K7Q2-9XF', 'K7Q2-9XF44', 'K7Q2_9XF4', 'K7Q2-9XFU', 'K7Q2-9XF\0']) {
    yield asCustomer(`orderByNumber: ${JSON.stringify(number)}`, [OrderByNumberDocument, { number }], badUserInput);
  }
}

function* pageCases({ customer }: World): Generator<Case> {
  const moment = '2026-11-21T00:00:00.000Z';
  const lists = [
    ['orders', 'order-created', OrdersDocument, {}],
    ['customers', 'customers', CustomersDocument, {}],
    ['products', 'products', ProductsDocument, {}],
    ['customer.orders', 'order-created', CustomerOrdersDocument, { id: customer.id }],
  ] as const;
  for (const [name, sort, document, more] of lists) {
    const proper = cursor(sort, moment, unknown('ord'));
    const pages: readonly (readonly [string, object, Expected])[] = [
      ['first -1', { first: -1 }, badUserInput],
      ['last -1', { last: -1 }, badUserInput],
      ['first 101', { first: 101 }, tooMany(100)],
      ['last 101', { last: 101 }, tooMany(100)],
      // The cost is checked before anything is read.
      ['first 10,000', { first: 10_000 }, tooCostly],
      ['last 10,000', { last: 10_000 }, tooCostly],
      ['first 0 and last 0', { first: 0, last: 0 }, badUserInput],
      ['first 2^31', { first: 2 ** 31 }, badUserInput],
      ['first and last', { first: 1, last: 1 }, badUserInput],
      ['last with after', { last: 1, after: proper }, badUserInput],
      ['first with before', { first: 1, before: proper }, badUserInput],
      ['before alone', { before: proper }, badUserInput],
    ];
    for (const [what, page, answer] of pages) {
      yield asStaff(`${name}: ${what}`, [document, { ...more, ...page }], answer);
    }
    const cursors = {
      'that is empty': '',
      'that is not base64': '%%%',
      'that is not JSON': Buffer.from('{').toString('base64url'),
      'that is not a list': Buffer.from('{"a": 1}').toString('base64url'),
      'of an unknown list': cursor('nothing', moment, unknown('ord')),
      'of another sort': cursor('order-total', 12, unknown('ord')),
      'without an id': cursor(sort, moment),
      'of a malformed id': cursor(sort, moment, "' OR true --"),
      'of a malformed time': cursor(sort, "' OR true --", unknown('ord')),
      'without a time': cursor(sort, 7, unknown('ord')),
      'of the year 0': cursor(sort, '0000-01-01T00:00:00.000Z', unknown('ord')),
    };
    for (const [what, text] of Object.entries(cursors)) {
      yield asStaff(`${name}: a cursor ${what}`, [document, { ...more, after: text }], badUserInput);
      yield asStaff(
        `${name}: a cursor ${what}, backwards`,
        [document, { ...more, last: 1, before: text }],
        badUserInput,
      );
    }
  }
  const orderBy = { field: 'TOTAL', direction: 'ASC' };
  for (const total of [1.5, 2 ** 53, -(2 ** 53), '12', null]) {
    const after = cursor('order-total', total, unknown('ord'));
    yield asStaff(
      `orders: a cursor by a total of ${JSON.stringify(total)}`,
      [OrdersDocument, { orderBy, after }],
      badUserInput,
    );
  }
}

function cursor(...parts: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function* filterCases({ customer }: World): Generator<Case> {
  const filters: readonly (readonly [string, object, Expected])[] = [
    ['a malformed id', { idIn: ['ord'] }, badUserInput],
    ['101 ids', { idIn: Array.from({ length: 101 }, () => unknown('ord')) }, tooMany(100)],
    ['a customer who is an order', { customerId: unknown('ord') }, badUserInput],
    ['a product that is an order', { productId: unknown('ord') }, badUserInput],
    ['no currency', { currency: 'euro' }, badUserInput],
    ['no status', { statusIn: ['LOST'] }, badUserInput],
    [
      'a span that ends first',
      { createdFrom: '2026-02-01T00:00:00Z', createdTo: '2026-01-01T00:00:00Z' },
      badUserInput,
    ],
    ['no date', { createdFrom: 'yesterday' }, badUserInput],
    ['a 30th of February', { createdFrom: '2026-02-30T00:00:00Z' }, badUserInput],
    ['a date without a time', { createdFrom: '2026-02-01' }, badUserInput],
    ['a time without an offset', { createdFrom: '2026-02-01T00:00:00' }, badUserInput],
    ['the year 0', { createdFrom: '0000-12-31T00:00:00Z' }, badUserInput],
    ['a moment that is in the year 0 in UTC', { createdFrom: '0001-01-01T00:00:00+01:00' }, badUserInput],
    ['a search of 2 KB', { search: 'tea '.repeat(512) }, tooMany(200)],
    ['a search of 2 KB of operators and quotes', { search: `'&|!"(`.repeat(342) }, tooMany(200)],
    ['a search of 17 words', { search: 'a '.repeat(17) }, tooMany(16)],
    ['a moment that is in the year 10000 in UTC', { createdTo: '9999-12-31T23:59:59-01:00' }, badUserInput],
  ];
  for (const [what, filter, answer] of filters) {
    yield asStaff(`orders: a filter with ${what}`, [OrdersDocument, { filter }], answer);
    const watch = [CustomerOrdersUpdatedDocument, { customerId: customer.id, filter }] as const;
    yield asCustomer(`customerOrdersUpdated: a filter with ${what}`, watch, answer);
  }
}

function* searchCases(): Generator<Case> {
  const lists = [
    ['customers', CustomersDocument],
    ['products', ProductsDocument],
    ['productsUpdated', ProductsUpdatedDocument],
  ] as const;
  for (const [name, document] of lists) {
    yield asStaff(`${name}: a search of 2 KB`, [document, { search: 'x'.repeat(2_048) }], tooMany(200));
    yield asStaff(
      `${name}: a search of 2 KB of operators and quotes`,
      [document, { search: `'&|!"(`.repeat(342) }],
      tooMany(200),
    );
    yield asStaff(`${name}: a search of 17 words`, [document, { search: 'a '.repeat(17) }], tooMany(16));
  }
}

function* salesCases(): Generator<Case> {
  const currency = 'EUR';
  for (const day of ['', 'today', '2026-11-31', '2026-1-1', '0000-01-01', '2026-11-21T00:00:00Z', 20261121, null]) {
    const spans = [
      { from: day, to: '2026-12-31' },
      { from: '2026-01-01', to: day },
    ];
    for (const span of spans) {
      const shown = JSON.stringify(span);
      yield asStaff(`salesByDay: ${shown}`, [SalesByDayDocument, { ...span, currency }], badUserInput);
      // In topProducts a missing day is no limit.
      if (day === null) continue;
      yield asStaff(`topProducts: ${shown}`, [TopProductsDocument, { ...span, currency }], badUserInput);
    }
  }
  const upsideDown = { from: '2026-02-01', to: '2026-01-31', currency };
  yield asStaff('salesByDay: a span that ends before its start', [SalesByDayDocument, upsideDown], badUserInput);
  yield asStaff('topProducts: a span that ends before its start', [TopProductsDocument, upsideDown], badUserInput);
  yield asStaff('topProducts: no currency', [TopProductsDocument, { currency: 'euro' }], badUserInput);
  for (const [limit, answer] of [
    [0, badUserInput],
    [-1, badUserInput],
    [101, tooMany(100)],
    [10_000, tooMany(100)],
    [2 ** 31, badUserInput],
  ] as const) {
    yield asStaff(`topProducts: ${limit} of them`, [TopProductsDocument, { limit, currency }], answer);
  }
  const day = { from: '2026-01-01', to: '2026-01-01', currency };
  yield asCustomer('salesByDay: by a customer', [SalesByDayDocument, day], forbidden);
  yield asCustomer('topProducts: by a customer', [TopProductsDocument, { currency }], forbidden);
}

function* positionCases({ orders: { draft }, customer }: World): Generator<Case> {
  const hash = '0'.repeat(12);
  const positions = ['', '0', 'now', '0000000000001', `0000000000001-${hash}0`, `0000000000001-${hash.slice(1)}`]
    .concat([`000000000000g-${hash}`, ` 0000000000001-${hash}`, '0000000000001-ABCDEFABCDEF'])
    .map(text => [JSON.stringify(text), text] as const);
  for (const [shown, position] of [...positions, ['7', 7] as const]) {
    const of = { id: draft.id };
    yield asCustomer(`order: at least ${shown}`, [OrderDocument, { ...of, atLeast: position }], badUserInput);
    yield asStaff(`orders: at least ${shown}`, [OrdersDocument, { atLeast: position }], badUserInput);
    yield asCustomer(`orderUpdated: after ${shown}`, [OrderUpdatedDocument, { ...of, after: position }], badUserInput);
    const list = [CustomerOrdersUpdatedDocument, { customerId: customer.id, after: position }] as const;
    yield asCustomer(`customerOrdersUpdated: after ${shown}`, list, badUserInput);
    yield asCustomer(`orderCounts: at least ${shown}`, [OrderCountsDocument, { atLeast: position }], badUserInput);
    yield asStaff(
      `orderCountsUpdated: after ${shown}`,
      [OrderCountsUpdatedDocument, { after: position }],
      badUserInput,
    );
  }
}

function* nothingToWatchCases({ orders, stranger }: World): Generator<Case> {
  const answer = { code: 'NOT_FOUND' };
  const order = (id: string) => [OrderUpdatedDocument, { id }] as const;
  const list = (customerId: string) => [CustomerOrdersUpdatedDocument, { customerId }] as const;
  const profile = (id: string) => [CustomerUpdatedDocument, { id }] as const;
  yield asCustomer('orderUpdated: an unknown order', order(unknown('ord')), answer);
  yield asCustomer("orderUpdated: another customer's order", order(orders.foreign.id), answer);
  yield asStaff('customerUpdated: an unknown customer', profile(unknown('cus')), answer);
  yield asCustomer('customerUpdated: another customer', profile(stranger.id), answer);
  const counts = (customerId: string) => [OrderCountsUpdatedDocument, { customerId }] as const;
  yield asStaff('orderCountsUpdated: an unknown customer', counts(unknown('cus')), answer);
  yield asCustomer('orderCountsUpdated: another customer', counts(stranger.id), answer);
  yield asStaff('customerOrdersUpdated: an unknown customer', list(unknown('cus')), answer);
  yield asCustomer('customerOrdersUpdated: another customer', list(stranger.id), answer);
}
