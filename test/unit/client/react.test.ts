import { parse } from 'graphql';
import { createElement, type ReactElement } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CommandQueue } from '../../../src/client/command-queue.ts';
import type { LiveBoardOptions } from '../../../src/client/live-board.ts';
import {
  OrderstreamProvider,
  useCommand,
  useConnection,
  useLiveBoard,
  useLiveCounts,
  useLiveList,
  useLiveOrder,
  useQueue,
} from '../../../src/client/react.ts';
import { createStore } from '../../../src/client/store.ts';
import { ModelOperations } from './lists/model-operations.ts';
import { customerId, orderId, time } from './lists/order-log.ts';
import { renderHook, settled } from './lists/render-hook.ts';

const card = () => parse('fragment Card on Order { number status }');
const columns = { drafts: ['DRAFT'], open: ['SUBMITTED'] } as const;
let operations: ModelOperations;

beforeEach(() => {
  operations = new ModelOperations();
  for (let number = 1; number <= 5; number++) operations.log.append({ id: orderId(number), createdAt: time(number) });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const provided = (child: ReactElement) => createElement(OrderstreamProvider, { operations }, child);
const board = (properties: Partial<LiveBoardOptions<object, 'drafts' | 'open'>> = {}) =>
  renderHook(
    (options: object) =>
      useLiveBoard<{ id: string }, 'drafts' | 'open'>({ fragment: card(), columns, pageSize: 2, ...options }),
    properties,
    provided,
  );

test('a board that StrictMode mounts twice sends one query and opens one subscription', async () => {
  const rendered = await board();
  expect(rendered.result).toMatchObject({ status: 'loading', columns: { drafts: { rows: [], isLoading: true } } });
  expect(operations.sent).toBe(1);
  operations.queries[0]!.answer();
  await settled();
  expect(operations.subscriptions.size).toBe(1);
  expect(rendered.result.status).toBe('live');
  expect(rendered.result.columns.drafts.rows.map(row => row.id)).toEqual([orderId(5), orderId(4)]);
  await rendered.unmount();
  expect(operations.subscriptions.size).toBe(0);
});

test('options with the same values keep the board, and with other values none of its rows is shown any more', async () => {
  const rendered = await board({ filter: { search: 'one' } });
  operations.queries[0]!.answer();
  await settled();
  await rendered.rerender({ filter: { search: 'one' } });
  expect(operations.sent).toBe(2); // the pages and the changes
  const before = rendered.results.length;
  await rendered.rerender({ filter: { search: 'other' } });
  expect(rendered.results.slice(before).flatMap(({ columns: { drafts } }) => drafts.rows)).toEqual([]);
  expect(operations.subscriptions.size).toBe(0);
  operations.queries[0]!.answer();
  await settled();
  expect(rendered.result.columns.drafts.rows).toHaveLength(2);
  expect(operations.subscriptions.size).toBe(1);
});

test('the columns of a board are the same objects until their rows change', async () => {
  const rendered = await board();
  operations.queries[0]!.answer();
  await settled();
  const { columns: first, loadMore } = rendered.result;
  operations.log.append({ id: orderId(5), status: 'SHIPPED' });
  operations.log.append({ id: orderId(6), status: 'SUBMITTED' });
  const [subscription] = operations.subscriptions;
  operations.send(subscription!);
  operations.deliver(subscription!);
  await settled();
  expect(rendered.result.columns.drafts).not.toBe(first.drafts);
  expect(rendered.result.columns.open).toBe(first.open);
  expect(rendered.result.loadMore).toBe(loadMore);
});

test('a viewer who signs out is shown nothing, and the next viewer gets a board of their own', async () => {
  const rendered = await board();
  operations.queries[0]!.answer();
  await settled();
  operations.viewer = undefined;
  operations.identified = new Promise(() => undefined); // the login page is shown
  await settled(() => operations.signOut());
  expect(rendered.result).toMatchObject({ status: 'signedOut', columns: { drafts: { rows: [], isLoading: false } } });
  expect(operations.subscriptions.size).toBe(0);
  expect(operations.queries).toHaveLength(0);
  await rendered.unmount();

  operations.viewer = `customer ${customerId}`;
  operations.identified = undefined;
  const next = await board();
  operations.queries[0]!.answer();
  await settled();
  expect(next.result.status).toBe('live');
  expect([...operations.subscriptions][0]!.variables).toMatchObject({ customerId });
});

test('a board that stays mounted begins anew for the next viewer', async () => {
  const rendered = await board();
  operations.queries[0]!.answer();
  await settled();
  let signIn: () => void = () => undefined;
  operations.identified = new Promise(resolve => (signIn = resolve));
  operations.viewer = undefined;
  await settled(() => operations.signOut());
  operations.viewer = `customer ${customerId}`;
  signIn();
  await settled();
  operations.queries[0]!.answer();
  await settled();
  expect(rendered.result.status).toBe('live');
  expect(rendered.result.columns.drafts.rows).toHaveLength(2);
  expect([...operations.subscriptions].map(({ variables }) => variables)).toMatchObject([{ customerId }]);
});

test('a list shows more rows with loadMore', async () => {
  const rendered = await renderHook(() => useLiveList<{ id: string }>({ fragment: card(), pageSize: 2 }), {}, provided);
  operations.queries[0]!.answer();
  await settled();
  expect(rendered.result).toMatchObject({ hasMore: true, isLoading: false, status: 'live' });
  await settled(() => rendered.result.loadMore());
  operations.queries[0]!.answer();
  await settled();
  expect(rendered.result.rows.map(({ id }) => id)).toEqual([5, 4, 3, 2].map(orderId));
});

test('an order is another one as soon as the id is another one', async () => {
  const rendered = await renderHook(({ id }: { id: string }) => useLiveOrder(id, card()), { id: orderId(1) }, provided);
  operations.sendOrder(orderId(1));
  await settled();
  expect(rendered.result).toMatchObject({ status: 'live', order: { id: orderId(1), status: 'DRAFT' } });
  const before = rendered.results.length;
  await rendered.rerender({ id: orderId(2) });
  expect(rendered.results.slice(before).filter(({ order }) => order !== undefined)).toEqual([]);
  operations.sendOrder(orderId(2));
  await settled();
  expect(rendered.result.order).toMatchObject({ id: orderId(2) });
});

test('counts are shown by status', async () => {
  const rendered = await renderHook(() => useLiveCounts({ customerId }), {}, provided);
  expect(rendered.result).toMatchObject({ status: 'loading', byStatus: undefined });
  operations.sendCounts({ DRAFT: 3, SHIPPED: 2 });
  await settled();
  expect(rendered.result).toMatchObject({
    status: 'live',
    byStatus: { DRAFT: 3, SHIPPED: 2 },
    orderCount: 5,
    openOrderCount: 2,
  });
});

test('the state of the connection is shown', async () => {
  const rendered = await renderHook(() => useConnection().status, {}, provided);
  expect(rendered.result).toBe('idle');
  await settled(() => operations.connection.set({ status: 'reconnecting', sinceMs: 1 } as never));
  expect(rendered.result).toBe('reconnecting');
});

test('the function that runs commands is always the same one', async () => {
  const rendered = await renderHook(() => useCommand(), {}, provided);
  await rendered.rerender({});
  expect(new Set(rendered.results).size).toBeLessThanOrEqual(2); // StrictMode renders the provider twice
  await expect(rendered.result('confirmOrder', { orderId: orderId(1) })).rejects.toThrow('No list sends commands.');
});

test('the queue is shown as soon as it is open', async () => {
  const pending = createStore<readonly object[]>([]);
  const dismissed: number[] = [];
  const queue = {
    pending,
    refusals: createStore([]),
    add: async (name: string) => ({ name }),
    dismiss: async (id: number) => void dismissed.push(id),
  } as unknown as CommandQueue;
  const opening = Promise.resolve(queue);
  const rendered = await renderHook(
    () => useQueue(),
    {},
    child => createElement(OrderstreamProvider, { operations, queue: opening }, child),
  );
  await settled(() => pending.set([{ id: 1 }]));
  expect(rendered.result.pending).toEqual([{ id: 1 }]);
  expect(await rendered.result.add('confirmOrder', { orderId: orderId(1) })).toEqual({ name: 'confirmOrder' });
  await rendered.result.dismiss(7);
  expect(dismissed).toEqual([7]);
});

test('on a server, hooks render what they show at the start, and send nothing', () => {
  const Status = () => useLiveList({ fragment: card() }).status;
  expect(renderToString(provided(createElement(Status)))).toBe('loading');
  expect(operations.sent).toBe(0);
});

test('hooks outside of the provider say what is missing', () => {
  const Status = () => useConnection().status;
  expect(() => renderToString(createElement(Status))).toThrow('<OrderstreamProvider');
});
