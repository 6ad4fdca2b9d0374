import { expect, test } from 'vitest';
import { orderStatuses, type OrderStatus } from '../../../src/order/domain/order.ts';
import { customerTotals } from '../../../src/order/views/customer-totals.ts';
import type { OrderRow } from '../../../src/order/views/order-view.ts';
import { productSales, productSalesByDay, productSalesByMonth } from '../../../src/order/views/product-sales.ts';
import { salesByDay } from '../../../src/order/views/sales-by-day.ts';

/** Which statuses count as sold: written from their meaning, not from src/. */
const counts: Readonly<Record<string, boolean>> = {
  DRAFT: false,
  SUBMITTED: true,
  CONFIRMED: true,
  SHIPPED: true,
  DELIVERED: true,
  CANCELLED: false,
};

const line = { lineId: 'lin', productId: 'prd', sku: 'T', productName: 'Tea', quantity: 2, unitPrice: 150 };

function orderIn(status: string): OrderRow {
  const submittedAt = '2026-11-21T23:59:59Z';
  const money = { currency: 'EUR', lines: [line], itemCount: 2, total: 300 };
  return { customerId: 'cus', status: status as OrderStatus, submittedAt, ...money } as unknown as OrderRow;
}

test('a new status is decided here before it is counted anywhere', () => {
  expect(Object.keys(counts)).toEqual(orderStatuses);
});

test.each([...orderStatuses, 'RETURNED'])('every sum agrees whether an order that is %s counts as sold', status => {
  const row = orderIn(status);
  const isCounted = counts[status] === true;
  for (const view of [salesByDay, productSales, productSalesByDay, productSalesByMonth]) {
    expect(view.contribute(row).length, view.name).toBe(isCounted ? 1 : 0);
  }
  const total = isCounted ? { currency: 'EUR', spent: 300 } : { currency: 'XXX', spent: 0 };
  expect(customerTotals.contribute(row)).toEqual([{ customerId: 'cus', status, orders: 1, ...total }]);
});
