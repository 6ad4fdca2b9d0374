import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCustomerPage, readCustomers } from '../../src/customer/views/customer-view.ts';
import type { Database } from '../../src/database/database.ts';
import { querySettings } from '../../src/database/session-settings.ts';
import { readCustomerTotals } from '../../src/order/views/customer-totals.ts';
import { readOrderCounts } from '../../src/order/views/order-counts.ts';
import type { OrderFilter } from '../../src/order/views/order-filter.ts';
import { readTopProducts } from '../../src/order/views/product-sales.ts';
import {
  type OrderSort,
  readCustomersOrderPages,
  readOrderByNumber,
  readOrderPage,
  readOrders,
} from '../../src/order/views/read-orders.ts';
import { readSalesByDay } from '../../src/order/views/sales-by-day.ts';
import { readProductPage, readProducts } from '../../src/product/views/product-view.ts';
import type { PageRequest } from '../../src/projections/page.ts';
import { crowd, fillViews } from '../support/many-orders.ts';
import { type Plan, planOf, statementsSent } from '../support/plans.ts';
import type { TestNode } from '../support/test-node.ts';
import { useNode } from '../support/use-node.ts';

/** `npm run proof -- plans` uses a million, and writes a report. */
const orders = Number(process.env['PLANS_ORDERS'] ?? 20_000);
const report = process.env['PLANS_REPORT'];
const [pageSize, pageNumber] = [orders > 100_000 ? 20 : 2, 1_000];
const timeoutMs = orders > 100_000 ? 1_800_000 : 300_000;
/** Tables with fewer pages may be scanned. */
const smallTable = 64;
/** Maximum number of pages that a page of a list reads, for any filter, with twenty thousand orders or a million. */
const mostPages = 25_000;
/**
 * The same for a search in the list of one customer by a word of that customer's name. All of their orders match it, so
 * each of them may be read once: the customer of these tests has a tenth of all orders.
 */
const mostOfTheirName = orders / 10 + 3_500;

const { database, node } = useNode();
let client: pg.Client;
/** Numbers of rows of the other tables. */
let large: ReadonlyMap<string, number>;
beforeAll(async () => {
  client = new pg.Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  for (const setting of querySettings) await client.query(`SET ${setting}`);
  await fillViews(client, orders);
  const { rows } = await client.query<{ relname: string; reltuples: number }>(
    `SELECT relname, reltuples FROM pg_class WHERE relkind = 'r' AND relpages >= ${smallTable}`,
  );
  large = new Map(rows.map(row => [row.relname, row.reltuples]));
  if (report === undefined) return;
  await mkdir('proof', { recursive: true });
  const titles = ['list', 'buffers, first page', `buffers, page ${pageNumber}`, 'ms', 'ms', 'indexes'];
  await writeFile(report, `| ${titles.join(' | ')} |\n| ${titles.map(() => '---').join(' | ')} |\n`);
}, timeoutMs);
afterAll(async () => {
  await client.end();
});

async function planned(read: (source: TestNode['source']) => Promise<unknown>): Promise<Plan> {
  const sent = await statementsSent(node.database, (proxied: Database) =>
    read({ database: proxied, types: node.source.types }),
  );
  expect(sent).toHaveLength(1);
  return planOf(client, sent[0]!);
}

/**
 * Large tables that were scanned completely; a scan that ended early does not count. Customers may be scanned if a word
 * is in all of their names: then all of their rows are needed.
 */
function readWhole(plan: Plan): string[] {
  return plan.scanned
    .filter(({ table, rows }) => table !== 'customer_view' && rows >= (large.get(table) ?? Infinity))
    .map(({ table }) => table);
}

function expectIndexed(plan: Plan): void {
  expect(readWhole(plan)).toEqual([]);
  expect(plan.indexes.length).toBeGreaterThan(0);
}

async function expectFew(name: string, maxPages: number, plan: Plan): Promise<void> {
  if (report !== undefined) {
    const cells = [name, plan.buffers, '', plan.milliseconds.toFixed(1), '', plan.indexes.join(' ')];
    await appendFile(report, `| ${cells.join(' | ')} |\n`);
  }
  expectIndexed(plan);
  expect(plan.buffers).toBeLessThanOrEqual(maxPages);
}

