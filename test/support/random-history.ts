import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { CommandAnswer } from '../../src/commands/handle-command.ts';
import { newId } from '../../src/ids.ts';
import type { OrderCommand } from '../../src/order/domain/commands.ts';
import { addOrderItemAtCurrentPrice, createOrderAtCurrentPrices } from '../../src/order/graphql/current-prices.ts';
import {
  type Handling,
  type How,
  newItem,
  onCustomer,
  onOrder,
  onProduct,
  positionOf,
  type SentOrderCommand,
} from './test-node.ts';

/** The ids of one history: few, so that commands meet the same orders, lines and products. */
export interface Cast {
  readonly orders: readonly string[];
  readonly customers: readonly string[];
  readonly products: readonly string[];
  readonly lines: readonly string[];
  readonly commandIds: readonly string[];
}

/** One command, by a given actor, on one node. */
export interface Step {
  readonly node: number;
  readonly give: (node: Handling, cast: Cast) => Promise<CommandAnswer<unknown>>;
}

type Give = Step['give'];

const [orders, customers, products, lines, commandIds] = [6, 3, 4, 5, 12];
const one = (count: number) => fc.nat({ max: count - 1 });
const [order, customer, product, line] = [one(orders), one(customers), one(products), one(lines)];
const quantity = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 9 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 10_000, 10_001) },
);
const price = fc.constantFrom(0, 1, 199, 250, 2 ** 40);
const currency = fc.constantFrom('EUR', 'EUR', 'EUR', 'JPY');
const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).filter(chosen => !chosen.includes('\0')),
  fc.constantFrom('PO 7', "O'Neill", '"quoted"', '名前', '\\', 'null'),
);
const item = fc.record({ product, line, quantity });

interface Manner {
  readonly actor: number | undefined;
  readonly commandId: { readonly shared: number } | { readonly own: number } | undefined;
  readonly expectedVersion: number | undefined;
  readonly skew: number;
}

function nowAndThen<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

/** With its own key, a step that is sent twice is a repeat; with one of a few keys, it collides with other commands. */
const commandId = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  { weight: 5, arbitrary: fc.nat().map(own => ({ own })) },
  { weight: 4, arbitrary: one(commandIds).map(shared => ({ shared })) },
);

/** Mostly staff, sometimes a customer; different clocks; often a key, sometimes a guessed version. */
const manner: fc.Arbitrary<Manner> = fc.record({
  actor: nowAndThen(customer),
  commandId,
  expectedVersion: nowAndThen(fc.integer({ min: 0, max: 6 })),
  skew: fc.integer({ min: -3_000, max: 3_000 }),
});

function how({ actor, commandId, expectedVersion, skew }: Manner, cast: Cast): How {
  return {
    ...(actor === undefined ? {} : { actor: { role: 'customer', subject: cast.customers[actor]! } }),
    ...(commandId === undefined ? {} : { commandId: keyOf(commandId, cast) }),
    ...(expectedVersion === undefined ? {} : { expectedVersion }),
    now: new Date(Date.now() + skew),
  };
}

function keyOf(key: NonNullable<Manner['commandId']>, { commandIds }: Cast): string {
  if ('shared' in key) return commandIds[key.shared]!;
  return commandIds[0]!.slice(0, -12) + key.own.toString(16).padStart(12, '0');
}

function toItem(chosen: { product: number; line: number; quantity: number }, cast: Cast) {
  return newItem(cast.products[chosen.product]!, chosen.quantity, cast.lines[chosen.line]);
}

const registerCustomer = fc.tuple(customer, text, manner).map(
  ([who, name, by]): Give =>
    (node, cast) => {
      const customerId = cast.customers[who]!;
      const command = { type: 'RegisterCustomer', customerId, name, email: `${who}@example.com` } as const;
      return onCustomer(node, customerId, command, how(by, cast));
    },
);
const renameCustomer = fc.tuple(customer, text, manner).map(
  ([who, name, by]): Give =>
    (node, cast) =>
      onCustomer(node, cast.customers[who]!, { type: 'RenameCustomer', name }, how(by, cast)),
);
const addProduct = fc.tuple(product, text, price, currency, manner).map(([what, name, cost, unit, by]): Give => {
  return (node, cast) => {
    const productId = cast.products[what]!;
    const command = { type: 'AddProduct', productId, sku: `SKU-${what}`, name, price: cost, currency: unit } as const;
    return onProduct(node, productId, command, how(by, cast));
  };
});
const productChange = fc.oneof(
  fc.record({ name: text }),
  fc.record({ available: fc.boolean() }),
  fc.record({ price, currency }),
  fc.record({ name: text, available: fc.boolean(), price, currency }),
);
const changeProduct = fc.tuple(product, productChange, manner).map(
  ([what, change, by]): Give =>
    (node, cast) =>
      onProduct(node, cast.products[what]!, { type: 'ChangeProduct', ...change }, how(by, cast)),
);
const createOrder = fc
  .tuple(
    order,
    customer,
    fc.option(currency, { nil: undefined }),
    fc.option(text, { nil: undefined }),
    fc.array(item, { maxLength: 3 }),
    manner,
  )
  .map(([which, who, unit, reference, items, by]): Give => {
    return (node, cast) => {
      const orderId = cast.orders[which]!;
      const command = createOrderAtCurrentPrices({
        orderId,
        customerId: cast.customers[who]!,
        currency: unit,
        reference,
        items: items.map(chosen => toItem(chosen, cast)),
      });
      return onOrder(node, orderId, command, how(by, cast));
    };
  });

