import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CommandAnswer } from '../../src/commands/handle-command.ts';
import { newId } from '../../src/ids.ts';
import { addOrderItemAtCurrentPrice, createOrderAtCurrentPrices } from '../../src/order/graphql/current-prices.ts';
import { readOrders } from '../../src/order/views/read-orders.ts';
import { type Asked, type AskedItem, type Expected, Model, type Request } from '../support/command-model.ts';
import { freshDatabase } from '../support/postgres.ts';
import { type How, nodeOn, onCustomer, onOrder, onProduct, openNode, type TestNode } from '../support/test-node.ts';

const one = (count: number) => fc.nat({ max: count - 1 });
const [order, customer, product, line] = [one(4), one(2), one(3), one(4)];
const quantity = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 5 }) },
  fc.constantFrom(0, -1, 9_999, 10_001),
);
const price = fc.constantFrom(1, 250, 251, 2 ** 41);
const currency = fc.constantFrom('EUR', 'EUR', 'EUR', 'EUR', 'JPY');
const item: fc.Arbitrary<AskedItem> = fc.record({ product, quantity, line });
const of = <Type extends Asked['type']>(type: Type) => fc.constant(type);

const asked: fc.Arbitrary<Asked> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ type: of('register'), customer }) },
  { weight: 2, arbitrary: fc.record({ type: of('addProduct'), product, price, currency }) },
  { weight: 1, arbitrary: fc.record({ type: of('setPrice'), product, price, currency }) },
  { weight: 1, arbitrary: fc.record({ type: of('setAvailable'), product, available: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ type: of('create'), order, customer, items: fc.array(item, { maxLength: 2 }) }) },
  { weight: 12, arbitrary: fc.record({ type: of('add'), order, product, quantity, line }) },
  { weight: 2, arbitrary: fc.record({ type: of('remove'), order, line }) },
  { weight: 3, arbitrary: fc.record({ type: of('setQuantity'), order, line, quantity }) },
  { weight: 3, arbitrary: fc.record({ type: of('submit'), order }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('confirm', 'ship', 'deliver', 'cancel'), order }) },
);

interface Step extends Request {
  readonly node: 0 | 1;
  /** Number of copies that are sent at once, on both nodes. */
  readonly copies: number;
}

const rarely = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const step: fc.Arbitrary<Step> = fc.record({
  asked,
  key: fc.nat({ max: 400 }), // one of a few: some collide with another command, some repeat the same one
  asCustomer: rarely(customer),
  expectedVersion: rarely(fc.nat({ max: 6 })),
  node: fc.constantFrom(0, 1),
  copies: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 3 })),
});

type Nodes = readonly [Pick<TestNode, 'handle' | 'source'>, Pick<TestNode, 'handle' | 'source'>];

/** A separate world, on nodes that many worlds share. */
function openWorld(nodes: Nodes) {
  const ids = (kind: string, count: number) => Array.from({ length: count }, () => newId(kind));
  const [orders, customers, products, lines] = [ids('ord', 4), ids('cus', 2), ids('prd', 3), ids('lin', 4)];
  const keys = ids('evt', 401).map(id => id.slice(4));

  function toItem({ product, quantity, line }: AskedItem) {
    return { lineId: lines[line]!, quantity, productId: products[product]! };
  }

  function send({ asked, key, asCustomer, expectedVersion }: Request, nodeIndex: 0 | 1) {
    const node = nodes[nodeIndex];
    const how: How & { commandHash: string } = {
      commandId: keys[key]!,
      commandHash: createHash('sha256').update(JSON.stringify(asked)).digest('hex'),
      ...(asCustomer === undefined ? {} : { actor: { role: 'customer', subject: customers[asCustomer]! } }),
      ...(expectedVersion === undefined ? {} : { expectedVersion }),
    };
    switch (asked.type) {
      case 'register': {
        const customerId = customers[asked.customer]!;
        return onCustomer(node, customerId, { type: 'RegisterCustomer', customerId, name: 'A', email: 'a@b' }, how);
      }
      case 'addProduct': {
        const productId = products[asked.product]!;
        const { price, currency } = asked;
        return onProduct(node, productId, { type: 'AddProduct', productId, sku: 'S', name: 'P', price, currency }, how);
      }
      case 'setPrice': {
        const { price, currency } = asked;
        return onProduct(node, products[asked.product]!, { type: 'ChangeProduct', price, currency }, how);
      }
      case 'setAvailable': {
        const { available } = asked;
        return onProduct(node, products[asked.product]!, { type: 'ChangeProduct', available }, how);
      }
      case 'create': {
        const orderId = orders[asked.order]!;
        const command = createOrderAtCurrentPrices({
          orderId,
          customerId: customers[asked.customer]!,
          currency: undefined,
          reference: undefined,
          items: asked.items.map(toItem),
        });
        return onOrder(node, orderId, command, how);
      }
      case 'add':
        return onOrder(node, orders[asked.order]!, addOrderItemAtCurrentPrice(toItem(asked)), how);
      case 'remove':
        return onOrder(node, orders[asked.order]!, { type: 'RemoveOrderItem', lineId: lines[asked.line]! }, how);
      case 'setQuantity': {
        const { line, quantity } = asked;
        const command = { type: 'ChangeOrderItemQuantity', lineId: lines[line]!, quantity } as const;
        return onOrder(node, orders[asked.order]!, command, how);
      }
      case 'submit':
        return onOrder(node, orders[asked.order]!, { type: 'SubmitOrder' }, how);
      case 'confirm':
        return onOrder(node, orders[asked.order]!, { type: 'ConfirmOrder' }, how);
      case 'ship':
        return onOrder(
          node,
          orders[asked.order]!,
          { type: 'ShipOrder', carrier: 'DHL', trackingNumber: undefined },
          how,
        );
      case 'deliver':
        return onOrder(node, orders[asked.order]!, { type: 'DeliverOrder' }, how);
      case 'cancel':
        return onOrder(node, orders[asked.order]!, { type: 'CancelOrder', reason: 'no' }, how);
    }
  }
  return { orders, send };
}

