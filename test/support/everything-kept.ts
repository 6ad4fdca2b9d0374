import { expect } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { sql } from '../../src/database/sql.ts';
import { readHead } from '../../src/event-store/read-log.ts';
import { readCheckpoint } from '../../src/projections/checkpoint.ts';
import type { Acknowledged } from './command-run.ts';
import { logFaults } from './log-faults.ts';
import { plainFold, plainLog, viewRows } from './plain-fold.ts';
import { expectSumsOf } from './plain-sums.ts';

/**
 * Checks that, from the first acknowledged command on, the log has exactly these commands, each once, at the answered
 * position. Positions and versions are dense and the chain of hashes is whole.
 */
export async function expectLogHolds(database: Database, acknowledged: readonly Acknowledged[]): Promise<void> {
  expect(await logFaults(database)).toEqual([]);
  const stored = await database.query<{ streamId: string; version: number; position: string }>(sql`
    SELECT * FROM (
      SELECT DISTINCT ON (command_id) stream_id AS "streamId", version,
        lpad(to_hex(position), 13, '0') || '-' || encode(substr(hash, 1, 6), 'hex') AS position
      FROM events ORDER BY command_id, ordinal DESC
    ) last_events ORDER BY position`);
  const expected = acknowledged.map(({ streamId, version, position }) => ({ streamId, version, position }));
  expected.sort(byPosition);
  // An embedded database begins with sample data.
  expect(stored.filter(({ position }) => position >= expected[0]!.position)).toEqual(expected);

  // A command that was answered before another one was sent comes before it.
  const answers = [...acknowledged].sort((one, other) => other.answered - one.answered);
  let before = '';
  for (const { sent, position } of [...acknowledged].sort((one, other) => one.sent - other.sent)) {
    for (let next = answers.at(-1); next && next.answered < sent; next = answers.at(-1)) {
      if (next.position > before) before = next.position;
      answers.pop();
    }
    expect(position > before).toBe(true);
  }
}

/**
 * The number of commands that were stored by a request without a response. If it is 0, no process died between a
 * commit and its response.
 */
export async function storedUnanswered(database: Database, acknowledged: readonly Acknowledged[]): Promise<number> {
  const events = await database.query<{ position: number; recorded: number }>(sql`
    SELECT position::int AS position, extract(epoch FROM recorded_at)::float8 * 1000 AS recorded FROM events`);
  const recorded = new Map(events.map(event => [event.position, event.recorded]));
  return acknowledged.filter(({ position, sentLast }) => recorded.get(Number.parseInt(position, 16))! < sentLast)
    .length;
}

function byPosition(one: { readonly position: string }, other: { readonly position: string }): number {
  return one.position < other.position ? -1 : 1;
}

/** Every view has reached the end of the log and equals the plain fold of the log. */
export async function expectViewsEqualTheFold(database: Database): Promise<void> {
  expect((await readCheckpoint(database)).position).toEqual(await readHead(database));
  const { orders, customers, products } = plainFold(await plainLog(database));
  expect(await viewRows(database, 'order_view', 'orderId')).toEqual(orders);
  expect(await viewRows(database, 'customer_view', 'customerId')).toEqual(customers);
  expect(await viewRows(database, 'product_view', 'productId')).toEqual(products);
  const lists = await viewRows(database, 'customer_order_view', 'orderId');
  expect(new Set(lists.keys())).toEqual(new Set(orders.keys()));
  for (const [id, row] of lists) expect(orders.get(id)).toMatchObject(row);
  await expectSumsOf(database, { orders });
}
