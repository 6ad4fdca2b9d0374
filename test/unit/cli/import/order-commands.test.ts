import { expect, it } from 'vitest';
import {
  addProduct,
  confirmOrder,
  importOrder,
  registerCustomer,
  shipOrder,
} from '../../../../src/cli/import/order-commands.ts';
import type { FileOrder } from '../../../../src/cli/import/read-orders.ts';

const at = new Date('1996-07-16T00:00:00Z');
const tea = { row: 2, sku: '11', productName: 'Queso Cabrales', quantity: 12, unitPrice: 1400 };
const order: FileOrder = {
  reference: '10248',
  customerReference: 'VINET',
  customerName: 'Vins et alcools Chevalier',
  currency: 'USD',
  orderedAt: new Date('1996-07-04T00:00:00Z'),
  shipment: { at, carrier: 'Federal Shipping' },
  lines: [tea],
};

it('derives the ids and hashes that earlier imports have stored, so that a repeat finds them', () => {
  const commands = [
    registerCustomer(order),
    addProduct(order, tea),
    importOrder(order),
    confirmOrder(order, at),
    shipOrder(order, { at, carrier: 'Federal Shipping' }),
  ];
  expect(commands.map(({ streamId, commandId, commandHash }) => [streamId, commandId, commandHash])).toEqual([
    [
      'cus_b43b5230-5a69-5083-b225-d74103440ac1',
      '0c89aaca-a181-528d-92c8-5516034632f9',
      '123522ab82d9425b59301051ce73a4f3e8baf31cc09ce77024f07ba7879edb7c',
    ],
    [
      'prd_0004fa50-5571-5b6f-a829-f3a9806875ec',
      'c59b985e-88a1-58f1-9915-2b3ed74923dd',
      'fe5d706f86b7d7838ca9a16aaf9144f1dbfc0c106ab6960dde194ab2d4235e9a',
    ],
    [
      'ord_56d7ead4-b086-5c62-b6bc-5e35f3dfb203',
      '17600c71-13db-5918-8739-555bc40100d7',
      '3425f604dbb193283a8ca048dd1f9571611a51e8dd8ed78278400530d721031d',
    ],
    [
      'ord_56d7ead4-b086-5c62-b6bc-5e35f3dfb203',
      'af95a0ff-04ec-5af5-8e42-a11d29da653b',
      '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945',
    ],
    [
      'ord_56d7ead4-b086-5c62-b6bc-5e35f3dfb203',
      'e46cf1c8-a866-5583-8a2f-f47e41db5410',
      '293661cf195fdf776774bdac3d4f67f79989829ad346fa0c14914216741fb02e',
    ],
  ]);
});

it('recognises an order that has got its shipment since as the same order', () => {
  const before = importOrder({ ...order, shipment: undefined });
  expect(before.commandHash).toBe(importOrder(order).commandHash);
});

it.each<[string, Partial<FileOrder>]>([
  ['a customer', { customerReference: 'TOMSP' }],
  ['a currency', { currency: 'EUR' }],
  ['a day', { orderedAt: at }],
  ['a product', { lines: [{ ...tea, sku: '12' }] }],
  ["a product's name", { lines: [{ ...tea, productName: 'Queso' }] }],
  ['a quantity', { lines: [{ ...tea, quantity: 11 }] }],
  ['a price', { lines: [{ ...tea, unitPrice: 1401 }] }],
  ['a line', { lines: [tea, tea] }],
])('distinguishes an order with other content from a repeat: %s', (_, changed) => {
  const other = importOrder({ ...order, ...changed });
  expect(other.commandId).toBe(importOrder(order).commandId);
  expect(other.commandHash).not.toBe(importOrder(order).commandHash);
});

it('recognises an order as the same one at any place in the file', () => {
  expect(importOrder({ ...order, lines: [{ ...tea, row: 900 }] }).commandHash).toBe(importOrder(order).commandHash);
});

it("derives a customer's e-mail address from the reference if that is possible, and otherwise a valid one from the id", () => {
  const addressOf = (customerReference: string) => {
    const { command } = registerCustomer({ ...order, customerReference });
    return command.type === 'RegisterCustomer' ? command.email : '';
  };
  expect(addressOf('VINET')).toBe('vinet@example.com');
  for (const reference of ['a b', 'ann@home', '株式', 'x'.repeat(90), '.a.', 'a..b']) {
    expect(addressOf(reference)).toMatch(/^cus_[0-9a-f-]{36}@example\.com$/);
  }
});

it('dates each step by its day in the file', () => {
  expect(importOrder(order).now).toEqual(order.orderedAt);
  expect(confirmOrder(order, at).now).toEqual(at);
  expect(shipOrder(order, { at, carrier: 'x' }).now).toEqual(at);
});