function plain(answer: CommandAnswer<{ reason: string }>): Expected {
  switch (answer.type) {
    case 'accepted':
      return { type: 'accepted', version: answer.version, replayed: answer.replayed };
    case 'rejected':
      return { type: 'rejected', reason: answer.rejection.reason };
    case 'version-conflict':
      return { type: 'version-conflict', actualVersion: answer.actualVersion };
    case 'not-found':
    case 'key-reused':
      return { type: answer.type };
    case 'invalid-input':
      throw new Error('The model sends no invalid input');
  }
}

/** The first copy that is executed is the command, the others are repeats; if it is rejected, all are. */
function agreed(answers: readonly Expected[]): Expected {
  const first = answers.find(answer => answer.type === 'accepted' && !answer.replayed) ?? answers[0]!;
  const asRepeat = first.type === 'accepted' ? { ...first, replayed: true } : first;
  const at = answers.indexOf(first);
  for (const [index, answer] of answers.entries()) expect(answer).toEqual(index === at ? first : asRepeat);
  return first;
}

async function agrees(nodes: Nodes, steps: readonly Step[]): Promise<number> {
  const model = new Model();
  const world = openWorld(nodes);
  let sent = 0;
  for (const { node, copies, ...request } of steps) {
    const answers = await Promise.all(
      Array.from({ length: copies + 1 }, (_, copy) => world.send(request, copy % 2 === node ? 0 : 1)),
    );
    sent += answers.length;
    expect(agreed(answers.map(plain))).toEqual(model.answer(request));
  }
  const { rows } = await readOrders(nodes[1].source, world.orders);
  const shown = [...model.orders()].map(([id, expected]) => [world.orders[id], expected]);
  for (const [id, expected] of shown) expect(rows.get(id as string)?.row).toMatchObject(expected as object);
  expect(rows.size).toBe(shown.length);
  return sent;
}

async function runs(nodes: Nodes, worlds: number, steps: number): Promise<number> {
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: steps, maxLength: steps, size: 'max' }), async history => {
      sent += await agrees(nodes, history);
    }),
    { numRuns: worlds, endOnFailure: true },
  );
  return sent;
}

test('10,000 random commands on two nodes, with repeats, copies, keys and versions, are answered as the rules say', async () => {
  const database = await freshDatabase();
  const nodes = await Promise.all([openNode(database.url), openNode(database.url)]);
  try {
    expect(await runs(nodes, 40, 210)).toBeGreaterThan(10_000);
  } finally {
    await Promise.all(nodes.map(node => node.close()));
    await database.drop();
  }
});

test('the same on the embedded database, at small size', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'orderstream-model-'));
  const node = await openNode(undefined, dataDir);
  try {
    await runs([node, nodeOn(node.database)], 4, 100);
  } finally {
    await node.close();
    await rm(dataDir, { recursive: true });
  }
});
