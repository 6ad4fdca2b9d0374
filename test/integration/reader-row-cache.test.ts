import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPlainCustomerPages, readCustomerPage, readCustomers } from '../../src/customer/views/customer-view.ts';
import { eraseCustomer } from '../../src/erase-customer.ts';
import { orderStatuses } from '../../src/order/domain/order.ts';
import type { OrderFilter } from '../../src/order/views/order-filter.ts';
import { orderView } from '../../src/order/views/order-view.ts';
import { openPlainOrderPages, readOrderPage, readOrders, readOrdersAlone } from '../../src/order/views/read-orders.ts';
import { readProducts } from '../../src/product/views/product-view.ts';
import { beginRebuild } from '../../src/projections/generations.ts';
import type { PageRequest } from '../../src/projections/read-page.ts';
import type { ReadSource } from '../../src/projections/read-entities.ts';
import { rebuild } from '../../src/projections/rebuild.ts';
import { ReaderRowCache, UnchangedRow } from '../../src/projections/reader-row-cache.ts';
import { views } from '../../src/slices.ts';
import { onDatabase } from '../support/on-database.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import {
  addItem,
  type Cast,
  createdOrder,
  histories,
  onCustomer,
  openCast,
  openNode,
  positionOf,
  productOnSale,
  projectAll,
  registeredCustomer,
  type TestNode,
} from '../support/random-history.ts';

let database: TestDatabase;
let node: TestNode;
let customerId: string;
let productId: string;
beforeAll(async () => {
  database = await freshDatabase();
  node = await openNode(database.url);
  [customerId, productId] = [await registeredCustomer(node, 'Ada'), await productOnSale(node)];
});
afterAll(async () => {
  await node.close();
  await database.drop();
});

/**
 * A process with an empty row cache. `since` returns the rows that were sent to it since the last call, `pagesSince` how
 * many rows were sent for each plain page.
 */
function reader() {
  let sent: string[] = [];
  let pages: number[] = [];
  const lookUp: ReadSource['lookUp'] = async statement => {
    const rows = await node.source.lookUp!(statement);
    for (const one of rows as { readonly row?: string | null; readonly joinedRow?: string | null }[]) {
      for (const text of [one.row, one.joinedRow]) if (text) sent.push(text);
    }
    for (const { rows: rowsJson } of rows as { readonly rows?: string | null }[]) {
      if (rowsJson) pages.push((JSON.parse(`[${rowsJson}]`) as unknown[]).length);
    }
    return rows as never;
  };
  const source: ReadSource = { ...node.source, lookUp, seen: new ReaderRowCache() };
  const since = () => {
    const before = sent;
    sent = [];
    return before;
  };
  const pagesSince = () => {
    const before = pages;
    pages = [];
    return before;
  };
  return { source, since, pagesSince };
}

const plainRequest: PageRequest = {
  limit: 2,
  backwards: false,
  cursor: undefined,
  direction: 'DESC',
  count: false,
  atLeast: undefined,
};

