import { parse } from 'graphql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withEntityFields } from '../../../src/client/entity-fields.ts';
import { createLiveBoard, type LiveBoard, type LiveBoardOptions } from '../../../src/client/live-board.ts';
import { OperationError } from '../../../src/client/operation-error.ts';
import { ModelOperations, type Subscription } from './lists/model-operations.ts';
import { customerId, orderId, OrderLog, time } from './lists/order-log.ts';

type Row = Readonly<Record<string, unknown>>;
type Name = 'drafts' | 'open';

const fragment = parse('fragment Card on Order { number status }');
const columns = { drafts: ['DRAFT'], open: ['SUBMITTED', 'CONFIRMED'] } as const;
let operations: ModelOperations;
let boards: LiveBoard<Row, Name>[];

beforeEach(() => {
  vi.useFakeTimers();
  boards = [];
  operations = new ModelOperations();
  for (let number = 1; number <= 6; number++) operations.log.append({ id: orderId(number), createdAt: time(number) });
});
afterEach(() => {
  for (const board of boards) board.end();
  vi.useRealTimers();
});

const settled = () => vi.advanceTimersByTimeAsync(0);

function create(options: Partial<LiveBoardOptions<Row, Name>> = {}): LiveBoard<Row, Name> {
  const board = createLiveBoard<Row, Name>(operations, { fragment, columns, pageSize: 2, ...options });
  boards.push(board);
  return board;
}

async function live(options: Partial<LiveBoardOptions<Row, Name>> = {}) {
  const board = create(options);
  await settled();
  operations.queries[0]!.answer();
  await settled();
  return board;
}

const subscription = () => [...operations.subscriptions][0] as Subscription;

/** All changes arrive. */
async function arrive(): Promise<void> {
  const one = subscription();
  operations.send(one);
  while (one.frames.length > 0) operations.deliver(one);
  await settled();
}

async function answerAll(): Promise<void> {
  for (const query of [...operations.queries]) query.answer();
  await settled();
}

const numbersOf = (board: LiveBoard<Row, Name>, name: Name) =>
  board.current.columns[name].rows.map(row => Number(String(row['id']).slice(-12)));

test('one query loads all columns, and one subscription keeps them up to date', async () => {
  const board = create();
  expect(board.current).toMatchObject({ status: 'loading', columns: { drafts: { rows: [], isLoading: true } } });
  await settled();
  operations.queries[0]!.answer();
  await settled();
  expect(board.current.status).toBe('live');
  expect([numbersOf(board, 'drafts'), numbersOf(board, 'open')]).toEqual([[6, 5], []]);
  expect(operations.sent).toBe(2);
  expect(operations.subscriptions.size).toBe(1);
});

test('if the columns were read at different positions, the changes start at the oldest one', async () => {
  const board = create();
  await settled();
  const oldest = operations.log.point;
  operations.log.append({ id: orderId(6), status: 'SUBMITTED' });
  operations.queries[0]!.answer(oldest, 1);
  await settled();
  expect(subscription().variables['after']).toBe(operations.log.positionAt(oldest));
  // It is in both pages, and shown as the newer page says.
  expect([numbersOf(board, 'drafts'), numbersOf(board, 'open')]).toEqual([[5, 4], [6]]);
});

test('an order moves to the column of its status in one step', async () => {
  const board = await live();
  const states: number[][][] = [];
  board.subscribe(() => states.push([numbersOf(board, 'drafts'), numbersOf(board, 'open')]));
  operations.log.append({ id: orderId(6), status: 'CONFIRMED' });
  await arrive();
  expect(states[0]).toEqual([[5, 4], [6]]);
});

