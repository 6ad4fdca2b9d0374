import { expect, test } from 'vitest';
import type { CommandName } from '../../../src/client/commands.ts';
import { nextCommands } from '../../../src/client/next-commands.ts';
import type { Data } from '../../../src/client/data.ts';

const order = (digit: number) => `ord_00000000-0000-4000-8000-00000000000${digit}`;
const product = (digit: number) => `prd_00000000-0000-4000-8000-00000000000${digit}`;

function next(commands: readonly [CommandName, Data][], sending: number[] = []): number[] {
  const queued = commands.map(([name, input], id) => ({ id, name, input }));
  return nextCommands(queued, new Set(sending)).map(({ id }) => id);
}

test('commands of one order wait for each other; those of different orders do not', () => {
  const commands: [CommandName, Data][] = [
    ['submitOrder', { orderId: order(1) }],
    ['confirmOrder', { orderId: order(1) }],
    ['submitOrder', { orderId: order(2) }],
  ];
  expect(next(commands)).toEqual([0, 2]);
  expect(next(commands, [0, 2])).toEqual([]);
});

test('an order waits for a product that it names, and a later price for the orders before it', () => {
  expect(
    next([
      ['addProduct', { productId: product(1), sku: 'A' }],
      ['createOrder', { orderId: order(1), items: [{ productId: product(1), quantity: 1 }] }],
      ['createOrder', { orderId: order(2), items: [{ productId: product(2), quantity: 1 }] }],
      ['changeProduct', { productId: product(2), available: false }],
    ]),
  ).toEqual([0, 2]);
});

test('what may be about an object whose id the server makes waits for it', () => {
  expect(
    next([
      ['submitOrder', { orderId: order(1) }],
      ['registerCustomer', { name: 'Zoë', email: 'zoe@shop' }],
      ['createOrder', { orderId: order(2) }],
    ]),
  ).toEqual([0, 1]);
});

test('at most four commands are sent at once', () => {
  const commands = Array.from({ length: 9 }, (_, digit): [CommandName, Data] => [
    'submitOrder',
    { orderId: order(digit) },
  ]);
  expect(next(commands)).toEqual([0, 1, 2, 3]);
  expect(next(commands, [0, 1, 2])).toEqual([3]);
});