describe('a row that was read before', () => {
  let orderId: string;
  beforeAll(async () => {
    orderId = await createdOrder(node, customerId, { items: [{ productId, quantity: 2 }] });
    await projectAll(node);
  });

  async function seen() {
    const { source, since } = reader();
    await readOrders(source, [orderId]);
    expect(since()).toHaveLength(2); // the order and its customer
    return { source, since, read: async () => (await readOrders(source, [orderId])).rows.get(orderId)! };
  }

  test('is sent once while it is unchanged, with or without its customer', async () => {
    const { source, since, read } = await seen();
    const first = await read();
    const alone = (await readOrdersAlone(source, [orderId])).rows.get(orderId)!;
    const customer = (await readCustomers(source, [customerId])).rows.get(customerId)!;
    expect(since()).toEqual([]);
    expect(first.row).toMatchObject({ orderId, itemCount: 2 });
    expect([alone.row, customer]).toEqual([first.row, first.joined]);
  });

  test('is sent again after a command changed it, and its customer is not', async () => {
    const { since, read } = await seen();
    await addItem(node, orderId, productId);
    expect((await read()).row).toMatchObject({ itemCount: 3 }); // folded from the log
    expect(since()).toEqual([]);
    await projectAll(node);
    expect((await read()).row).toMatchObject({ itemCount: 3 });
    expect(since()).toHaveLength(1);
  });

  test('is not sent again because its customer changed', async () => {
    const { since, read } = await seen();
    await positionOf(onCustomer(node, customerId, { type: 'RenameCustomer', name: 'Countess' }));
    await projectAll(node);
    expect((await read()).joined).toMatchObject({ name: 'Countess' });
    expect(since()).toHaveLength(1);
  });

  test('is sent again after a manual change, without any event', async () => {
    const { since, read } = await seen();
    await onDatabase(database.url, client =>
      client.query('UPDATE order_view SET carrier = $2 WHERE order_id = $1', [orderId, 'by hand']),
    );
    expect((await read()).row).toMatchObject({ carrier: 'by hand' });
    expect(since()).toHaveLength(1);
  });

  test('is missing after it was deleted', async () => {
    const gone = await createdOrder(node, customerId);
    await projectAll(node);
    const { source } = reader();
    expect((await readOrders(source, [gone])).rows.has(gone)).toBe(true);
    await onDatabase(database.url, client => client.query('DELETE FROM order_view WHERE order_id = $1', [gone]));
    const { rows } = await readOrders(source, [gone]);
    expect(rows.get(gone)).toBeUndefined();
  });

  // Possible after a restore, or if two generations are written at once: all parts of the mark except one are the
  // same.
  test.each([
    ['another transaction', ([, generation, hash]: string[]) => `1.${generation}.${hash}`],
    ['another generation', ([xmin, , hash]: string[]) => `${xmin}.0.${hash}`],
    ['another log', ([xmin, generation]: string[]) => `${xmin}.${generation}.000000000000`],
  ])('is sent again if it is of %s', async (_, otherMark) => {
    const { source, since, read } = await seen();
    const { mark } = source.seen!.of(orderView, orderId)!;
    source.seen!.keep(orderView, orderId, {
      mark: otherMark(mark.split('.')),
      standing: new UnchangedRow({ orderId, customerId }, 1),
    });
    expect((await read()).row).toMatchObject({ number: expect.any(String) as string });
    expect(since()).toHaveLength(1);
  });
});

describe('a plain page that was read before', () => {
  const request = { ...plainRequest, limit: 3 };

  async function readFirst(name: string) {
    const customer = await registeredCustomer(node, name);
    const ids: string[] = [];
    for (let n = 0; n < 4; n++) ids.unshift(await createdOrder(node, customer));
    await projectAll(node);
    const { source, pagesSince } = reader();
    const readPlain = openPlainOrderPages(source);
    const read = async () => (await readPlain({ filter: { customerId: customer }, sort: 'createdAt' }, request))!;
    const first = await read();
    expect(first.rows.map(({ row }) => row.orderId)).toEqual(ids.slice(0, 3));
    expect(first).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(pagesSince()).toEqual([4]);
    return { customer, ids, first, read, pagesSince };
  }

  test('is not sent again while its rows are unchanged, and remains the same object at a later position', async () => {
    const { first, read, pagesSince } = await readFirst('Bo');
    await createdOrder(node, customerId);
    const position = await projectAll(node);
    const second = await read();
    expect(pagesSince()).toEqual([]);
    expect(second.unchanged).toBe(first.unchanged);
    expect(second.position).toEqual(position);
  });

  test('is read again with only its new rows: after a change, an insert, a delete and a change of the customer', async () => {
    const { customer, ids, first, read, pagesSince } = await readFirst('Cy');
    await addItem(node, ids[1]!, productId);
    await projectAll(node);
    const changed = await read();
    expect(changed.rows.map(({ row }) => row.itemCount)).toEqual([0, 1, 0]);
    expect(changed.rows[0]).toBe(first.rows[0]);
    expect(pagesSince()).toEqual([1]);

    const another = await createdOrder(node, customer);
    await projectAll(node);
    expect((await read()).rows.map(({ row }) => row.orderId)).toEqual([another, ids[0], ids[1]]);
    expect(pagesSince()).toEqual([1]);

    await onDatabase(database.url, client => client.query('DELETE FROM order_view WHERE order_id = $1', [another]));
    expect((await read()).rows.map(({ row }) => row.orderId)).toEqual(ids.slice(0, 3));

    await positionOf(onCustomer(node, customer, { type: 'RenameCustomer', name: 'Dee' }));
    await projectAll(node);
    expect((await read()).rows.map(({ joined }) => joined?.name)).toEqual(['Dee', 'Dee', 'Dee']);
  });
});

