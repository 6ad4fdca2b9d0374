import type { Position } from '../../event-store/position.ts';
import { noCurrency } from '../../money.ts';
import { idRows, type ReadSource } from '../../projections/read-entities.ts';
import { checkpointPosition, coreGroup, firstOf } from '../../projections/view-sql.ts';
import { summedView } from '../../projections/view.ts';
import type { OrderStatus } from '../domain/order.ts';
import { type OrderRow, orderView } from './order-view.ts';
import { isSold } from './sold.ts';
import { sql } from '../../database/sql.ts';

/**
 * The number of a customer's orders in each status, and the total of sold orders for each currency. A draft is part
 * of no total, so adding items to it changes no totals.
 */
export const customerTotals = summedView({
  name: 'customer_totals',
  keys: { customerId: 'text', status: 'text', currency: 'text' },
  sums: { orders: 'bigint', spent: 'numeric' },
  source: orderView,
  contribute: (row: OrderRow) => {
    const { customerId, status } = row;
    const [currency, spent] = isSold(row) ? [row.currency, row.total] : [noCurrency, 0];
    return [{ customerId, status, currency, orders: 1, spent }];
  },
});

/** The totals of a customer's orders. Money in each currency's smallest unit. */
export interface CustomerTotals {
  readonly counts: ReadonlyMap<OrderStatus, number>;
  /** By currency, sorted by code; sold orders only. */
  readonly spent: readonly { readonly currency: string; readonly minorUnits: bigint }[];
  /** RFC 3339. */
  readonly lastOrderAt: string | null;
}

interface Sum {
  readonly status: OrderStatus;
  readonly currency: string;
  readonly orders: number;
  readonly spent: string;
}

interface Selected {
  readonly position: Position;
  readonly id: string;
  readonly sums: readonly Sum[] | null;
  readonly lastOrderAt: string | null;
}

/**
 * The totals of customers, including customers without orders, and the position that they reflect, from one
 * statement.
 */
export async function readCustomerTotals(
  { database }: ReadSource,
  customerIds: readonly string[],
): Promise<{ position: Position; rows: ReadonlyMap<string, CustomerTotals> }> {
  const selected = await database.query<Selected>(sql`
    SELECT ${checkpointPosition} AS position, wanted.id, (
        SELECT jsonb_agg(jsonb_build_object(
          'status', t.status, 'currency', t.currency, 'orders', t.orders, 'spent', t.spent::text
        ) ORDER BY t.currency COLLATE "C")
        FROM customer_totals t WHERE t.generation = c.generation AND t.customer_id = wanted.id AND t.orders > 0
      ) AS sums, (
        SELECT to_jsonb(o.submitted_at) FROM customer_order_view o
        WHERE o.generation = c.generation AND o.customer_id = wanted.id AND o.submitted_at IS NOT NULL
        ORDER BY o.submitted_at DESC LIMIT 1
      ) AS "lastOrderAt"
    FROM checkpoints c CROSS JOIN ${idRows(customerIds)} AS wanted(id)
    WHERE c.group_name = ${coreGroup} AND c.live`);
  return {
    position: firstOf(selected).position,
    rows: new Map(selected.map(({ id, sums, lastOrderAt }) => [id, { ...totalsOf(sums ?? []), lastOrderAt }])),
  };
}

function totalsOf(sums: readonly Sum[]): Pick<CustomerTotals, 'counts' | 'spent'> {
  const counts = new Map<OrderStatus, number>();
  const spent = new Map<string, bigint>();
  for (const { status, currency, orders, spent: amount } of sums) {
    counts.set(status, (counts.get(status) ?? 0) + orders);
    if (isSold({ status })) spent.set(currency, (spent.get(currency) ?? 0n) + BigInt(amount));
  }
  return { counts, spent: [...spent].map(([currency, minorUnits]) => ({ currency, minorUnits })) };
}
