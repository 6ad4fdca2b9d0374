import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { erasePersonalData } from '../../src/commands/erase-personal-data.ts';
import { atTerminal } from '../../src/operator/append-act.ts';
import { emptyKey } from '../../src/event-store/personal-keys.ts';
import { readCustomerPage, readCustomers } from '../../src/customer/views/customer-view.ts';
import type { Query, Statement } from '../../src/database/sql.ts';
import { orderStatuses } from '../../src/order/domain/order.ts';
import type { OrderFilter } from '../../src/order/views/order-filter.ts';
import { orderView } from '../../src/order/views/order-view.ts';
import {
  readCustomersOrderPages,
  readOrderPage,
  readOrders,
  readOrdersAlone,
} from '../../src/order/views/read-orders.ts';
import { readProductPage, readProducts } from '../../src/product/views/product-view.ts';
import { beginRebuild } from '../../src/projections/generations.ts';
import type { PageRequest } from '../../src/projections/page.ts';
import type { ReadSource } from '../../src/projections/read-entities.ts';
import { rebuild } from '../../src/projections/rebuild.ts';
import { ReaderRowCache, UnchangedRow } from '../../src/projections/reader-row-cache.ts';
import { deciders, views } from '../../src/slices.ts';
import { onDatabase } from '../support/on-database.ts';
import { type Cast, histories, openCast } from '../support/random-history.ts';
import {
  addItem,
  createdOrder,
  onCustomer,
  positionOf,
  productOnSale,
  projectAll,
  registeredCustomer,
} from '../support/test-node.ts';
import { useNode } from '../support/use-node.ts';

const { database, node } = useNode();
let customerId: string;
let productId: string;
beforeAll(async () => {
  [customerId, productId] = [await registeredCustomer(node, 'Ada'), await productOnSale(node)];
});

/**
 * A process with an empty row cache. `since` returns the rows that were sent to it since the last call, as JSON; those of
 * pages too.
 */
function reader() {
  let sent: string[] = [];
  const lookUp: Query = async <Row>(statement: Statement) => {
    const rows = await node.database.lookUp<Row>(statement);
    for (const one of rows as { row?: string | null; joinedRow?: string | null; entries?: string }[]) {
      for (const text of [one.row, one.joinedRow]) if (text) sent.push(text);
      const entries = JSON.parse(`[${one.entries ?? ''}]`) as unknown[][];
      for (const part of entries.flat()) if (typeof part === 'object' && part) sent.push(JSON.stringify(part));
    }
    return rows;
  };
  const source: ReadSource = { ...node.source, database: { ...node.database, lookUp }, seen: new ReaderRowCache() };
  const since = () => {
    const before = sent;
    sent = [];
    return before;
  };
  return { source, since };
}

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

const firstPage: PageRequest = {
  limit: 3,
  backwards: false,
  cursor: undefined,
  direction: 'DESC',
  count: false,
  atLeast: undefined,
};

