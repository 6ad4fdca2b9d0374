import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCustomerPage } from '../../src/customer/views/customer-view.ts';
import type { Position } from '../../src/event-store/position.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import { newId } from '../../src/ids.ts';
import { orderStatuses, type OrderStatus } from '../../src/order/domain/order.ts';
import type { OrderFilter } from '../../src/order/views/order-filter.ts';
import type { OrderRow } from '../../src/order/views/order-view.ts';
import { type OrderSort, readCustomersOrderPages, readOrderPage } from '../../src/order/views/read-orders.ts';
import { readProductPage } from '../../src/product/views/product-view.ts';
import type { PageRequest } from '../../src/projections/page.ts';
import { StalePositionError } from '../../src/projections/stale-position.ts';
import { onDatabase } from '../support/on-database.ts';
import { plainFold, plainLog, plainRow } from '../support/plain-fold.ts';
import { freshDatabase } from '../support/postgres.ts';
import { statementsOf } from '../support/statements.ts';
import {
  addItem,
  createdOrder,
  onCustomer,
  onOrder,
  openNode,
  positionOf,
  productOnSale,
  projectAll,
  registeredCustomer,
  type TestNode,
} from '../support/test-node.ts';
import { useNode } from '../support/use-node.ts';

interface List {
  readonly customerId?: string;
  readonly filter: OrderFilter;
  readonly sort: OrderSort;
}

const everything: PageRequest = {
  limit: 1_000,
  backwards: false,
  cursor: undefined,
  direction: 'ASC',
  count: false,
  otherSide: true,
  atLeast: undefined,
};

function cursorOf(row: OrderRow, sort: OrderSort): PageRequest['cursor'] {
  return { value: sort === 'total' ? row.total : new Date(row[sort]).toISOString(), id: row.orderId };
}

/** The pages from one end of the list to the other, in either direction, in the order in which a client reads them. */
async function* pages(
  node: Pick<TestNode, 'source'>,
  list: List,
  request: Pick<PageRequest, 'limit' | 'direction' | 'backwards'>,
): AsyncGenerator<OrderRow[]> {
  for (let cursor: PageRequest['cursor']; ; ) {
    const page = await readOrderPage(node.source, list, { ...everything, ...request, cursor });
    const rows = page.rows.map(({ row }) => row);
    expect(request.backwards ? page.hasNextPage : page.hasPreviousPage).toBe(cursor !== undefined);
    yield request.backwards ? rows.toReversed() : rows;
    if (!(request.backwards ? page.hasPreviousPage : page.hasNextPage)) return;
    expect(rows).toHaveLength(request.limit);
    cursor = cursorOf((request.backwards ? rows[0] : rows.at(-1))!, list.sort);
  }
}

async function visited(...args: Parameters<typeof pages>): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of pages(...args)) ids.push(...page.map(row => row.orderId));
  return ids;
}