/** The first pages of each plain list, with and without customers. Without a row cache, readOrderPage() reads them. */
async function readPlainLists(source: ReadSource, cast: Cast) {
  const lists: OrderFilter[] = [
    {},
    ...cast.customers.map(customerId => ({ customerId })),
    ...orderStatuses.map(status => ({ statusIn: [status] })),
  ];
  const plain = openPlainOrderPages(source);
  const pages = lists.flatMap(filter =>
    (['ASC', 'DESC'] as const).map(async direction => {
      const found: unknown[] = [];
      let cursor: PageRequest['cursor'];
      do {
        const request: PageRequest = { ...plainRequest, direction, cursor, joined: direction === 'ASC' };
        const list = { filter, sort: 'createdAt' } as const;
        const page = await (plain(list, request) ?? readOrderPage(source, list, request));
        found.push(
          page.rows.map(({ row, joined }) => ({ row, joined })),
          page.hasNextPage,
          page.position,
        );
        const last = page.rows.at(-1)?.row;
        cursor = page.hasNextPage && last ? { value: last.createdAt, id: last.orderId } : undefined;
      } while (cursor && found.length < 9);
      return found;
    }),
  );
  const customers = openPlainCustomerPages(source)(plainRequest) ?? readCustomerPage(source, undefined, plainRequest);
  return [...(await Promise.all(pages)), (await customers).rows.map(({ row }) => row)];
}

test('a process with a row cache reads the same as one without, whatever happens in between', async () => {
  async function readAll(source: ReadSource, cast: Cast, withLists: boolean) {
    const all = [
      await readOrders(source, cast.orders),
      await readOrdersAlone(source, cast.orders),
      await readCustomers(source, cast.customers),
      await readProducts(source, cast.products),
    ];
    const lists = withLists ? await readPlainLists(source, cast) : [];
    const entities = all.map(({ position, rows, parked }) => ({
      position,
      rows: Object.fromEntries<unknown>(rows),
      parked,
    }));
    return { lists, entities };
  }

  async function switchGeneration(): Promise<void> {
    await beginRebuild(node.database);
    const retry = () => Promise.reject(new Error('nothing was parked'));
    expect(await rebuild({ ...node, views, retry, onProgress: () => undefined })).toBe('folded');
  }

  const steps = histories(1, { minLength: 20, maxLength: 40 });
  const projected = fc.array(fc.boolean(), { minLength: 20, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(steps, projected, async (given, projects) => {
      const cast = await openCast(node);
      const { source } = reader();
      for (const [index, step] of given.entries()) {
        await step.give(node, cast);
        if (projects[index % projects.length]) await projectAll(node);
        if (index === 8) await switchGeneration();
        if (index === 14) await eraseCustomer(node.database, node.handle, cast.customers[1]!, new Date());
        const withLists = index % 4 === 0;
        const plain = await readAll({ ...node.source, seen: undefined }, cast, withLists);
        expect(await readAll(source, cast, withLists)).toEqual(plain);
        expect(await readAll(source, cast, withLists)).toEqual(plain);
      }
    }),
    { numRuns: 6 },
  );
}, 120_000);
