import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actor } from '../../src/commands/decider.ts';
import { type CommandAnswer, openHandleCommand } from '../../src/commands/handle-command.ts';
import type { AppendOutcome, AppendRequest } from '../../src/event-store/append-events.ts';
import { UnavailableError } from '../../src/event-store/appender.ts';
import type { RecordedEvent } from '../../src/event-store/recorded-event.ts';
import { newId } from '../../src/ids.ts';
import { orderDecider } from '../../src/order/decider.ts';
import type { OrderCommand } from '../../src/order/domain/commands.ts';
import { addOrderItemAtCurrentPrice, createOrderAtCurrentPrices } from '../../src/order/graphql/current-prices.ts';
import { AddOrderItemDocument, ChangeProductDocument, CreateOrderDocument } from '../generated/graphql.ts';
import { accepted, refusal } from '../support/accepted.ts';
import { startApp } from '../support/app.ts';
import { logFaults } from '../support/log-faults.ts';
import { post } from '../support/post.ts';
import { openShop } from '../support/shop.ts';
import { statementsOf } from '../support/statements.ts';
import {
  createdOrder,
  type How,
  onCustomer,
  onOrder,
  onProduct,
  openNode,
  positionOf,
  productOnSale,
  registeredCustomer,
  type SentOrderCommand,
  type TestNode,
} from '../support/test-node.ts';
import { sql } from '../../src/database/sql.ts';
import { useDatabase } from '../support/use-database.ts';

/** Two nodes on one database. B's cache has the results of its own commands; A changes the log. */
const real = useDatabase();
let a: TestNode;
let b: TestNode;
let customerId: string;
let productId: string;

beforeAll(async () => {
  [a, b] = await Promise.all([openNode(real.url), openNode(real.url)]);
  [customerId, productId] = [await registeredCustomer(a), await productOnSale(a, 250)];
});
afterAll(async () => {
  await Promise.all([a.close(), b.close()]);
});

const submit: OrderCommand = { type: 'SubmitOrder' };
const confirm: OrderCommand = { type: 'ConfirmOrder' };
const cancel: OrderCommand = { type: 'CancelOrder', reason: 'changed my mind' };

function itemOf(product: string, lineId = newId('lin')) {
  return addOrderItemAtCurrentPrice({ lineId, quantity: 1, productId: product });
}

/** A new order without items. */
function emptyOrder(customer: string, orderId = newId('ord')) {
  const input = { orderId, customerId: customer, currency: 'EUR', reference: undefined, items: [] };
  return { orderId, command: createOrderAtCurrentPrices(input) };
}

function rejected(reason: string) {
  return { type: 'rejected', rejection: expect.objectContaining({ reason }) };
}

async function eventsOf(streamType: string, streamId: string): Promise<RecordedEvent[]> {
  return (await a.store.readStream({ streamType, streamId })).events;
}

async function typesOf(orderId: string): Promise<string[]> {
  return (await eventsOf('order', orderId)).map(({ type }) => type);
}

/** Version and position of an accepted command, without the flag that it is a repeat. */
function placeOf<Rejection>(answer: CommandAnswer<Rejection>) {
  if (answer.type !== 'accepted') throw new Error(`rejected: ${JSON.stringify(answer)}`);
  const { version, position } = answer;
  return { version, position };
}

