import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCustomers } from '../../src/customer/views/customer-view.ts';
import type { Position } from '../../src/event-store/position.ts';
import { startOfLog } from '../../src/event-store/position.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import { newId } from '../../src/ids.ts';
import { readOrderByNumber, readOrders } from '../../src/order/views/read-orders.ts';
import { readProducts } from '../../src/product/views/product-view.ts';
import { openBatchedRead } from '../../src/projections/batched-read.ts';
import { StalePositionError } from '../../src/projections/stale-position.ts';
import { plainFold, plainLog, plainRow } from '../support/plain-fold.ts';
import { freshDatabase } from '../support/postgres.ts';
import { statementsOf } from '../support/statements.ts';
import {
  addItem,
  createdOrder,
  onCustomer,
  onOrder,
  onProduct,
  openNode,
  positionOf,
  productOnSale,
  projectAll,
  registeredCustomer,
  type TestNode,
} from '../support/test-node.ts';

/** The row and customer of an order, in the shape of the plain fold. */
async function readOrder(node: TestNode, orderId: string, atLeast?: Position) {
  const { position, rows } = await readOrders(node.source, [orderId], atLeast);
  const found = rows.get(orderId);
  return { position, row: found && plainRow(found.row), customer: found?.joined && plainRow(found.joined) };
}