test('changes that arrive one after another before the next task are shown together', async () => {
  const board = await live();
  const positions: unknown[] = [];
  board.subscribe(() => positions.push(board.current.position));
  for (let number = 7; number < 10; number++) operations.log.append({ id: orderId(number), createdAt: time(number) });
  operations.send(subscription());
  for (let left = 3; left > 0; left--) {
    operations.deliver(subscription());
    // A socket hands over each frame in a tick of its own.
    await Promise.resolve();
    await Promise.resolve();
  }
  await settled();
  expect(positions).toEqual([operations.log.positionAt(operations.log.point)]);
  expect(numbersOf(board, 'drafts')).toEqual([9, 8]);
});

test('a row that leaves is replaced at once, and one query fetches the next ones', async () => {
  const board = await live();
  operations.log.append({ id: orderId(6), status: 'SHIPPED' });
  await arrive();
  expect(numbersOf(board, 'drafts')).toEqual([5, 4]);
  expect(board.current.columns.drafts).toMatchObject({ hasMore: true, isLoading: false });
  expect(operations.queries).toHaveLength(1);
  await answerAll();
  operations.log.append({ id: orderId(5), status: 'SHIPPED' });
  await arrive();
  expect(numbersOf(board, 'drafts')).toEqual([4, 3]);
  expect(operations.queries).toHaveLength(0);
});

test('loadMore shows one more page, and two calls at once do not show two', async () => {
  const board = await live();
  board.loadMore('drafts');
  board.loadMore('drafts');
  expect(board.current.columns.drafts.isLoading).toBe(true);
  await answerAll();
  expect(numbersOf(board, 'drafts')).toEqual([6, 5, 4, 3]);
  board.loadMore('drafts');
  await answerAll();
  expect(numbersOf(board, 'drafts')).toEqual([6, 5, 4, 3, 2, 1]);
  expect(board.current.columns.drafts.hasMore).toBe(false);
  board.loadMore('drafts');
  await settled();
  expect(operations.queries).toHaveLength(0);
});

test('a page is merged with the changes that came while it was being loaded', async () => {
  const board = await live();
  board.loadMore('drafts');
  await settled();
  const before = operations.log.point;
  operations.log.append({ id: orderId(3), status: 'SHIPPED' });
  await arrive();
  operations.queries[0]!.answer(before);
  await settled();
  await answerAll();
  expect(numbersOf(board, 'drafts')).toEqual([6, 5, 4, 2]);
});

test('a column that grows keeps no more than it can show soon', async () => {
  const board = await live();
  for (let number = 10; number < 300; number++) {
    operations.log.append({ id: orderId(number), createdAt: time(number) });
    await arrive();
  }
  expect(numbersOf(board, 'drafts')).toEqual([299, 298]);
  const renew = vi.spyOn(operations.entities, 'renewEntity');
  operations.log.append({ id: orderId(5), status: 'SHIPPED' });
  operations.entities.admit(
    withEntityFields(parse('{ customer(id: "x") { name } }')),
    {},
    { customer: { __typename: 'Customer', id: 'x', version: 1, position: '1', name: 'Zoë' } },
  );
  expect(renew.mock.calls.length).toBeLessThan(10);
});

test('after RESYNC all is loaded again, with the rows of before until then', async () => {
  const board = await live();
  operations.log = new OrderLog(2);
  operations.log.append({ id: orderId(1), createdAt: time(1) });
  await arrive();
  expect(board.current.status).toBe('loading');
  expect(numbersOf(board, 'drafts')).toEqual([6, 5]);
  await answerAll();
  expect(board.current.status).toBe('live');
  expect(numbersOf(board, 'drafts')).toEqual([1]);
  expect(operations.subscriptions.size).toBe(1);
});

test('if the first load fails for a reason that passes, it is tried again without retry()', async () => {
  const board = create();
  await settled();
  operations.queries[0]!.fail('NETWORK');
  await settled();
  expect(board.current).toMatchObject({ status: 'error', error: { code: 'NETWORK' } });
  await vi.advanceTimersByTimeAsync(1_000);
  await answerAll();
  expect(board.current).toMatchObject({ status: 'live', error: undefined });
});