describe('a rejection', () => {
  test('never follows from a stale cache alone', async () => {
    const orderId = await createdOrder(b, customerId);
    await positionOf(onOrder(a, orderId, itemOf(productId)));
    expect(await onOrder(b, orderId, submit)).toMatchObject({ type: 'accepted', version: 3, replayed: false });
  });

  test('follows from the log even if the cache would accept, and nothing is stored', async () => {
    const lineId = newId('lin');
    const orderId = await createdOrder(b, customerId);
    await positionOf(onOrder(b, orderId, itemOf(productId, lineId)));
    await positionOf(onOrder(a, orderId, { type: 'RemoveOrderItem', lineId }));
    expect(await onOrder(b, orderId, submit)).toEqual(rejected('ORDER_EMPTY'));
    expect(await typesOf(orderId)).toEqual(['OrderCreated', 'OrderItemAdded', 'OrderItemRemoved']);
  });

  test('has the reason of the log, not of the cache', async () => {
    const orderId = await createdOrder(b, customerId, { items: [{ productId, quantity: 1 }] });
    await positionOf(onOrder(b, orderId, submit));
    await positionOf(onOrder(a, orderId, cancel));
    expect(await onOrder(b, orderId, itemOf(productId))).toEqual(rejected('ORDER_CANCELLED'));
  });

  test('stores nothing and is not final: the same command is accepted when the state allows it', async () => {
    const orderId = await createdOrder(a, customerId);
    const how = { commandId: randomUUID() };
    expect(await onOrder(a, orderId, submit, how)).toEqual(rejected('ORDER_EMPTY'));
    expect(await typesOf(orderId)).toEqual(['OrderCreated']);
    await positionOf(onOrder(a, orderId, itemOf(productId)));
    expect(await onOrder(a, orderId, submit, how)).toMatchObject({ type: 'accepted', version: 3, replayed: false });
  });

  test('because of a missing stream ends as soon as another node creates the stream', async () => {
    const orderId = newId('ord');
    expect(await onOrder(b, orderId, cancel)).toEqual({ type: 'not-found' });
    await createdOrder(a, customerId, { orderId });
    expect(await onOrder(b, orderId, cancel)).toMatchObject({ type: 'accepted', version: 2 });
  });
});

describe('an order that is not the caller’s', () => {
  const stranger: Actor = { role: 'customer', subject: newId('cus') };
  const lineId = newId('lin');
  const asked: readonly [SentOrderCommand, How][] = [
    [itemOf(newId('prd'), lineId), {}],
    [{ type: 'RemoveOrderItem', lineId }, {}],
    [{ type: 'ChangeOrderItemQuantity', lineId, quantity: 20_000 }, {}],
    [submit, {}],
    [submit, { expectedVersion: 1 }],
    [submit, { expectedVersion: 77 }],
    [cancel, {}],
  ];

  test('is answered like a missing one, for every command, on a warm node and on a cold one', async () => {
    const foreign = await createdOrder(b, customerId);
    const missing = newId('ord');
    for (const [command, how] of asked) {
      for (const node of [a, b]) {
        const answers = [foreign, missing].map(id => onOrder(node, id, command, { ...how, actor: stranger }));
        expect(await Promise.all(answers)).toEqual([{ type: 'not-found' }, { type: 'not-found' }]);
      }
    }
    expect(await typesOf(foreign)).toEqual(['OrderCreated']);
  });

  test('exists for its customer and for staff', async () => {
    const orderId = await createdOrder(a, customerId);
    const owner: Actor = { role: 'customer', subject: customerId };
    expect(await onOrder(b, orderId, itemOf(productId), { actor: owner })).toMatchObject({ type: 'accepted' });
    expect(await onOrder(b, orderId, submit)).toMatchObject({ type: 'accepted' });
  });
});