interface PlainOrder {
  readonly orderId: string;
  readonly number: string;
  readonly trackingNumber: string | null;
  readonly lines: readonly { readonly productName: string }[];
  readonly customerId: string;
  readonly status: OrderStatus;
  readonly reference: string | null;
  readonly currency: string | null;
  readonly productIds: readonly string[];
  readonly total: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

type Orders = ReturnType<typeof plainFold>['orders'];

async function ordersOf({ database }: TestNode): Promise<Orders> {
  return plainFold(await plainLog(database)).orders;
}

function plainWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Whether every word occurs, the last one at least as a prefix. */
function finds(search: readonly string[], order: PlainOrder, names: ReadonlyMap<string, string>): boolean {
  const { number, reference, trackingNumber, customerId, lines } = order;
  const texts = [number, number.replace('-', ''), reference ?? '', trackingNumber ?? '', names.get(customerId) ?? ''];
  const words = [...texts, ...lines.map(line => line.productName)].flatMap(plainWords);
  return (
    search.length > 0 &&
    search.slice(0, -1).every(word => words.includes(word)) &&
    words.some(word => word.startsWith(search.at(-1)!))
  );
}

/**
 * The expected ids of a list, ascending: filtered and sorted here, independent of src/.
 * @param names of the customers
 */
function expected(
  orders: Orders,
  { customerId, filter, sort }: List,
  names: ReadonlyMap<string, string> = new Map(),
): string[] {
  const { idIn, statusIn, productId, reference, currency, createdFrom, createdTo, search } = filter;
  const kept = ([...orders.values()] as unknown as PlainOrder[]).filter(
    order =>
      [customerId ?? order.customerId, filter.customerId ?? order.customerId].every(id => id === order.customerId) &&
      (idIn?.includes(order.orderId) ?? true) &&
      (statusIn?.includes(order.status) ?? true) &&
      (productId === undefined || order.productIds.includes(productId)) &&
      (reference === undefined || order.reference === reference) &&
      (currency === undefined || order.currency === currency) &&
      (createdFrom === undefined || order.createdAt >= createdFrom) &&
      (createdTo === undefined || order.createdAt < createdTo) &&
      (search === undefined || finds(search, order, names)),
  );
  kept.sort((one, other) => {
    if (one[sort] !== other[sort]) return one[sort] < other[sort] ? -1 : 1;
    return one.orderId < other.orderId ? -1 : 1;
  });
  return kept.map(order => order.orderId);
}

const days = [1, 2, 3, 4].map(day => new Date(Date.UTC(2026, 10, day, 12)));
const references = ['PO 7', "O'Neill", '名前'];

/** Forty orders with few different times and totals, so that the id decides most places in a list. */
async function fill(node: TestNode) {
  const customers = [await registeredCustomer(node, 'Ada Lovelace'), await registeredCustomer(node, 'Grace Thing')];
  const products = [
    await productOnSale(node, 100),
    await productOnSale(node, 250),
    await productOnSale(node, 300, 'JPY'),
  ];
  for (let n = 0; n < 40; n++) {
    const orderId = newId('ord');
    const productId = products[n % 3]!;
    await createdOrder(node, customers[n % 2]!, {
      orderId,
      now: days[n % 4]!,
      ...(n % 5 === 0 ? { reference: references[n % 3]! } : {}),
      items: n % 7 === 0 ? [] : [{ productId, quantity: 1 + (n % 2) }],
    });
    if (n % 4 === 1) await onOrder(node, orderId, { type: 'SubmitOrder' }, { now: days[3]! });
    if (n % 8 === 1) await onOrder(node, orderId, { type: 'ConfirmOrder' }, { now: days[3]! });
    if (n % 9 === 3) await onOrder(node, orderId, { type: 'CancelOrder', reason: 'by mistake' }, { now: days[3]! });
  }
  await projectAll(node);
  return { customers, products };
}

describe.each([
  [
    'PostgreSQL',
    async () => {
      const database = await freshDatabase();
      return { node: await openNode(database.url), remove: () => database.drop() };
    },
    (rows: number) => [1, 7, rows - 1, rows, 1_000],
  ],
  [
    'the embedded database',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'orderstream-pages-'));
      return { node: await openNode(undefined, folder), remove: () => rm(folder, { recursive: true }) };
    },
    () => [7],
  ],
] as const)('pages on %s', (_, open, limits) => {
  let node: TestNode;
  let remove: () => Promise<void>;
  let customers: string[];
  let products: string[];
  beforeAll(async () => {
    ({ node, remove } = await open());
    ({ customers, products } = await fill(node));
  });
  afterAll(async () => {
    await node.close();
    await remove();
  });

  const sorts: OrderSort[] = ['createdAt', 'updatedAt', 'total'];
  for (const sort of sorts) {
    for (const direction of ['ASC', 'DESC'] as const) {
      test.each([
        ['forwards', false],
        ['backwards', true],
      ])(
        `by ${sort} ${direction}, read %s, contain every row once, ties in the order of the ids`,
        async (__, backwards) => {
          for (const customerId of [undefined, customers[0]!]) {
            const list: List = { ...(customerId === undefined ? {} : { customerId }), filter: {}, sort };
            const ascending = expected(await ordersOf(node), list);
            expect(ascending.length).toBe(customerId === undefined ? 40 : 20);
            const way = (direction === 'ASC') !== backwards ? ascending : ascending.toReversed();
            for (const limit of limits(ascending.length)) {
              expect(await visited(node, list, { limit, direction, backwards })).toEqual(way);
            }
          }
        },
      );
    }
  }

  /** The orders of the log, their customers' names, and filters of which most match some orders. */
  async function searchable() {
    const orders = await ordersOf(node);
    const folded = plainFold(await plainLog(node.database)).customers;
    const called = new Map([...folded].map(([id, { name }]) => [id, String(name)]));
    const [someNumber] = [...orders.values()].map(order => String(order['number']).toLowerCase());
    const word = fc.constantFrom(
      'ada',
      'love',
      'grace',
      'thing',
      'thi',
      'po',
      '7',
      'o',
      'neill',
      '名前',
      '名',
      'nothing',
    );
    const inNumber = fc.constantFrom(someNumber!.slice(0, 4), someNumber!.slice(5), someNumber!.replace('-', ''));
    const day = fc.constantFrom(...days, new Date(days[1]!.getTime() + 1), new Date(days[1]!.getTime() - 1));
    const parts: { [Part in keyof OrderFilter]-?: fc.Arbitrary<OrderFilter[Part]> } = {
      idIn: fc.subarray([...orders.keys(), newId('ord')]),
      statusIn: fc.subarray([...orderStatuses]),
      customerId: fc.constantFrom(...customers, newId('cus')),
      productId: fc.constantFrom(...products, newId('prd')),
      reference: fc.constantFrom(...references, 'PO 8', "' OR true --"),
      currency: fc.constantFrom('EUR', 'JPY', 'USD'),
      createdFrom: day.map(at => at.toISOString()),
      createdTo: day.map(at => at.toISOString()),
      search: fc.array(fc.oneof({ weight: 6, arbitrary: word }, { weight: 1, arbitrary: inNumber }), { maxLength: 2 }),
    };
    const names = Object.keys(parts) as (keyof OrderFilter)[];
    // All filters together would match nothing.
    const some = fc.tuple(fc.subarray(names, { maxLength: 2 }), fc.boolean());
    const filters: fc.Arbitrary<OrderFilter> = some.chain(([others, isSearch]) => {
      const chosen = [...new Set(isSearch ? [...others, 'search' as const] : others)];
      return fc.record(Object.fromEntries(chosen.map(name => [name, parts[name]]))) as fc.Arbitrary<OrderFilter>;
    });
    return { orders, called, filters };
  }

  test('with any filter contain exactly the orders of the log that match, and the count is their number', async () => {
    const { orders, called, filters } = await searchable();
    const owner = fc.option(fc.constantFrom(...customers), { nil: undefined, freq: 2 });
    let [found, searched] = [0, 0];
    await fc.assert(
      fc.asyncProperty(filters, owner, fc.constantFrom(...sorts), async (filter, customerId, sort) => {
        const list: List = { ...(customerId === undefined ? {} : { customerId }), filter, sort };
        const ascending = expected(orders, list, called);
        expect(await visited(node, list, { limit: 6, direction: 'ASC', backwards: false })).toEqual(ascending);
        const back = await visited(node, list, { limit: 4, direction: 'ASC', backwards: true });
        expect(back).toEqual(ascending.toReversed());
        const { totalCount } = await readOrderPage(node.source, list, { ...everything, limit: 1, count: true });
        expect(totalCount).toBe(ascending.length);
        if (ascending.length > 0) found++;
        if (ascending.length > 0 && filter.search !== undefined) searched++;
      }),
      { numRuns: 150 },
    );
    expect(found).toBeGreaterThan(10);
    expect(searched).toBeGreaterThan(0);
  });

  test('report correctly whether there are rows before and after them, also for a cursor of another list', async () => {
    const { orders, called, filters } = await searchable();
    const all = [...orders.values()] as unknown as OrderRow[];
    const owner = fc.option(fc.constantFrom(...customers), { nil: undefined });
    const direction = fc.constantFrom('ASC' as const, 'DESC' as const);
    const some = fc.record({ limit: fc.nat(5), direction, backwards: fc.boolean(), at: fc.constantFrom(...all) });
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(filters, owner, fc.constantFrom(...sorts), some, async (filter, customerId, sort, asked) => {
        const list: List = { ...(customerId === undefined ? {} : { customerId }), filter, sort };
        const { at, limit, direction, backwards } = asked;
        const ascending = expected(orders, list, called);
        const inOrder = direction === 'ASC' ? ascending : ascending.toReversed();
        // The cursor's place among all orders: the list may or may not contain its order.
        const everyOrder = expected(orders, { filter: {}, sort });
        const places = new Map((direction === 'ASC' ? everyOrder : everyOrder.toReversed()).map((id, n) => [id, n]));
        const place = (id: string): number => places.get(id)!;
        const beyond = inOrder.filter(id =>
          backwards ? place(id) < place(at.orderId) : place(id) > place(at.orderId),
        );
        const other = inOrder.length > beyond.length;
        const request = { ...everything, limit, direction, backwards, cursor: cursorOf(at, sort) };
        const page = await readOrderPage(node.source, list, request);
        expect(page.rows.map(({ row }) => row.orderId)).toEqual(
          backwards ? beyond.slice(Math.max(0, beyond.length - limit)) : beyond.slice(0, limit),
        );
        const more = beyond.length > limit;
        expect([page.hasPreviousPage, page.hasNextPage]).toEqual(backwards ? [more, other] : [other, more]);
        seen.add(`${other} ${more}`);
        const unasked = await readOrderPage(node.source, list, { ...request, otherSide: false });
        expect(backwards ? unasked.hasNextPage : unasked.hasPreviousPage).toBe(undefined);
      }),
      { numRuns: 200 },
    );
    expect(seen.size).toBe(4);
  });

  test('of several customers, read by one statement, equal those that are read for each one', async () => {
    const { orders, filters } = await searchable();
    const all = [...orders.values()] as unknown as OrderRow[];
    const some = fc.record({
      limit: fc.nat(5),
      direction: fc.constantFrom('ASC' as const, 'DESC' as const),
      backwards: fc.boolean(),
      at: fc.option(fc.constantFrom(...all), { nil: undefined }),
      count: fc.boolean(),
      otherSide: fc.boolean(),
    });
    const owners = [...customers, newId('cus')];
    let rows = 0;
    await fc.assert(
      fc.asyncProperty(filters, fc.constantFrom(...sorts), some, async (filter, sort, { at, ...asked }) => {
        const request = { ...everything, ...asked, cursor: at && cursorOf(at, sort) };
        const together = await readCustomersOrderPages(node.source, owners, { filter, sort }, request);
        expect([...together.rows.keys()]).toEqual(owners);
        for (const customerId of owners) {
          const alone = await readOrderPage(node.source, { customerId, filter, sort }, request);
          expect(together.rows.get(customerId)).toEqual(alone);
          rows += alone.rows.length;
        }
      }),
      { numRuns: 150 },
    );
    expect(rows).toBeGreaterThan(100);
  });

  test('in the order of creation contain every row once while orders are added and changed between them', async () => {
    for (const direction of ['ASC', 'DESC'] as const) {
      const list: List = { customerId: customers[0]!, filter: {}, sort: 'createdAt' };
      const before = expected(await ordersOf(node), list);
      const met: string[] = [];
      for await (const page of pages(node, list, { limit: 5, direction, backwards: false })) {
        met.push(...page.map(row => row.orderId));
        // One change on either side of the cursor, and one in the page that was just read.
        const now = days[1]!;
        await createdOrder(node, customers[0]!, { now: direction === 'ASC' ? days[0]! : days[3]! });
        await createdOrder(node, customers[0]!, { now });
        await onOrder(node, before[0]!, { type: 'SubmitOrder' });
        for (const orderId of [page.at(-1)!.orderId, before.at(-1)!, before[before.length >> 1]!]) {
          await onOrder(node, orderId, { type: 'CancelOrder', reason: 'by mistake' });
        }
        await projectAll(node);
      }
      expect(new Set(met).size).toBe(met.length);
      expect(met.filter(id => before.includes(id)).toSorted()).toEqual(before.toSorted());
    }
  });

  test('of customers and products contain every row once', async () => {
    for (const backwards of [false, true]) {
      const fold = plainFold(await plainLog(node.database));
      const request = { ...everything, limit: 1_000, backwards, direction: 'DESC' as const, count: true };
      const someCustomers = await readCustomerPage(node.source, undefined, request);
      expect(new Map(someCustomers.rows.map(({ row }) => [row.customerId, plainRow(row)]))).toEqual(fold.customers);
      const someProducts = await readProductPage(node.source, undefined, request);
      expect(new Map(someProducts.rows.map(({ row }) => [row.productId, plainRow(row)]))).toEqual(fold.products);
      expect([someCustomers.totalCount, someProducts.totalCount]).toEqual([fold.customers.size, fold.products.size]);
    }
  });

  test('beyond the last row, or of an empty list, are empty and have a position', async () => {
    const list: List = { filter: {}, sort: 'total' };
    const beyond = { value: Number.MAX_SAFE_INTEGER, id: newId('ord') };
    const head = await projectAll(node);
    const empty = { rows: [], hasNextPage: false, totalCount: undefined, position: head };
    expect(await readOrderPage(node.source, list, { ...everything, cursor: beyond })).toMatchObject(empty);
    const nobody = { ...list, customerId: newId('cus') };
    expect(await readOrderPage(node.source, nobody, { ...everything, count: true })).toMatchObject({
      ...empty,
      totalCount: 0,
    });
    expect(await readOrderPage(node.source, list, { ...everything, limit: 0 })).toMatchObject({
      rows: [],
      hasNextPage: true,
      position: head,
    });
  });

  test('that are requested at a position of another log are rejected', async () => {
    const { point, hash } = await readHead(node.database);
    const foreign: Position[] = [
      { point, hash: '0123456789ab' },
      { point: point + 1, hash },
    ];
    for (const atLeast of foreign) {
      const request = { ...everything, atLeast };
      await expect(readOrderPage(node.source, { filter: {}, sort: 'total' }, request)).rejects.toThrow(
        StalePositionError,
      );
    }
    const own = { ...everything, atLeast: { point, hash } };
    expect((await readOrderPage(node.source, { filter: {}, sort: 'total' }, own)).rows.length).toBeGreaterThan(0);
  });
});