describe('a page that was read before', () => {
  async function readFirst(request: PageRequest = firstPage) {
    const customer = await registeredCustomer(node, 'Bo');
    const ids: string[] = [];
    for (let n = 0; n < 4; n++) ids.unshift(await createdOrder(node, customer));
    await projectAll(node);
    const { source, since } = reader();
    const list = { filter: { customerId: customer }, sort: 'createdAt' } as const;
    const read = () => readOrderPage(source, list, request);
    const first = await read();
    expect(first.rows.map(({ row }) => row.orderId)).toEqual(ids.slice(0, 3));
    expect(first).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    since();
    return { customer, ids, source, first, read, since };
  }

  test('sends no row while none changed, and reports the later position', async () => {
    const { source, first, ids, read, since } = await readFirst();
    await createdOrder(node, customerId);
    const position = await projectAll(node);
    const second = await read();
    expect(second).toEqual({ ...first, position });
    expect(second.rows[0]!.row).toBe(first.rows[0]!.row);
    await readOrdersAlone(source, ids.slice(0, 3)); // the rows are cached for entities too
    expect(since()).toEqual([]);
  });

  test('sends only the rows that are new: after a change, a new order, a deletion and a rename', async () => {
    const { customer, ids, first, read, since } = await readFirst();
    await addItem(node, ids[1]!, productId);
    await projectAll(node);
    const changed = await read();
    expect(changed.rows.map(({ row }) => row.itemCount)).toEqual([0, 1, 0]);
    expect(changed.rows[0]!.row).toBe(first.rows[0]!.row);
    expect(since()).toHaveLength(1);

    const another = await createdOrder(node, customer);
    await projectAll(node);
    expect((await read()).rows.map(({ row }) => row.orderId)).toEqual([another, ids[0], ids[1]]);
    expect(since()).toHaveLength(1);

    await onDatabase(database.url, client => client.query('DELETE FROM order_view WHERE order_id = $1', [another]));
    expect((await read()).rows.map(({ row }) => row.orderId)).toEqual(ids.slice(0, 3));
    since();

    await positionOf(onCustomer(node, customer, { type: 'RenameCustomer', name: 'Dee' }));
    await projectAll(node);
    expect((await read()).rows.map(({ joined }) => joined?.name)).toEqual(['Dee', 'Dee', 'Dee']);
    expect(since().every(text => text.includes('Dee'))).toBe(true);
  });

  test('is read without the customers if they are not requested', async () => {
    const { first, since } = await readFirst({ ...firstPage, joined: false });
    expect(first.rows.map(({ joined }) => joined)).toEqual([undefined, undefined, undefined]);
    expect(since()).toEqual([]);
  });
});

/** All pages of lists that an index has in their order, and one that no index has. */
async function readLists(source: ReadSource, cast: Cast): Promise<unknown[]> {
  const filters: OrderFilter[] = [{}, ...orderStatuses.map(status => ({ statusIn: [status] })), { currency: 'EUR' }];
  const lists = [...filters, ...cast.customers.map(customerId => ({ customerId }))];
  const found: unknown[] = [];
  for (const filter of lists) {
    for (const [direction, backwards] of [
      ['ASC', false],
      ['DESC', true],
    ] as const) {
      let cursor: PageRequest['cursor'];
      do {
        const request = { ...firstPage, direction, backwards, cursor, joined: backwards };
        const page = await readOrderPage(source, { filter, sort: 'createdAt' }, request);
        found.push(page);
        const last = page.rows.at(backwards ? 0 : -1)?.row;
        const isMore = backwards ? page.hasPreviousPage : page.hasNextPage;
        cursor = isMore && last ? { value: last.createdAt, id: last.orderId } : undefined;
      } while (cursor && found.length % 4 !== 0);
    }
  }
  const below = await readCustomersOrderPages(source, cast.customers, { filter: {}, sort: 'createdAt' }, firstPage);
  const customers = await readCustomerPage(source, undefined, firstPage);
  const products = await readProductPage(source, undefined, firstPage);
  return [...found, [...below.rows], customers, products];
}

test('a process with a row cache reads the same as one without, whatever happens in between', async () => {
  async function readAll(source: ReadSource, cast: Cast, withLists: boolean) {
    const all = [
      await readOrders(source, cast.orders),
      await readOrdersAlone(source, cast.orders),
      await readCustomers(source, cast.customers),
      await readProducts(source, cast.products),
    ];
    const lists = withLists ? await readLists(source, cast) : [];
    return [
      ...all.map(({ position, rows, parked }) => ({ position, rows: Object.fromEntries<unknown>(rows), parked })),
      ...lists,
    ];
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
        if (index === 14) {
          const subject = cast.customers[1]!;
          const order = { subject, actor: atTerminal(), now: new Date(), emptyKey };
          await erasePersonalData(node.database, node.handle, deciders, order);
        }
        const withLists = index % 4 === 0;
        const plain = await readAll({ ...node.source, seen: undefined }, cast, withLists);
        expect(await readAll(source, cast, withLists)).toEqual(plain);
        expect(await readAll(source, cast, withLists)).toEqual(plain);
      }
    }),
    { numRuns: 6 },
  );
});