describe('a repeat of a command', () => {
  test('that was accepted gets the first result, although the state has changed and would reject it now', async () => {
    const orderId = await createdOrder(a, customerId, { items: [{ productId, quantity: 1 }] });
    const how = { commandId: randomUUID() };
    const first = placeOf(await onOrder(a, orderId, submit, how));
    // This node's cache would answer ORDER_NOT_DRAFT; the other node has nothing cached.
    for (const node of [a, b])
      expect(await onOrder(node, orderId, submit, how)).toMatchObject({ ...first, replayed: true });
    await positionOf(onOrder(a, orderId, confirm));
    await positionOf(onOrder(b, orderId, cancel));
    for (const node of [a, b])
      expect(await onOrder(node, orderId, submit, how)).toMatchObject({ ...first, replayed: true });
    expect(await typesOf(orderId)).toEqual([
      'OrderCreated',
      'OrderItemAdded',
      'OrderSubmitted',
      'OrderConfirmed',
      'OrderCancelled',
    ]);
  });

  test('that the current state would accept again has no second effect', async () => {
    const orderId = await createdOrder(b, customerId);
    const [command, how] = [itemOf(productId), { commandId: randomUUID() }];
    const first = placeOf(await onOrder(a, orderId, command, how));
    await positionOf(onOrder(a, orderId, itemOf(productId)));
    // B's cache is still at the first event, A's is up to date.
    for (const node of [b, a, b]) {
      expect(await onOrder(node, orderId, command, how)).toMatchObject({ ...first, replayed: true });
    }
    expect(await typesOf(orderId)).toEqual(['OrderCreated', 'OrderItemAdded', 'OrderItemQuantityChanged']);
  });

  test('that an earlier release stored under another hash gets the first result, and another command does not', async () => {
    const orderId = await createdOrder(a, customerId, { items: [{ productId, quantity: 1 }] });
    await positionOf(onOrder(a, orderId, submit));
    // With personal data, so that the stored hash is keyed; and without.
    const product = { productId, offer: { sku: 'S', name: 'N', price: 1, currency: 'EUR', available: true } };
    const add: OrderCommand = { type: 'AddOrderItem', lineId: newId('lin'), quantity: 1, product };
    for (const [id, command] of [
      [orderId, cancel],
      [await createdOrder(a, customerId), add],
    ] as const) {
      const call = { streamId: id, command, commandId: randomUUID(), correlationId: 'c', now: new Date() };
      const actor: Actor = { role: 'staff', subject: 'anna' };
      const [older, newer, other] = ['0a', '0b', '0c'].map(start => start.repeat(32)) as [string, string, string];
      const send = (node: TestNode, commandHash: string, formerHash?: string) =>
        node.handle(orderDecider, { ...call, actor, commandHash, formerHash });
      const first = placeOf(await send(a, older));
      for (const node of [a, b]) {
        expect(await send(node, newer, older)).toMatchObject({ ...first, replayed: true });
        expect(await send(node, newer)).toEqual({ type: 'key-reused' });
        expect(await send(node, newer, other)).toEqual({ type: 'key-reused' });
      }
    }
  });

  test('with an expected version is no version conflict', async () => {
    const orderId = await createdOrder(a, customerId);
    const [command, how] = [itemOf(productId), { commandId: randomUUID(), expectedVersion: 1 }];
    const first = placeOf(await onOrder(a, orderId, command, how));
    for (const node of [a, b])
      expect(await onOrder(node, orderId, command, how)).toMatchObject({ ...first, replayed: true });
  });

  test('of a command that creates a stream gets the first result', async () => {
    const { orderId, command } = emptyOrder(customerId);
    const how = { commandId: randomUUID() };
    const first = placeOf(await onOrder(a, orderId, command, how));
    for (const node of [a, b]) {
      expect(await onOrder(node, orderId, command, how)).toMatchObject({ ...first, replayed: true });
    }
  });

  test('with other content under the same id is rejected as KEY_REUSED, whatever the state', async () => {
    const orderId = await createdOrder(b, customerId, { items: [{ productId, quantity: 1 }] });
    const how = { commandId: randomUUID() };
    await positionOf(onOrder(a, orderId, submit, how));
    // On A the fresh read decides; on B, whose cache would accept, the append decides.
    for (const node of [a, b])
      expect(await onOrder(node, orderId, itemOf(productId), how)).toEqual({ type: 'key-reused' });
    expect(await typesOf(orderId)).toEqual(['OrderCreated', 'OrderItemAdded', 'OrderSubmitted']);
  });
});

