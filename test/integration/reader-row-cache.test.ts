import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { readCustomers } from '../../src/customer/views/customer-view.ts';
import { eraseCustomer } from '../../src/erase-customer.ts';
import { orderView } from '../../src/order/views/order-view.ts';
import { readOrders, readOrdersAlone } from '../../src/order/views/read-orders.ts';
import { readProducts } from '../../src/product/views/product-view.ts';
import { beginRebuild } from '../../src/projections/generations.ts';
import type { ReadSource } from '../../src/projections/read-entities.ts';
import { rebuild } from '../../src/projections/rebuild.ts';
import { ReaderRowCache, UnchangedRow } from '../../src/projections/reader-row-cache.ts';
import { views } from '../../src/slices.ts';
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

/** A process with an empty row cache. `since` returns the rows that were sent to it since the last call. */
function reader() {
  let sent: string[] = [];
  const lookUp: ReadSource['lookUp'] = async statement => {
    const rows = await node.source.lookUp!(statement);
    for (const one of rows as { readonly row?: string | null; readonly joinedRow?: string | null }[]) {
      for (const text of [one.row, one.joinedRow]) if (text) sent.push(text);
    }
    return rows as never;
  };
  const source: ReadSource = { ...node.source, lookUp, seen: new ReaderRowCache() };
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

test('a process with a row cache reads the same as one without, whatever happens in between', async () => {
  async function readAll(source: ReadSource, cast: Cast) {
    const all = [
      await readOrders(source, cast.orders),
      await readOrdersAlone(source, cast.orders),
      await readCustomers(source, cast.customers),
      await readProducts(source, cast.products),
    ];
    return all.map(({ position, rows, parked }) => ({ position, rows: Object.fromEntries<unknown>(rows), parked }));
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
        const plain = await readAll({ ...node.source, seen: undefined }, cast);
        expect(await readAll(source, cast)).toEqual(plain);
        expect(await readAll(source, cast)).toEqual(plain);
      }
    }),
    { numRuns: 6 },
  );
});