type Read = (source: TestNode['source']) => Promise<unknown>;
type Cursor = PageRequest['cursor'];
type ReadPage = (
  source: TestNode['source'],
  request: Pick<PageRequest, 'limit' | 'cursor' | 'direction'>,
) => Promise<Cursor>;

/** The first page and the 1,000th one, or the last one if there are fewer. */
async function expectAlike(
  name: string,
  readPage: ReadPage,
  { direction = 'DESC', most = mostPages }: { direction?: PageRequest['direction']; most?: number } = {},
) {
  const deep = await readPage(node.source, { limit: pageSize * (pageNumber - 1), cursor: undefined, direction });
  const [first, last] = [undefined, deep].map(cursor => (source: TestNode['source']) => {
    return readPage(source, { limit: pageSize, cursor, direction });
  });
  const plans = [await planned(first!), await planned(last!)] as const;
  const cells = [
    plans.map(one => one.buffers),
    plans.map(one => one.milliseconds.toFixed(1)),
    plans[1].indexes.join(' '),
  ];
  if (report !== undefined) await appendFile(report, `| ${[name, ...cells.flat()].join(' | ')} |\n`);
  plans.forEach(expectIndexed);
  // Newest rows lie on one table page each few; old rows lie on pages of their own, and each of the row's lookups reads
  // the levels of its B-tree again. At a million orders a level more than at 40,000: 14.6 pages a row were measured.
  expect(plans[1].buffers, name).toBeLessThanOrEqual(plans[0].buffers * 1.5 + 16 * pageSize + 30);
  for (const { buffers } of plans) expect(buffers, name).toBeLessThanOrEqual(most);
}

function orderPages(customerId: string | undefined, filter: OrderFilter, sort: OrderSort): ReadPage {
  return async (source, request) => {
    const list = { customerId, filter, sort };
    const { rows } = await readOrderPage(source, list, { ...rest, ...request });
    const last = rows.at(-1)?.row;
    return last && { value: sort === 'total' ? last.total : new Date(last[sort]).toISOString(), id: last.orderId };
  };
}

const month = { from: '2022-03-01', to: '2022-03-31' };
const year = { from: '2022-03-15', to: '2023-03-15' };
const rest = { backwards: false, count: false, atLeast: undefined };
const sorts: OrderSort[] = ['createdAt', 'updatedAt', 'total'];
const filters: readonly (readonly [string, OrderFilter])[] = [
  ['all', {}],
  ['in a common state', { statusIn: ['DELIVERED'] }],
  ['in a rare state, mostly of new orders', { statusIn: ['CONFIRMED'] }],
  ['in rare states', { statusIn: ['SUBMITTED', 'CONFIRMED'] }],
  ['in a rare state and a common one', { statusIn: ['CONFIRMED', 'DELIVERED'] }],
  ['of a product', { productId: 'prd_7' }],
  ['of a reference', { reference: 'R400' }],
  ['in a common currency', { currency: 'EUR' }],
  ['in a rare currency', { currency: 'JPY' }],
  ['in an unused currency', { currency: 'XAU' }],
  ['of a year', { createdFrom: '2022-01-01T00:00:00Z', createdTo: '2023-01-01T00:00:00Z' }],
  ['of a day', { createdFrom: '2022-01-01T00:00:00Z', createdTo: '2022-01-02T00:00:00Z' }],
  ['of ids', { idIn: ['ord_c4ca4238-a0b9-2382-0dcc-509a6f75849b'] }],
  ['with a word that all have', { search: ['thing'] }],
  ['with a word that few have', { search: ['w7'] }],
  ['with two words that no order has both', { search: ['w7', 'w8'] }],
  ['of a customer’s name', { search: ['n777'] }],
  ['of the name of a customer with a tenth of all', { search: ['crowd'] }],
  ['of a name that all customers have', { search: ['name'] }],
  ['of a name that all customers have, and a word that few orders have', { search: ['name', 'w7'] }],
  ['of a word that all have, and the name of a customer with a tenth of all', { search: ['thing', 'crowd'] }],
];