describe('a product that another node has changed', () => {
  /** A product in the catalogue, an order of node B, and B's cache warm with both. */
  async function warm(): Promise<{ product: string; orderId: string }> {
    const product = await productOnSale(b, 250);
    return { product, orderId: await createdOrder(b, customerId, { items: [{ productId: product, quantity: 1 }] }) };
  }

  async function linesOf(orderId: string): Promise<object[]> {
    const events = await eventsOf('order', orderId);
    return events.flatMap(({ type, data }) => (type === 'OrderItemAdded' ? [data] : []));
  }

  test('to be unavailable is never sold', async () => {
    const { product, orderId } = await warm();
    await positionOf(onProduct(a, product, { type: 'ChangeProduct', available: false }));
    expect(await onOrder(b, orderId, itemOf(product))).toEqual(rejected('PRODUCT_UNAVAILABLE'));
    expect(await linesOf(orderId)).toHaveLength(1);
  });

  test('to be available again is sold', async () => {
    const { product, orderId } = await warm();
    await positionOf(onProduct(b, product, { type: 'ChangeProduct', available: false }));
    await positionOf(onProduct(a, product, { type: 'ChangeProduct', available: true }));
    expect(await onOrder(b, orderId, itemOf(product))).toMatchObject({ type: 'accepted' });
  });

  test('to be available again is sold in a new order, when only the product is cached', async () => {
    const { product } = await warm();
    await positionOf(onProduct(b, product, { type: 'ChangeProduct', available: false }));
    await positionOf(onProduct(a, product, { type: 'ChangeProduct', available: true }));
    const orderId = await createdOrder(b, customerId, { items: [{ productId: product, quantity: 1 }] });
    expect(await linesOf(orderId)).toHaveLength(1);
  });

  test.each([
    ['dearer', 400],
    ['cheaper', 100],
  ])('to be %s is sold at its current price', async (_, price) => {
    const { product, orderId } = await warm();
    await positionOf(onProduct(a, product, { type: 'ChangeProduct', price, currency: 'EUR' }));
    expect(await onOrder(b, orderId, itemOf(product))).toMatchObject({ type: 'accepted' });
    expect(await linesOf(orderId)).toMatchObject([{ unitPrice: 250 }, { unitPrice: price }]);
  });

  test('to another currency is rejected in an order of the first currency', async () => {
    const { product, orderId } = await warm();
    await positionOf(onProduct(a, product, { type: 'ChangeProduct', price: 250, currency: 'USD' }));
    expect(await onOrder(b, orderId, itemOf(product))).toEqual(rejected('CURRENCY_MISMATCH'));
  });

  test('by adding it is found', async () => {
    const orderId = await createdOrder(b, customerId);
    const missing = newId('prd');
    expect(await onOrder(b, orderId, itemOf(missing))).toEqual(rejected('PRODUCT_NOT_FOUND'));
    const added = {
      type: 'AddProduct',
      productId: missing,
      sku: 'sku',
      name: 'Tea',
      price: 1,
      currency: 'EUR',
    } as const;
    await positionOf(onProduct(a, missing, added));
    expect(await onOrder(b, orderId, itemOf(missing))).toMatchObject({ type: 'accepted' });
  });

  test('is sold through the API with its current data too: by createOrder and by addOrderItem', async () => {
    const [apiA, apiB] = await Promise.all([
      startApp({ DATABASE_URL: real.url }),
      startApp({ DATABASE_URL: real.url }),
    ]);
    const { staff, customer, productId: sold } = await openShop(apiB.url);
    const items = [{ productId: sold, quantity: 1 }];
    const create = () => post(apiB.url, CreateOrderDocument, { input: { items } }, { token: customer.token });
    const { orderId } = accepted(await create());
    const change = async (to: object) => {
      accepted(await post(apiA.url, ChangeProductDocument, { input: { productId: sold, ...to } }, { token: staff }));
    };

    await change({ price: { amount: '20.00', currency: 'EUR' } });
    accepted(
      await post(apiB.url, AddOrderItemDocument, { input: { orderId, productId: sold } }, { token: customer.token }),
    );
    expect(await linesOf(orderId)).toMatchObject([{ unitPrice: 1_250 }, { unitPrice: 2_000 }]);
    await change({ price: { amount: '30.00', currency: 'EUR' } });
    expect(await linesOf(accepted(await create()).orderId)).toMatchObject([{ unitPrice: 3_000 }]);
    await change({ available: false });
    expect(refusal(await create())).toMatchObject({ reason: 'PRODUCT_UNAVAILABLE' });
    await Promise.all([apiA.stop(), apiB.stop()]);
  });

  test('is sold at its price at that point of the log, and only while it was available, in any race', async () => {
    const product = await productOnSale(a, 1_000);
    const orders = await Promise.all(Array.from({ length: 8 }, () => createdOrder(b, customerId)));
    const change = (n: number) =>
      onProduct(a, product, {
        type: 'ChangeProduct',
        price: 1_001 + n,
        currency: 'EUR',
        ...(n % 5 === 3 ? { available: false } : n % 5 === 4 ? { available: true } : {}),
      });
    const changes = Array.from({ length: 20 }, (_, n) => change(n));
    const sales = Array.from({ length: 80 }, (_, n) => onOrder(b, orders[n % 8]!, itemOf(product)));
    await Promise.all(changes);
    // Otherwise all sales might see only the last price: at least one is stored before the price changes again.
    await Promise.any(sales.map(async sale => placeOf(await sale)));
    await Promise.all(Array.from({ length: 20 }, (_, n) => change(20 + n)));
    const answers = await Promise.all(sales);
    expect(answers.filter(({ type }) => type === 'accepted').length).toBeGreaterThan(8);

    const onOffer = { price: 1_000, available: true };
    let sold = 0;
    for (const event of await a.store.readLog(0, 10_000)) {
      if (event.streamId === product) Object.assign(onOffer, event.data);
      if (event.type !== 'OrderItemAdded' || (event.data as { productId: string }).productId !== product) continue;
      expect({ unitPrice: (event.data as { unitPrice: number }).unitPrice, available: true }).toEqual({
        unitPrice: onOffer.price,
        available: onOffer.available,
      });
      sold++;
    }
    expect(sold).toBeGreaterThan(8);
  });
});