type Make = (cast: Cast) => SentOrderCommand;

const change: fc.Arbitrary<Make> = fc.oneof(
  {
    weight: 8,
    arbitrary: item.map(
      (chosen): Make =>
        cast =>
          addOrderItemAtCurrentPrice(toItem(chosen, cast)),
    ),
  },
  {
    weight: 2,
    arbitrary: line.map(
      (which): Make =>
        cast => ({ type: 'RemoveOrderItem', lineId: cast.lines[which]! }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(line, quantity).map(([which, units]): Make => {
      return cast => ({ type: 'ChangeOrderItemQuantity', lineId: cast.lines[which]!, quantity: units });
    }),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom<OrderCommand>(
        { type: 'SubmitOrder' },
        { type: 'SubmitOrder' },
        { type: 'ConfirmOrder' },
        { type: 'ShipOrder', carrier: 'DHL', trackingNumber: 'T 1' },
        { type: 'ShipOrder', carrier: 'Post', trackingNumber: undefined },
        { type: 'DeliverOrder' },
      )
      .map(
        (command): Make =>
          () =>
            command,
      ),
  },
  {
    weight: 1,
    arbitrary: text.map(
      (reason): Make =>
        () => ({ type: 'CancelOrder', reason }),
    ),
  },
);
const changeOrder = fc.tuple(order, change, manner).map(
  ([which, command, by]): Give =>
    (node, cast) =>
      onOrder(node, cast.orders[which]!, command(cast), how(by, cast)),
);

const anything: fc.Arbitrary<Give> = fc.oneof(
  { weight: 1, arbitrary: registerCustomer },
  { weight: 1, arbitrary: renameCustomer },
  { weight: 1, arbitrary: addProduct },
  { weight: 2, arbitrary: changeProduct },
  { weight: 3, arbitrary: createOrder },
  { weight: 10, arbitrary: changeOrder },
);

/** Random commands for a number of nodes, valid and invalid ones; some are sent a second time on any node. */
export function histories(nodes: number, length: { minLength: number; maxLength: number }): fc.Arbitrary<Step[]> {
  const again = fc.option(one(nodes), { freq: 2, nil: undefined });
  const step = fc.tuple(one(nodes), anything, again);
  return fc.array(step, length).map(steps => {
    return steps.flatMap(([node, give, again]) => {
      return again === undefined ? [{ node, give }] : [node, again].map(where => ({ node: where, give }));
    });
  });
}

/** New ids, so that many histories fit into one log; most of them exist before the first step. */
export async function openCast(first: Handling): Promise<Cast> {
  const cast = newCast();
  for (const customerId of cast.customers.slice(1)) {
    await positionOf(
      onCustomer(first, customerId, { type: 'RegisterCustomer', customerId, name: 'Ada', email: 'ada@example.com' }),
    );
  }
  for (const productId of cast.products.slice(1)) {
    const command = { type: 'AddProduct', productId, sku: 'SKU', name: 'Thing', price: 250, currency: 'EUR' } as const;
    await positionOf(onProduct(first, productId, command));
  }
  return cast;
}

/**
 * Executes the steps: those of one node one after another, the nodes in parallel.
 * @param known the ids of an earlier part of the same history
 * @returns the answers, in no particular order
 */
export async function play(
  nodes: readonly Handling[],
  steps: readonly Step[],
  known?: Cast,
): Promise<CommandAnswer<unknown>[]> {
  const cast = known ?? (await openCast(nodes[0]!));
  const answers = nodes.map(async (node, index) => {
    const given: CommandAnswer<unknown>[] = [];
    for (const step of steps) if (step.node === index) given.push(await step.give(node, cast));
    return given;
  });
  return (await Promise.all(answers)).flat();
}

function newCast(): Cast {
  const ids = (kind: string, count: number) => Array.from({ length: count }, () => newId(kind));
  return {
    orders: ids('ord', orders),
    customers: ids('cus', customers),
    products: ids('prd', products),
    lines: ids('lin', lines),
    commandIds: Array.from({ length: commandIds }, () => randomUUID()),
  };
}
