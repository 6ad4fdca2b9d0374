import { parse } from 'graphql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withEntityFields } from '../../../src/client/entity-fields.ts';
import { createLiveCounts } from '../../../src/client/live-counts.ts';
import { createLiveOrder, type LiveOrder } from '../../../src/client/live-order.ts';
import { OperationError } from '../../../src/client/operation-error.ts';
import { ModelOperations } from './lists/model-operations.ts';
import { orderId } from './lists/order-log.ts';

const fragment = parse('fragment Page on Order { number status }');
const id = orderId(1);
let operations: ModelOperations;
let order: LiveOrder<Readonly<Record<string, unknown>>>;

beforeEach(() => {
  vi.useFakeTimers();
  operations = new ModelOperations();
  operations.log.append({ id });
  order = createLiveOrder<Readonly<Record<string, unknown>>>(operations, id, fragment);
});
afterEach(() => {
  order.end();
  vi.useRealTimers();
});

const settled = () => vi.advanceTimersByTimeAsync(0);
const document = (fields: string) => withEntityFields(parse(`{ order(id: "x") { ${fields} } }`));

async function live(): Promise<void> {
  await settled();
  operations.sendOrder(id);
  await settled();
}

/** The answer to a command of this tab. */
function answered(fields: string): string {
  const state = operations.log.append({ id, status: 'SUBMITTED' });
  operations.admit(document(fields), { order: operations.log.orderOf(state) });
  return operations.log.positionAt(state.point);
}

async function fail(code: string): Promise<void> {
  const { sink } = [...operations.subscriptions][0]!;
  operations.subscriptions.clear();
  sink.error(new OperationError(code, code));
  await settled();
}

test('an order is shown from the first frame on, with one subscription and no query', async () => {
  expect(order.current).toEqual({ status: 'loading', error: undefined, order: undefined });
  await live();
  expect(order.current).toMatchObject({ status: 'live', order: { number: '000000001', status: 'DRAFT' } });
  operations.log.append({ id, status: 'SUBMITTED' });
  operations.sendOrder(id);
  await settled();
  expect(order.current.order).toMatchObject({ status: 'SUBMITTED', version: 2 });
  expect(operations.sent).toBe(1);
});

test('the answer to a command is shown at once', async () => {
  await live();
  answered('number status');
  await settled();
  expect(order.current.order).toMatchObject({ status: 'SUBMITTED', version: 2 });
});

test('an optimistic status is shown at once, and until the frame comes', async () => {
  await live();
  const overlay = operations.overlays.add(`Order:${id}`, { status: 'SUBMITTED' });
  await settled();
  expect(order.current.order).toMatchObject({ status: 'SUBMITTED', version: 1 });
  // The answer lacks the number, so that the order can't be made of it.
  overlay.confirm(answered('status'));
  await settled();
  expect(operations.overlays.current).toEqual([]);
  expect(order.current.order).toMatchObject({ status: 'SUBMITTED', version: 1 });
  operations.sendOrder(id);
  await settled();
  expect(order.current.order).toMatchObject({ status: 'SUBMITTED', version: 2 });
});

test('a refused optimistic status is not shown any more', async () => {
  await live();
  operations.overlays.add(`Order:${id}`, { status: 'SUBMITTED' }).withdraw();
  await settled();
  expect(order.current.order).toMatchObject({ status: 'DRAFT' });
});

test('listeners are called only if something that is shown changes', async () => {
  await live();
  let calls = 0;
  order.subscribe(() => calls++);
  operations.overlays.add('Order:other', { status: 'SUBMITTED' });
  operations.overlays.add(`Order:${id}`, { status: 'DRAFT' });
  operations.overlays.add(`Order:${id}`, { status: 'DRAFT' });
  await settled();
  expect(calls).toBeLessThanOrEqual(1);
});

test('if there is no such order, it is asked again as soon as this tab learns of one', async () => {
  await settled();
  await fail('NOT_FOUND');
  expect(order.current).toMatchObject({ status: 'error', error: { code: 'NOT_FOUND' } });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(operations.sent).toBe(1);
  answered('status');
  await live();
  expect(order.current).toMatchObject({ status: 'live', error: undefined, order: { status: 'SUBMITTED' } });
});

test('a subscription that the server refuses in a frame has the code of the refusal', async () => {
  await settled();
  const { sink } = [...operations.subscriptions][0]!;
  sink.next({
    data: null,
    errors: [{ message: 'There is no order with this id.', extensions: { code: 'NOT_FOUND' } }],
  });
  await settled();
  expect(order.current.error).toMatchObject({ code: 'NOT_FOUND', message: 'There is no order with this id.' });
});

test('after a failure it continues from the last frame', async () => {
  await live();
  await fail('UNAVAILABLE');
  expect(order.current).toMatchObject({ status: 'error', order: { status: 'DRAFT' } });
  await vi.advanceTimersByTimeAsync(1_000);
  expect([...operations.subscriptions].map(({ variables }) => variables)).toEqual([
    { id, after: operations.log.positionAt(1) },
  ]);
  expect(order.current.status).toBe('live');
});

test('after a failure that stays, retry() asks again', async () => {
  await settled();
  await fail('FORBIDDEN');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(operations.sent).toBe(1);
  order.retry();
  await live();
  expect(order.current.status).toBe('live');
});

test('if the viewer signs out, the order is not shown any more', async () => {
  await live();
  operations.signOut();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(order.current).toEqual({ status: 'signedOut', error: undefined, order: undefined });
  expect(operations.sent).toBe(1);
});

test.each([['before it has begun'], ['while it is live'], ['while it waits to try again']])(
  'ended %s, it sends and changes nothing any more',
  async when => {
    if (when !== 'before it has begun') await live();
    if (when === 'while it waits to try again') await fail('UNAVAILABLE');
    order.end();
    const state = order.current;
    const { sent } = operations;
    order.retry();
    answered('number status');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(order.current).toBe(state);
    expect(operations.sent).toBe(sent);
    expect(operations.subscriptions.size).toBe(0);
  },
);

test('counts are those of the last frame, and the same object until they change', async () => {
  const counts = createLiveCounts(operations);
  expect(counts.current).toMatchObject({ status: 'loading', byStatus: undefined, orderCount: undefined });
  await settled();
  operations.subscriptions.forEach(one => {
    if ('id' in one.variables) operations.subscriptions.delete(one);
  });
  operations.sendCounts({ DRAFT: 2, SHIPPED: 1 });
  await settled();
  const { byStatus } = counts.current;
  expect(counts.current).toMatchObject({ status: 'live', byStatus: { DRAFT: 2, SHIPPED: 1 }, orderCount: 3 });
  let calls = 0;
  counts.subscribe(() => calls++);
  answered('status');
  await settled();
  expect(counts.current.byStatus).toBe(byStatus);
  expect(calls).toBe(0);
  counts.end();
});
