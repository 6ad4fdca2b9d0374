import { expect } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { sql } from '../../src/database/sql.ts';
import type { PlainRows } from './plain-fold.ts';

/** Sums by the text of their keys, e.g. `EUR 2026-11-21` → `{ orders: 2, units: 3, revenue: 750n }`. */
export type PlainSums = Map<string, Record<string, bigint>>;

interface Order {
  readonly customerId: string;
  readonly status: string;
  readonly currency: string;
  readonly submittedAt: string;
  readonly itemCount: number;
  readonly total: number;
  readonly lines: readonly { productId: string; quantity: number; unitPrice: number }[];
}

/** The expected sum views of those orders: written from their meaning, not from src/. */
export function plainSums({ orders }: Pick<PlainRows, 'orders'>): Readonly<Record<string, PlainSums>> {
  const sums = {
    customer_totals: new Map() as PlainSums,
    order_counts: new Map() as PlainSums,
    sales_by_day: new Map() as PlainSums,
    product_sales: new Map() as PlainSums,
    product_sales_by_day: new Map() as PlainSums,
    product_sales_by_month: new Map() as PlainSums,
  };
  function add(to: PlainSums, key: readonly string[], amounts: Readonly<Record<string, number>>): void {
    const sum = to.get(key.join(' ')) ?? {};
    for (const [name, amount] of Object.entries(amounts)) sum[name] = (sum[name] ?? 0n) + BigInt(amount);
    to.set(key.join(' '), sum);
  }
  for (const order of [...orders.values()] as unknown as Order[]) {
    const { customerId, status, currency, itemCount: units, total } = order;
    const isOpenOrDone = ['SUBMITTED', 'CONFIRMED', 'SHIPPED', 'DELIVERED'].includes(status);
    add(sums.customer_totals, [customerId, status, isOpenOrDone ? currency : 'XXX'], {
      orders: 1,
      spent: isOpenOrDone ? total : 0,
    });
    add(sums.order_counts, [status], { orders: 1 });
    if (!isOpenOrDone) continue;
    const day = order.submittedAt.slice(0, 10);
    add(sums.sales_by_day, [currency, day], { orders: 1, units, revenue: total });
    for (const { productId, quantity, unitPrice } of order.lines) {
      const sold = { units: quantity, revenue: quantity * unitPrice };
      add(sums.product_sales, [currency, productId], sold);
      add(sums.product_sales_by_day, [currency, day, productId], sold);
      add(sums.product_sales_by_month, [currency, `${day.slice(0, 7)}-01`, productId], sold);
    }
  }
  return sums;
}

const columns = {
  customer_totals: [`customer_id || ' ' || status || ' ' || currency`, 'orders', 'spent'],
  order_counts: ['status', 'orders'],
  sales_by_day: [`currency || ' ' || day`, 'orders', 'units', 'revenue'],
  product_sales: [`currency || ' ' || product_id`, 'units', 'revenue'],
  product_sales_by_day: [`currency || ' ' || day || ' ' || product_id`, 'units', 'revenue'],
  product_sales_by_month: [`currency || ' ' || month || ' ' || product_id`, 'units', 'revenue'],
} as const;

/** The views that are compared here. */
export const summedViews: readonly string[] = Object.keys(columns);

/** The live sums, without zeros. */
async function storedSums(database: Database, view: keyof typeof columns): Promise<PlainSums> {
  const [key, ...sums] = columns[view];
  const rows = await database.query<{ key: string; sums: string[] }>(
    sql.raw(`SELECT ${key} AS key, jsonb_build_array(${sums.map(name => `s.${name}::text`).join(', ')}) AS sums
     FROM ${view} s JOIN checkpoints c ON c.live AND c.generation = s.generation
     WHERE ${sums.map(name => `s.${name} <> 0`).join(' OR ')}`),
  );
  return new Map(
    rows.map(row => [row.key, Object.fromEntries(sums.map((name, index) => [name, BigInt(row.sums[index]!)]))]),
  );
}

/** Checks that every sum view equals the sums of those orders. */
export async function expectSumsOf(database: Database, folded: Pick<PlainRows, 'orders'>): Promise<void> {
  const expected = plainSums(folded);
  for (const view of Object.keys(columns) as (keyof typeof columns)[]) {
    // An order without lines contributes nothing: a zero means the same as no row.
    const some = [...expected[view]!].filter(([, sum]) => Object.values(sum).some(amount => amount !== 0n));
    expect(await storedSums(database, view), view).toEqual(new Map(some));
  }
}
