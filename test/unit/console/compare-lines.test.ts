import { expect, test } from 'vitest';
import { compareLines } from '../../../src/console/order/compare-revision.ts';

const money = { amount: '1.00', currency: 'EUR' };
const line = (id: string, quantity: number) => ({ id, productName: id, quantity, unitPrice: money, subtotal: money });

test('each line of the past and of the present is there once, with what has happened to it', () => {
  const past = [line('kept', 1), line('more', 2), line('gone', 3)];
  const now = [line('new', 4), line('more', 5), line('kept', 1)];
  const seen = compareLines(past, now).map(({ line: { id, quantity }, difference, quantityNow }) => [
    id,
    quantity,
    difference,
    quantityNow,
  ]);
  expect(seen).toEqual([
    ['kept', 1, 'same', undefined],
    ['more', 2, 'changed', 5],
    ['gone', 3, 'removed', 0],
    ['new', 4, 'added', 4],
  ]);
});