/** A node that records its appends. */
function watchedNode() {
  const sent: { request: AppendRequest; outcome: AppendOutcome }[] = [];
  const handle = openHandleCommand({
    ...b.store,
    append: async (request, deadline) => {
      const outcome = await b.store.append(request, deadline);
      sent.push({ request, outcome });
      return outcome;
    },
  });
  return { node: { ...b, handle }, sent };
}

describe('a customer', () => {
  test('who was registered by another node may order', async () => {
    const customer = newId('cus');
    const { orderId, command } = emptyOrder(customer);
    expect(await onOrder(b, orderId, command)).toEqual(rejected('CUSTOMER_NOT_FOUND'));
    const register = { type: 'RegisterCustomer', customerId: customer, name: 'Ada', email: 'ada@example.com' } as const;
    await positionOf(onCustomer(a, customer, register));
    expect(await onOrder(b, orderId, command)).toMatchObject({ type: 'accepted', version: 1 });
  });

  test('is compared by the append with the version that the decision read, and read again if it has changed', async () => {
    const { node, sent } = watchedNode();
    const customer = await registeredCustomer(node);
    const [registered] = await eventsOf('customer', customer);
    await createdOrder(node, customer);
    const met = { streamType: 'customer', streamId: customer, version: 1, hash: registered!.hash };
    expect(sent.at(-1)).toMatchObject({ request: { reads: [met] }, outcome: { outcome: 'appended' } });

    await positionOf(onCustomer(a, customer, { type: 'RenameCustomer', name: 'Ada King' }));
    await createdOrder(node, customer);
    expect(sent.slice(-2)).toMatchObject([
      { request: { reads: [met] }, outcome: { outcome: 'conflict', version: 0 } },
      { request: { reads: [{ ...met, version: 2, hash: expect.any(String) }] }, outcome: { outcome: 'appended' } },
    ]);
  });
});