test('if it fails for a reason that stays, nothing is sent until retry()', async () => {
  const board = create();
  await settled();
  operations.queries[0]!.fail('FORBIDDEN');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(board.current).toMatchObject({ status: 'error', error: { code: 'FORBIDDEN' } });
  expect(operations.sent).toBe(1);
  board.retry();
  await settled();
  expect(board.current).toMatchObject({ status: 'loading', error: undefined });
  await answerAll();
  expect(board.current.status).toBe('live');
});

test('a page that could not be loaded does not stop the changes, and retry() loads it', async () => {
  const board = await live();
  board.loadMore('drafts');
  await settled();
  operations.queries[0]!.fail('INTERNAL');
  await settled();
  expect(board.current).toMatchObject({ status: 'error', error: { code: 'INTERNAL' } });
  operations.log.append({ id: orderId(7), createdAt: time(7), status: 'SUBMITTED' });
  await arrive();
  expect(numbersOf(board, 'open')).toEqual([7]);
  expect(operations.queries).toHaveLength(0);
  board.retry();
  await settled();
  await answerAll();
  expect(board.current).toMatchObject({ status: 'live', error: undefined });
  expect(numbersOf(board, 'drafts')).toEqual([6, 5, 4, 3]);
});

test('if the subscription ends with an error, all is loaded again and a new one is opened', async () => {
  const board = await live();
  const { sink } = subscription();
  operations.subscriptions.clear();
  sink.error(new OperationError('UNAVAILABLE', 'The node stops.'));
  operations.log.append({ id: orderId(6), status: 'SHIPPED' });
  await settled();
  expect(board.current).toMatchObject({ status: 'error', error: { code: 'UNAVAILABLE' } });
  expect(numbersOf(board, 'drafts')).toEqual([6, 5]);
  await vi.advanceTimersByTimeAsync(1_000);
  await answerAll();
  expect(board.current.status).toBe('live');
  expect(numbersOf(board, 'drafts')).toEqual([5, 4]);
  expect(operations.subscriptions.size).toBe(1);
});

test.each([
  ['before it has begun', async () => create()],
  [
    'while it is loading',
    async () => {
      const board = create();
      await settled();
      return board;
    },
  ],
  ['while it is live', () => live()],
  [
    'while a page is being loaded',
    async () => {
      const board = await live();
      board.loadMore('drafts');
      return board;
    },
  ],
  [
    'while it waits to try again',
    async () => {
      const board = create();
      await settled();
      operations.queries[0]!.fail('NETWORK');
      await settled();
      return board;
    },
  ],
  [
    'while a page waits to be loaded again',
    async () => {
      const board = await live();
      board.loadMore('drafts');
      await settled();
      operations.queries[0]!.fail('NETWORK');
      await settled();
      return board;
    },
  ],
  [
    'after the viewer signed out',
    async () => {
      const board = await live();
      operations.signOut();
      return board;
    },
  ],
])('ended %s, it sends and changes nothing any more', async (_, prepare) => {
  const board = await prepare();
  board.end();
  board.end();
  await settled();
  const { sent } = operations;
  const state = board.current;
  board.retry();
  board.loadMore('drafts');
  operations.overlays.add(`Order:${orderId(6)}`, { status: 'CONFIRMED' });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(operations.sent).toBe(sent);
  expect(board.current).toBe(state);
  expect(operations.subscriptions.size).toBe(0);
  expect(operations.queries).toHaveLength(0);
  expect(vi.getTimerCount()).toBe(0);
});

test.each([
  ['live', () => live()],
  [
    'loading',
    async () => {
      const board = create();
      await settled();
      return board;
    },
  ],
])('if the viewer signs out while it is %s, it is empty and stays so', async (_, prepare) => {
  const board = await prepare();
  const states: string[] = [];
  board.subscribe(() => states.push(board.current.status));
  operations.signOut();
  const { sent } = operations;
  await vi.advanceTimersByTimeAsync(60_000);
  board.retry();
  await settled();
  expect(states).toEqual(['signedOut']);
  expect(board.current).toMatchObject({ error: undefined, position: undefined });
  expect(Object.values(board.current.columns)).toEqual(
    [0, 1].map(() => ({ rows: [], hasMore: false, isLoading: false })),
  );
  expect(operations.sent).toBe(sent);
  expect(vi.getTimerCount()).toBe(0);
});