describe.each([
  [
    'PostgreSQL',
    async () => {
      const database = await freshDatabase();
      return { node: await openNode(database.url), remove: () => database.drop() };
    },
  ],
  [
    'the embedded database',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'orderstream-entities-'));
      return { node: await openNode(undefined, folder), remove: () => rm(folder, { recursive: true }) };
    },
  ],
] as const)('on %s', (name, open) => {
  let node: TestNode;
  let remove: () => Promise<void>;
  let customerId: string;
  let productId: string;
  beforeAll(async () => {
    ({ node, remove } = await open());
    customerId = await registeredCustomer(node, 'Ada');
    productId = await productOnSale(node);
  });
  afterAll(async () => {
    await node.close();
    await remove();
  });

  test('an order is read with all events of the log after each command, however far the views lag', async () => {
    const orderId = await createdOrder(node, customerId, { reference: 'PO 7' });
    const commands = [
      () => addItem(node, orderId, productId, 3),
      () => addItem(node, orderId, productId, 4),
      () => positionOf(onOrder(node, orderId, { type: 'SubmitOrder' })),
      () => positionOf(onOrder(node, orderId, { type: 'CancelOrder', reason: 'by mistake' })),
    ];
    for (const [index, give] of commands.entries()) {
      const reached = await give();
      const { position, row, customer } = await readOrder(node, orderId, reached);
      expect(position).toEqual(reached);
      const fold = plainFold(await plainLog(node.database));
      expect(row).toEqual(fold.orders.get(orderId));
      expect(customer).toEqual(fold.customers.get(customerId));
      // Some commands later the views have caught up partly.
      if (index === 1) await projectAll(node);
    }
    expect((await readOrder(node, orderId)).row).toMatchObject({ status: 'CANCELLED', version: 5, itemCount: 7 });
  });

  test('a new order that is not projected is found by its id and by its number', async () => {
    await projectAll(node);
    const orderId = await createdOrder(node, customerId);
    const { row } = await readOrder(node, orderId);
    expect(row).toMatchObject({ orderId, customerId, status: 'DRAFT', version: 1 });
    const number = row!['number'] as string;
    expect(number).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    expect((await readOrderByNumber(node.source, number)).found?.row).toMatchObject({ orderId, version: 1 });

    await projectAll(node);
    await addItem(node, orderId, productId);
    const { position, found } = await readOrderByNumber(node.source, number);
    expect(found?.row).toMatchObject({ orderId, version: 2 });
    expect(found?.joined).toMatchObject({ customerId, name: 'Ada' });
    expect(position).toEqual(await readHead(node.database));
  });

  test('the customer of an order has their current data, projected or not', async () => {
    const newcomer = await registeredCustomer(node, 'Grace');
    const orderId = await createdOrder(node, newcomer);
    expect((await readOrder(node, orderId)).customer).toMatchObject({ customerId: newcomer, name: 'Grace' });
    await projectAll(node);
    await positionOf(onCustomer(node, newcomer, { type: 'RenameCustomer', name: 'Grace Hopper' }));
    const { row, customer } = await readOrder(node, orderId);
    expect(customer).toMatchObject({ name: 'Grace Hopper', version: 2 });
    expect(row).toMatchObject({ version: 1 });
  });

  test('customers and products are read with all events of the log, however far the views lag', async () => {
    const newcomer = await registeredCustomer(node, 'Joan');
    const product = await productOnSale(node);
    await projectAll(node);
    await positionOf(onCustomer(node, newcomer, { type: 'RenameCustomer', name: 'Joan Clarke' }));
    const change = { type: 'ChangeProduct', price: 9, currency: 'JPY' } as const;
    const head = await positionOf(onProduct(node, product, change));
    const customers = await readCustomers(node.source, [newcomer], head);
    const products = await readProducts(node.source, [product], head);
    const fold = plainFold(await plainLog(node.database));
    expect(plainRow(customers.rows.get(newcomer)!)).toEqual(fold.customers.get(newcomer));
    expect(plainRow(products.rows.get(product)!)).toEqual(fold.products.get(product));
    expect([customers.position, products.position]).toEqual([head, head]);
  });

  test('unknown ids, and ids of another kind, are absent; the position is still the end of the log', async () => {
    const orderId = await createdOrder(node, customerId);
    const head = await readHead(node.database);
    const mixed = await readOrders(node.source, [newId('ord'), orderId, customerId, orderId]);
    expect([...mixed.rows.keys()]).toEqual([orderId]);
    expect(mixed.position).toEqual(head);
    expect(await readOrders(node.source, [])).toMatchObject({ position: head, rows: new Map() });
    expect(await readOrderByNumber(node.source, '0000-0000')).toMatchObject({ position: head, found: undefined });
  });

  describe('a position that does not belong to this log is rejected', () => {
    const foreign: [string, (head: Position) => Position][] = [
      ['the same point, another hash', ({ point }) => ({ point, hash: '0123456789ab' })],
      ['an earlier point, another hash', ({ hash }) => ({ point: 1, hash })],
      ['a point beyond the head', ({ point, hash }) => ({ point: point + 1, hash })],
      ['the greatest point of a token', ({ hash }) => ({ point: 2 ** 52 - 1, hash })],
    ];
    test.each(foreign)('%s', async (_, make) => {
      const orderId = await createdOrder(node, customerId);
      const position = make(await readHead(node.database));
      await expect(readOrders(node.source, [orderId], position)).rejects.toThrow(StalePositionError);
      await expect(readOrders(node.source, [], position)).rejects.toThrow(StalePositionError);
      await expect(readOrderByNumber(node.source, '0000-0000', position)).rejects.toThrow(StalePositionError);
      await expect(readCustomers(node.source, [customerId], position)).rejects.toThrow(StalePositionError);
      await expect(readProducts(node.source, [productId], position)).rejects.toThrow(StalePositionError);
    });
  });

  test('every position that the log has had belongs to this log, including its start', async () => {
    const orderId = await createdOrder(node, customerId);
    const past = (await plainLog(node.database)).map(({ position, hash }): Position => ({ point: position, hash }));
    for (const position of [startOfLog, ...past]) {
      expect((await readOrders(node.source, [orderId], position)).rows.size).toBe(1);
    }
  });

  test('each answer is the log as of its position, while commands are stored and projected', async () => {
    const orderId = await createdOrder(node, customerId);
    const work = { over: false };
    const answers: Awaited<ReturnType<typeof readOrder>>[] = [];
    const points = () => new Set(answers.map(({ position }) => position.point)).size;
    const commands = (async () => {
      for (let round = 0; round < 40 || points() <= 5; round++) {
        await addItem(node, orderId, productId);
        if (round % 7 === 0)
          await positionOf(onCustomer(node, customerId, { type: 'RenameCustomer', name: `${round}` }));
      }
    })().finally(() => (work.over = true));
    const projecting = (async () => {
      while (!work.over) {
        await projectAll(node, 3);
        await nextTurn();
      }
    })();
    while (!work.over) {
      answers.push(await readOrder(node, orderId));
      // The embedded database answers within the same turn of the event loop: commands wait for the next one.
      await nextTurn();
    }
    await Promise.all([commands, projecting]);

    const log = await plainLog(node.database);
    expect(points()).toBeGreaterThan(5);
    for (const { position, row, customer } of answers) {
      expect(log[position.point - 1]?.hash).toBe(position.hash);
      const fold = plainFold(log, position.point);
      expect(row).toEqual(fold.orders.get(orderId));
      expect(customer).toEqual(fold.customers.get(customerId));
    }
  });

  // Statements can only be counted on a connection.
  if (name !== 'PostgreSQL') return;

  test('row, newer events, customer and position are read by one statement', async () => {
    const orderId = await createdOrder(node, customerId);
    await projectAll(node);
    const head = await addItem(node, orderId, productId);
    const reads = [
      () => readOrder(node, orderId, head),
      () => readOrderByNumber(node.source, '0000-0000', head),
      () => readCustomers(node.source, [customerId, newId('cus')], head),
      () => readProducts(node.source, [productId], head),
    ];
    for (const read of reads) {
      const { sql, result } = await statementsOf(async () => read());
      expect(sql).toHaveLength(1);
      expect(result.position).toEqual(head);
    }
  });

  test('all reads of one turn, of any caller, are sent as one statement', async () => {
    const ids = [await createdOrder(node, customerId), await createdOrder(node, customerId)];
    const order = openBatchedRead(asked => readOrders(node.source, asked));
    const { sql, result } = await statementsOf(() => Promise.all([...ids, ids[0]!, newId('ord')].map(order)));
    expect(sql).toHaveLength(1);
    expect(result.map(({ value }) => value?.row.orderId)).toEqual([...ids, ids[0], undefined]);
    // A later request is read later.
    const later = await addItem(node, ids[0]!, productId);
    expect(await order(ids[0]!)).toMatchObject({ position: later, value: { row: { version: 2 } } });
  });
});