describe('an expected version', () => {
  test('that the cache has and the log has passed is a conflict, with the log’s version', async () => {
    const orderId = await createdOrder(b, customerId);
    await positionOf(onOrder(a, orderId, itemOf(productId)));
    expect(await onOrder(b, orderId, itemOf(productId), { expectedVersion: 1 })).toEqual({
      type: 'version-conflict',
      expectedVersion: 1,
      actualVersion: 2,
    });
  });

  test('that the log has reached and the cache has not is no conflict', async () => {
    const orderId = await createdOrder(b, customerId);
    await positionOf(onOrder(a, orderId, itemOf(productId)));
    expect(await onOrder(b, orderId, submit, { expectedVersion: 2 })).toMatchObject({ type: 'accepted', version: 3 });
  });

  test('that neither has reached is answered with the log’s version, not the cache’s', async () => {
    const orderId = await createdOrder(b, customerId);
    await positionOf(onOrder(a, orderId, itemOf(productId)));
    expect(await onOrder(b, orderId, submit, { expectedVersion: 7 })).toMatchObject({ actualVersion: 2 });
    expect(await typesOf(orderId)).toEqual(['OrderCreated', 'OrderItemAdded']);
  });

  test('is checked before the state and before the referenced aggregates', async () => {
    const orderId = await createdOrder(b, customerId);
    const conflict = { type: 'version-conflict', expectedVersion: 9, actualVersion: 1 };
    expect(await onOrder(b, orderId, submit, { expectedVersion: 9 })).toEqual(conflict);
    expect(await onOrder(b, orderId, itemOf(newId('prd')), { expectedVersion: 9 })).toEqual(conflict);
  });
});