test('two boards are independent: one ends, and the other continues', async () => {
  const one = await live();
  const other = await live({ columns: { drafts: ['DRAFT'], open: ['SHIPPED'] } });
  one.end();
  operations.log.append({ id: orderId(6), status: 'SHIPPED' });
  await arrive();
  expect(numbersOf(one, 'drafts')).toEqual([6, 5]);
  expect([numbersOf(other, 'drafts'), numbersOf(other, 'open')]).toEqual([[5, 4], [6]]);
});

test('an optimistic status moves an order at once, and a refusal moves it back', async () => {
  const board = await live();
  const overlay = operations.overlays.add(`Order:${orderId(6)}`, { status: 'CONFIRMED' });
  await settled();
  expect(numbersOf(board, 'open')).toEqual([6]);
  expect(board.current.columns.open.rows[0]).toMatchObject({ status: 'CONFIRMED', number: '000000006' });
  overlay.withdraw();
  await settled();
  expect([numbersOf(board, 'drafts'), numbersOf(board, 'open')]).toEqual([[6, 5], []]);
});

test('an order with an optimistic value stays the same object until one of its values changes', async () => {
  const board = await live();
  operations.overlays.add(`Order:${orderId(6)}`, { status: 'CONFIRMED' });
  await settled();
  const [row] = board.current.columns.open.rows;
  operations.log.append({ id: orderId(5), status: 'SHIPPED' });
  await arrive();
  expect(board.current.columns.open.rows[0]).toBe(row);
});

test('a new order is shown before the server has it, and until its frame comes', async () => {
  const board = await live();
  const filtered = await live({ filter: { search: 'something' } });
  const fields = { __typename: 'Order', id: orderId(9), number: 'new', status: 'DRAFT', createdAt: time(59) };
  const overlay = operations.overlays.add(`Order:${orderId(9)}`, fields);
  await settled();
  expect(numbersOf(board, 'drafts')).toEqual([9, 6]);
  expect(numbersOf(filtered, 'drafts')).toEqual([6, 5]);
  // The answer to the command has fewer fields than a row, so the row can't be made of it.
  const { point } = operations.log.append({ id: orderId(9), createdAt: time(59) });
  const document = withEntityFields(parse('{ order(id: "x") { status } }'));
  operations.admit(document, { order: operations.log.orderOf(operations.log.ordersAt(point).get(orderId(9))!) });
  overlay.confirm(operations.log.positionAt(point));
  await settled();
  expect(operations.overlays.current).toEqual([]);
  expect(board.current.columns.drafts.rows[0]).toMatchObject({ number: 'new' });
  await arrive();
  expect(board.current.columns.drafts.rows[0]).toMatchObject({ number: '000000009', version: 1 });
});

test('a viewer who is a customer has a board of their own orders', async () => {
  operations.viewer = `customer ${customerId}`;
  const board = await live();
  expect(subscription().variables).toMatchObject({ customerId });
  expect(numbersOf(board, 'drafts')).toEqual([6, 5]);
});

test('if the customer is not there yet, the board appears as soon as they are registered', async () => {
  const missing = 'cus_00000000-0000-4000-8000-000000000009';
  const board = create({ customerId: missing });
  await settled();
  await answerAll();
  expect(board.current).toMatchObject({ status: 'error', error: { code: 'NOT_FOUND' } });
  const { sent } = operations;
  operations.entities.admit(
    withEntityFields(parse('{ customer(id: "x") { name } }')),
    {},
    { customer: { __typename: 'Customer', id: missing, version: 1, position: '1', name: 'Zoë' } },
  );
  await settled();
  expect(operations.sent).toBe(sent + 1);
});