test('pages contain every row once, ties in the order of the ids, whatever plan the database chooses', async () => {
  const database = await freshDatabase();
  const name = new URL(database.url).pathname.slice(1);
  await onDatabase(database.url, client =>
    client.query(
      `ALTER DATABASE ${name} SET enable_indexscan = off; ALTER DATABASE ${name} SET enable_bitmapscan = off`,
    ),
  );
  const node = await openNode(database.url);
  try {
    await fill(node);
    for (const sort of ['createdAt', 'updatedAt', 'total'] as const) {
      const list: List = { filter: {}, sort };
      const ascending = expected(await ordersOf(node), list);
      for (const limit of [3, 1_000]) {
        expect(await visited(node, list, { limit, direction: 'ASC', backwards: false })).toEqual(ascending);
        expect(await visited(node, list, { limit, direction: 'ASC', backwards: true })).toEqual(ascending.toReversed());
      }
    }
  } finally {
    await node.close();
    await database.drop();
  }
});

describe('one statement', () => {
  const { database, node } = useNode();
  let customerId: string;
  beforeAll(async () => {
    customerId = await registeredCustomer(node, 'Ada');
  });

  test('reads rows, customers and position; it counts only if requested', async () => {
    await createdOrder(node, customerId);
    const position = await projectAll(node);
    const list: List = { customerId, filter: { statusIn: ['DRAFT'] }, sort: 'updatedAt' };
    for (const count of [false, true]) {
      const { sql, result } = await statementsOf(() => {
        return readOrderPage(node.source, list, { ...everything, count, atLeast: position });
      });
      expect(sql).toHaveLength(1);
      expect(/\bcount\(\*\)/.test(sql[0]!)).toBe(count);
      expect(result).toMatchObject({
        rows: [{ row: { customerId }, joined: { customerId, name: 'Ada' } }],
        position,
        totalCount: count ? 1 : undefined,
      });
    }
  });

  test('reads rows as of the page’s position, while events are stored and projected', async () => {
    const productId = await productOnSale(node);
    const work = { over: false };
    const read: Awaited<ReturnType<typeof readOrderPage>>[] = [];
    const points = () => new Set(read.map(page => page.position.point)).size;
    const commands = (async () => {
      const orders: string[] = [];
      for (let round = 0; round < 60 || points() <= 10; round++) {
        if (round % 3 === 0) orders.push(await createdOrder(node, customerId));
        await addItem(node, orders[(round * 5) % orders.length]!, productId);
        if (round % 6 === 0)
          await positionOf(onCustomer(node, customerId, { type: 'RenameCustomer', name: `${round}` }));
      }
    })().finally(() => (work.over = true));
    const projecting = (async () => {
      while (!work.over) await projectAll(node, 2);
    })();
    const list: List = { customerId, filter: {}, sort: 'updatedAt' };
    const request = { ...everything, limit: 4, direction: 'DESC', count: true } as const;
    while (!work.over) read.push(await readOrderPage(node.source, list, request));
    await Promise.all([commands, projecting]);

    expect(points()).toBeGreaterThan(10);
    const log = await plainLog(node.database);
    for (const { rows, position, totalCount } of read) {
      expect(log[position.point - 1]?.hash).toBe(position.hash);
      const fold = plainFold(log, position.point);
      const ids = expected(fold.orders, list).toReversed();
      expect(rows.map(({ row }) => row.orderId)).toEqual(ids.slice(0, 4));
      expect(totalCount).toBe(ids.length);
      for (const { row, joined } of rows) {
        expect(plainRow(row)).toEqual(fold.orders.get(row.orderId));
        expect(plainRow(joined!)).toEqual(fold.customers.get(customerId));
      }
    }
  });

  test('reads rows of one generation, while another one replaces it', async () => {
    const { point, hash } = await projectAll(node);
    const reference = { 1: null, 2: 'of the second' } as const;
    await onDatabase(database.url, async client => {
      await client.query(`
        INSERT INTO checkpoints (group_name, generation, live, retired, position, hash)
          SELECT group_name, 2, false, true, 1, 'abcdefabcdef' FROM checkpoints WHERE live;
        CREATE TEMP TABLE copy AS SELECT * FROM order_view; UPDATE copy SET generation = 2, reference = 'of the second';
        INSERT INTO order_view SELECT * FROM copy;
        CREATE TEMP TABLE lists AS SELECT * FROM customer_order_view; UPDATE lists SET generation = 2;
        INSERT INTO customer_order_view SELECT * FROM lists`);
      const work = { over: false };
      const seen = new Set<number>();
      const switching = (async () => {
        for (let round = 0; round < 60 || seen.size < 2; round++) {
          // One after the other: no two may be live at the same time.
          await client.query(`BEGIN; UPDATE checkpoints SET live = false, retired = true WHERE generation = ${2 - (round % 2)};
            UPDATE checkpoints SET live = true, retired = false WHERE generation = ${1 + (round % 2)}; COMMIT`);
        }
      })().finally(() => (work.over = true));
      while (!work.over) {
        const page = await readOrderPage(node.source, { customerId, filter: {}, sort: 'createdAt' }, everything);
        const generation = page.position.point === 1 ? 2 : 1;
        seen.add(generation);
        expect(page.position).toEqual(generation === 1 ? { point, hash } : { point: 1, hash: 'abcdefabcdef' });
        expect(page.rows.length).toBeGreaterThan(0);
        expect(new Set(page.rows.map(({ row }) => row.orderId)).size).toBe(page.rows.length);
        for (const { row } of page.rows) expect(row.reference).toBe(reference[generation]);
      }
      await switching;
      expect(seen).toEqual(new Set([1, 2]));
      await client.query(`BEGIN; UPDATE checkpoints SET live = false, retired = true;
        UPDATE checkpoints SET live = true, retired = false WHERE generation = 1; COMMIT;
        DELETE FROM order_view WHERE generation = 2; DELETE FROM customer_order_view WHERE generation = 2`);
    });
  });

  test('counts up to 10,000, and returns null beyond', async () => {
    const crowded = newId('cus');
    const insert = (from: number, to: number) =>
      onDatabase(database.url, client =>
        client.query(
          `INSERT INTO customer_order_view (generation, order_id, customer_id, status, total, created_at,
             updated_at, position)
           SELECT 1, 'ord_' || n, $1, 'DRAFT', 0, now(), now(), 1
           FROM generate_series($2::int, $3::int) n`,
          [crowded, from, to],
        ),
      );
    const list: List = { filter: { customerId: crowded }, sort: 'createdAt' };
    const count = async () =>
      (await readOrderPage(node.source, list, { ...everything, limit: 1, count: true })).totalCount;
    await insert(1, 10_000);
    expect(await count()).toBe(10_000);
    await insert(10_001, 10_001);
    expect(await count()).toBe(null);
  });
});
