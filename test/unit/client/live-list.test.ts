import { parse } from 'graphql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLiveList, type LiveList } from '../../../src/client/live-list.ts';
import { ModelOperations } from './lists/model-operations.ts';
import { orderId, time } from './lists/order-log.ts';

type Row = Readonly<Record<string, unknown>>;

const fragment = parse('fragment Card on Order { number total { amount } }');
let operations: ModelOperations;
let list: LiveList<Row>;

beforeEach(() => {
  vi.useFakeTimers();
  operations = new ModelOperations();
  for (let number = 1; number <= 4; number++) {
    operations.log.append({ id: orderId(number), createdAt: time(number), total: 10 - number });
  }
});
afterEach(() => {
  list.end();
  vi.useRealTimers();
});

const settled = () => vi.advanceTimersByTimeAsync(0);
const numbers = () => list.current.rows.map(row => Number(String(row['id']).slice(-12)));

async function live(options: Partial<Parameters<typeof createLiveList<Row>>[1]> = {}): Promise<void> {
  list = createLiveList<Row>(operations, { fragment, ...options });
  await settled();
  operations.queries[0]!.answer();
  await settled();
}

async function arrive(): Promise<void> {
  for (const subscription of operations.subscriptions) {
    operations.send(subscription);
    while (subscription.frames.length > 0) operations.deliver(subscription);
  }
  await settled();
}

test('a list shows the newest orders first, and new ones on top', async () => {
  await live();
  expect(list.current).toMatchObject({ status: 'live', hasMore: false, isLoading: false });
  operations.log.append({ id: orderId(5), createdAt: time(5) });
  await arrive();
  expect(numbers()).toEqual([5, 4, 3, 2, 1]);
});

test('an order leaves the list with the status for which it was there', async () => {
  await live({ filter: { statusIn: ['DRAFT'] } });
  operations.log.append({ id: orderId(4), status: 'SHIPPED' });
  await arrive();
  expect(numbers()).toEqual([3, 2, 1]);
  operations.overlays.add(`Order:${orderId(3)}`, { status: 'CANCELLED' });
  await settled();
  expect(numbers()).toEqual([2, 1]);
});

test('an order that does not match the filter any more leaves, and comes back when it does', async () => {
  await live({ filter: { productId: 'prd_00000000-0000-4000-8000-000000000001' } });
  operations.log.append({ id: orderId(4), isFound: false });
  await arrive();
  expect(numbers()).toEqual([3, 2, 1]);
  operations.log.append({ id: orderId(4), isFound: true });
  await arrive();
  expect(numbers()).toEqual([4, 3, 2, 1]);
});

test('a list sorted by total moves an order whose total changes', async () => {
  await live({ orderBy: { field: 'TOTAL', direction: 'ASC' } });
  expect(numbers()).toEqual([4, 3, 2, 1]);
  operations.log.append({ id: orderId(4), total: 8 });
  await arrive();
  expect(numbers()).toEqual([3, 2, 4, 1]);
});

test('a list without orders is empty and complete', async () => {
  await live({ filter: { statusIn: [] } });
  expect(list.current).toMatchObject({ rows: [], hasMore: false, isLoading: false, status: 'live' });
});