describe('many at once, over both nodes:', () => {
  function overBoth<Result>(count: number, run: (node: TestNode, n: number) => Promise<Result>): Promise<Result[]> {
    return Promise.all(Array.from({ length: count }, (_, n) => run(n % 2 === 0 ? a : b, n)));
  }

  /**
   * Retries as a client does that gets UNAVAILABLE because other commands were faster each time: nothing of it is
   * stored then.
   */
  async function untilStored<Answer>(give: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        return await give();
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
      }
    }
  }

  test('100 commands on one order: exactly those that were acknowledged are in its stream', async () => {
    const orderId = await createdOrder(a, customerId);
    const commandIds = Array.from({ length: 100 }, () => randomUUID());
    const answers = await overBoth(100, (node, n) => {
      return untilStored(() => onOrder(node, orderId, itemOf(productId), { commandId: commandIds[n]! }));
    });
    const acknowledged = new Map<number, string>();
    answers.forEach((answer, n) => acknowledged.set(placeOf(answer).version, commandIds[n]!));

    const [created, ...changes] = await eventsOf('order', orderId);
    expect(created!.type).toBe('OrderCreated');
    expect(new Map(changes.map(event => [event.version, event.commandId]))).toEqual(acknowledged);
    expect(changes.map(({ version }) => version)).toEqual(Array.from({ length: 100 }, (_, n) => n + 2));
    // Each raised the one line by one: no update was lost between two commands that read the same state.
    expect(changes.map(({ data }) => (data as { quantity: number }).quantity)).toEqual(
      Array.from({ length: 100 }, (_, n) => n + 1),
    );
  });

  test('20 commands with one expected version: one is accepted, 19 get the conflict', async () => {
    const orderId = await createdOrder(a, customerId);
    const answers = await overBoth(20, node => onOrder(node, orderId, itemOf(productId), { expectedVersion: 1 }));
    expect(answers.filter(({ type }) => type === 'accepted')).toHaveLength(1);
    expect(answers.filter(({ type }) => type !== 'accepted')).toEqual(
      Array.from({ length: 19 }, () => ({ type: 'version-conflict', expectedVersion: 1, actualVersion: 2 })),
    );
    expect(await eventsOf('order', orderId)).toHaveLength(2);
  });

  test('20 commands with one command id: one effect, one result', async () => {
    const orderId = await createdOrder(a, customerId);
    const [command, how] = [itemOf(productId), { commandId: randomUUID() }];
    const answers = await overBoth(20, node => onOrder(node, orderId, command, how));
    expect(new Set(answers.map(answer => JSON.stringify(placeOf(answer)))).size).toBe(1);
    expect(answers.filter(answer => answer.type === 'accepted' && !answer.replayed)).toHaveLength(1);
    expect(await eventsOf('order', orderId)).toHaveLength(2);
  });

  test('20 commands that create the same order: one is accepted, 19 are rejected because it exists', async () => {
    const { orderId, command } = emptyOrder(customerId);
    const answers = await overBoth(20, node => onOrder(node, orderId, command));
    expect(answers.filter(({ type }) => type === 'accepted')).toHaveLength(1);
    expect(answers.filter(({ type }) => type !== 'accepted')).toEqual(
      Array.from({ length: 19 }, () => rejected('ORDER_ALREADY_EXISTS')),
    );
    expect(await eventsOf('order', orderId)).toHaveLength(1);
  });

  test('submits and additions to one order: no item is added after the submit', async () => {
    const orders = await Promise.all(
      Array.from({ length: 10 }, () => createdOrder(a, customerId, { items: [{ productId, quantity: 1 }] })),
    );
    await overBoth(100, (node, n) => onOrder(node, orders[n % 10]!, n >= 40 && n < 50 ? submit : itemOf(productId)));
    for (const orderId of orders) {
      const types = await typesOf(orderId);
      expect(types.indexOf('OrderSubmitted')).toBe(types.length - 1);
    }
  });
});

test('a command on cached streams costs one statement: the append', async () => {
  const orderId = await createdOrder(b, customerId, { items: [{ productId, quantity: 1 }] });
  const { sql, result } = await statementsOf(() => onOrder(b, orderId, itemOf(productId)));
  expect(result).toMatchObject({ type: 'accepted' });
  expect(sql).toEqual([expect.stringContaining('SELECT append_events(')]);
});

test('commands for one stream through one node have no conflicts among themselves', async () => {
  const { node, sent } = watchedNode();
  const orderId = await createdOrder(node, customerId);
  await Promise.all(Array.from({ length: 50 }, () => onOrder(node, orderId, itemOf(productId))));
  expect(sent.map(({ outcome }) => outcome.outcome)).toEqual(Array.from({ length: 51 }, () => 'appended'));
});

test('the log has no fault after all of this', async () => {
  expect(await logFaults(a.database)).toEqual([]);
});

test('a node drops its cache of a log that was replaced by a restore', async () => {
  const orderId = await createdOrder(b, customerId, { items: [{ productId, quantity: 3 }] });
  await a.database.execute(sql`TRUNCATE events`);
  // Another log, in which the order has the same version with other content.
  const restored = await openNode(real.url);
  const customer = await registeredCustomer(restored);
  const product = await productOnSale(restored, 900);
  await createdOrder(restored, customer, { orderId, items: [{ productId: product, quantity: 1 }] });

  expect(await onOrder(b, orderId, itemOf(productId))).toEqual(rejected('PRODUCT_NOT_FOUND'));
  expect(await onOrder(b, orderId, submit)).toMatchObject({ type: 'accepted', version: 3 });
  const [, , submitted] = await eventsOf('order', orderId);
  expect(submitted!.data).toEqual({ total: 900, itemCount: 1, currency: 'EUR' });
  expect(await logFaults(a.database)).toEqual([]);
  await restored.close();
});
