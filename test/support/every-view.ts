import { expect } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { views } from '../../src/slices.ts';
import { plainFold, plainLog, viewRows } from './plain-fold.ts';
import { expectSumsOf, summedViews } from './plain-sums.ts';
import { expectWordsOf } from './plain-words.ts';

const rowViews = { order_view: 'orderId', customer_view: 'customerId', product_view: 'productId' } as const;
const derivedViews = { customer_order_view: 'orderId', product_change_view: 'productId' } as const;

/**
 * Checks that every view equals the plain fold of the whole log: rows, derived rows, sums and search words. The views
 * must have reached the end of the log.
 */
export async function expectEveryViewIsTheFold(database: Database): Promise<void> {
  const named = [...views.folded, ...views.derived, ...views.summed].map(view => view.name).toSorted();
  // A new view that nothing here compares must fail the test.
  expect([...Object.keys(rowViews), ...Object.keys(derivedViews), ...summedViews].toSorted()).toEqual(named);

  const folded = plainFold(await plainLog(database));
  const { orders, customers, products } = folded;
  for (const [view, rows] of [
    ['order_view', orders],
    ['customer_view', customers],
    ['product_view', products],
  ] as const) {
    expect(await viewRows(database, view, rowViews[view]), view).toEqual(rows);
  }
  for (const [view, sources] of [
    ['customer_order_view', orders],
    ['product_change_view', products],
  ] as const) {
    const derived = await viewRows(database, view, derivedViews[view]);
    expect(new Set(derived.keys()), view).toEqual(new Set(sources.keys()));
    for (const [id, row] of derived) expect(sources.get(id), view).toMatchObject(row);
  }
  await expectSumsOf(database, folded);
  await expectWordsOf(database, folded);
}