/** All pairs of filters that can be combined, as staff narrow their lists. */
const pairs = filters.flatMap(([one, some], place) =>
  filters.slice(place + 1).flatMap(([other, others]): [string, OrderFilter][] => {
    const both = Object.keys(some).some(key => key in others) || Object.keys(some).length === 0;
    return both || Object.keys(others).length === 0 ? [] : [[`${one}, ${other}`, { ...some, ...others }]];
  }),
);

/** Maximum number of pages for a list with two filters: a tenth of all orders, and a constant part. */
const mostOfAPair = Math.min(mostPages, orders / 10 + 3_500);

describe(`at ${orders} orders`, () => {
  for (const sort of sorts) {
    test.each(filters)(
      `a page of orders by ${sort}, %s, uses an index, and the 1,000th costs as much as the first`,
      async (name, filter) => {
        await expectAlike(`orders by ${sort}, ${name}`, orderPages(undefined, filter, sort));
        const isByTheirName = filter.search?.some(word => word === 'crowd' || word === 'name');
        await expectAlike(`a customer's orders by ${sort}, ${name}`, orderPages(crowd, filter, sort), {
          most: isByTheirName ? mostOfTheirName : mostPages,
        });
      },
      timeoutMs,
    );
  }

  test(
    'a page of orders by any two filters, in any order and from either end, reads no more pages than its bound',
    async () => {
      const over: string[] = [];
      for (const [name, filter] of pairs) {
        for (const sort of sorts) {
          for (const direction of ['ASC', 'DESC'] as const) {
            const request = { ...rest, limit: 20, cursor: undefined, direction };
            const plan = await planned(source => readOrderPage(source, { filter, sort }, request));
            const maxPages = filter.search?.includes('crowd') ? Math.max(mostOfAPair, orders / 16) : mostOfAPair;
            const scanned = readWhole(plan);
            if (plan.buffers > maxPages || scanned.length > 0) {
              over.push(`${name}, by ${sort} ${direction}: ${plan.buffers} pages, scanned ${scanned.join(' ')}`);
            }
          }
        }
      }
      expect(over).toEqual([]);
    },
    timeoutMs * 4,
  );

  test.each([
    ['a word that all orders have', ['thing']],
    ['a name that all customers have', ['name']],
    ['both', ['name', 'thing']],
    ['a name that all customers have, and a word that few orders have', ['name', 'w7']],
    ['a word that all orders have, and the name of one customer', ['thing', 'n777']],
    ['words that none has', ['name', 'nowhere']],
  ])(
    'orders are found by %s, whatever their number',
    async (_, search) => {
      const request = { ...rest, limit: 50, cursor: undefined, direction: 'DESC' } as const;
      const { rows, totalCount } = await readOrderPage(
        node.source,
        { filter: { search }, sort: 'total' },
        { ...request, count: true },
      );
      const has = (word: string, place: number): string => {
        const query = `'${word}'${place === search.length - 1 ? ':*' : ''}`.replaceAll("'", "''");
        return `(o.search @@ '${query}' OR k.search @@ '${query}')`;
      };
      const { rows: plain } = await client.query<{ order_id: string }>(
        `SELECT o.order_id FROM order_view o JOIN customer_view k USING (generation, customer_id)
         WHERE ${search.map(has).join(' AND ')} ORDER BY o.total DESC, o.order_id DESC`,
      );
      expect(rows.map(({ row }) => row.orderId)).toEqual(plain.slice(0, 50).map(row => row.order_id));
      expect(totalCount).toBe(plain.length > 10_000 ? null : plain.length);
    },
    timeoutMs,
  );

  test.each<[string, number, OrderFilter]>([
    ['all', 3_000, {}],
    ['in a state', 3_000, { statusIn: ['CONFIRMED'] }],
    ['in a currency', 3_000, { currency: 'JPY' }],
  ])(
    'a page of the orders of each of a hundred customers, %s, uses an index and reads few pages beside its rows',
    async (name, maxPages, filter) => {
      const ids = [crowd, ...Array.from({ length: 99 }, (_, n) => `cus_${1 + n}`)];
      const request = { ...rest, limit: 20, cursor: undefined, direction: 'DESC' } as const;
      for (const sort of sorts) {
        const read: Read = source => readCustomersOrderPages(source, ids, { filter, sort }, request);
        const { rows } = await readCustomersOrderPages(node.source, ids, { filter, sort }, request);
        const found = [...rows.values()].reduce((sum, page) => sum + page.rows.length, 0);
        // For each row: its keys, the row and its customer. In addition: each customer's list, and the crowd's list
        // from its index.
        await expectFew(`of a hundred customers by ${sort}, ${name}`, found * 10 + maxPages, await planned(read));
      }
    },
  );

  test(
    'lists cost as much from the other end',
    async () => {
      for (const sort of sorts) {
        await expectAlike(`orders by ${sort}, ascending`, orderPages(undefined, {}, sort), { direction: 'ASC' });
        await expectAlike(`a customer's orders by ${sort}, ascending`, orderPages(crowd, {}, sort), {
          direction: 'ASC',
        });
      }
    },
    timeoutMs,
  );

  test.each([
    ['all', undefined],
    ['of a word that all have', ['name']],
    ['of a word that few have', ['n777']],
    ['of an e-mail address', ['7', 'exam']],
  ])(
    'a page of customers, %s, uses an index, and the 1,000th costs as much as the first',
    async (name, search) => {
      await expectAlike(`customers, ${name}`, async (source, request) => {
        const { rows } = await readCustomerPage(source, search, { ...rest, ...request });
        const last = rows.at(-1)?.row;
        return last && { value: new Date(last.createdAt).toISOString(), id: last.customerId };
      });
    },
    timeoutMs,
  );

  test.each([
    ['all', undefined],
    ['of a word that all have', ['thing']],
    ['of a word that few have', ['t7']],
  ])(
    'a page of products, %s, uses an index, and the 1,000th costs as much as the first',
    async (name, search) => {
      await expectAlike(`products, ${name}`, async (source, request) => {
        const { rows } = await readProductPage(source, search, { ...rest, ...request });
        const last = rows.at(-1)?.row;
        return last && { value: new Date(last.createdAt).toISOString(), id: last.productId };
      });
    },
    timeoutMs,
  );

  test.each<[string, number, Read]>([
    ['an order', 40, source => readOrders(source, ['ord_c4ca4238-a0b9-2382-0dcc-509a6f75849b'])],
    ['an order by its number', 40, source => readOrderByNumber(source, 'K7Q2-9XF4')],
    ['a customer', 20, source => readCustomers(source, ['cus_7'])],
    ['a product', 20, source => readProducts(source, ['prd_7'])],
  ])('maxPages', async (name, most, read) => {
    await expectFew(name, most, await planned(read));
  });

  test.each<[string, number, Read]>([
    ["a customer's totals", 40, source => readCustomerTotals(source, [crowd])],
    ["the counts of a customer's orders", 30, source => readOrderCounts(source, crowd, undefined)],
    ['the sales of a month', 60, source => readSalesByDay(source, { ...month, currency: 'EUR' }, undefined)],
    ['the best products of all time', 60, source => readTopProducts(source, { limit: 10, currency: 'EUR' }, undefined)],
    // The sum of its days: each product has a row for each day.
    [
      'the best products of a month',
      10_000,
      source => readTopProducts(source, { limit: 10, currency: 'EUR', ...month }, undefined),
    ],
    [
      'the best products of a year and a day',
      15_000,
      source => readTopProducts(source, { limit: 10, currency: 'EUR', ...year }, undefined),
    ],
  ])('maxPages', async (name, maxPages, read) => {
    await expectFew(name, maxPages, await planned(read));
  });

  test('the counts of all orders: a few pages, which need no index', async () => {
    const plan = await planned(source => readOrderCounts(source, undefined, undefined));
    expect(readWhole(plan)).toEqual([]);
    expect(plan.buffers).toBeLessThanOrEqual(10);
  });
});
