import { beforeEach, expect, test } from 'vitest';
import type { CommandResult } from '../../../src/client/commands.ts';
import {
  createDraftQueue,
  type DraftQueue,
  type Keep,
  linesWith,
  type Wish,
} from '../../../src/console/new-order/draft-queue.ts';

const price = { amount: '2.00', currency: 'EUR' };
const wish = (key: string, lineId: string, quantity: number, isNew = false): Wish => ({
  key,
  lineId,
  productId: 'tea',
  productName: 'Tea',
  unitPrice: price,
  quantity,
  isNew,
});
const line = (id: string, quantity: number) => ({
  id,
  productId: 'tea',
  productName: 'Tea',
  unitPrice: price,
  quantity,
});
const accepted = (position: string): CommandResult => ({ accepted: true, id: 'ord', version: 1, position });
const refused: CommandResult = {
  accepted: false,
  error: {
    __typename: 'RejectedError',
    message: 'No.',
    reason: 'PRODUCT_UNAVAILABLE',
    path: [],
    current: null,
  } as never,
};

let stored: Map<string, string>;
let sent: { name: string; input: Record<string, unknown>; answer: (result: CommandResult) => void }[];
const keep = (): Keep => ({
  getItem: key => stored.get(key) ?? null,
  setItem: (key, text) => void stored.set(key, text),
  removeItem: key => void stored.delete(key),
});

function open(): DraftQueue {
  return createDraftQueue({
    orderId: 'ord',
    keep: keep(),
    create: () => Promise.resolve(undefined),
    run: (name, input) =>
      new Promise(answer => {
        sent.push({ name, input: input as Record<string, unknown>, answer });
      }),
  });
}

const settled = () => new Promise(resolve => setTimeout(resolve));
const shown = (queue: DraftQueue, ...lines: ReturnType<typeof line>[]) =>
  linesWith(lines, queue.state.current.wishes).map(({ id, quantity }) => `${id} ${quantity}`);

beforeEach(() => {
  stored = new Map();
  sent = [];
});

test('a line is shown at once, and stays until the order is shown at the position of its command', async () => {
  const queue = open();
  queue.add(wish('k1', 'l1', 1, true));
  expect(shown(queue)).toEqual(['l1 1']);
  await settled();
  expect(sent).toMatchObject([{ name: 'addOrderItem', input: { lineId: 'l1', quantity: 1, idempotencyKey: 'k1' } }]);
  sent[0]!.answer(accepted('p2'));
  await queue.settled();
  expect(shown(queue)).toEqual(['l1 1']); // the frame is still to come
  queue.shownAt('p1');
  expect(shown(queue)).toEqual(['l1 1']);
  queue.shownAt('p2');
  expect(queue.state.current.wishes).toEqual([]);
  expect(shown(queue, line('l1', 1))).toEqual(['l1 1']);
});

test('a frame that comes before the answer ends the wish with the answer', async () => {
  const queue = open();
  queue.add(wish('k1', 'l1', 1, true));
  await settled();
  queue.shownAt('p2');
  expect(shown(queue, line('l1', 1))).toEqual(['l1 1']);
  sent[0]!.answer(accepted('p2'));
  await queue.settled();
  expect(queue.state.current.wishes).toEqual([]);
});

test('an older state of the order never shows an older quantity while later wishes are under way', async () => {
  const queue = open();
  for (const quantity of [1, 2, 3]) queue.add(wish(`k${quantity}`, 'l1', quantity, quantity === 1));
  await settled();
  sent[0]!.answer(accepted('p1'));
  await settled();
  queue.shownAt('p1');
  expect(shown(queue, line('l1', 1))).toEqual(['l1 3']);
  expect(sent.map(({ name, input }) => [name, input['quantity']])).toEqual([
    ['addOrderItem', 1],
    ['changeOrderItemQuantity', 2],
  ]);
});

test('quantity 0 removes a line at once', async () => {
  const queue = open();
  queue.add(wish('k1', 'l1', 0));
  expect(shown(queue, line('l1', 4), line('l2', 1))).toEqual(['l2 1']);
  await settled();
  expect(sent[0]!.name).toBe('removeOrderItem');
});

test('a refused wish is not shown any more, and the reason is kept', async () => {
  const queue = open();
  queue.add(wish('k1', 'l1', 1, true));
  await settled();
  sent[0]!.answer(refused);
  await queue.settled();
  expect(shown(queue)).toEqual([]);
  expect(queue.state.current.refusal).toMatchObject({ reason: 'PRODUCT_UNAVAILABLE' });
});

test('what was not stored before a reload is sent again under its key', async () => {
  const before = open();
  before.add(wish('k1', 'l1', 1, true));
  before.add(wish('k2', 'l2', 5, true));
  await settled();
  sent[0]!.answer(accepted('p1'));
  await settled();
  sent = [];
  const after = open();
  expect(shown(after, line('l1', 1))).toEqual(['l1 1', 'l2 5']);
  await settled();
  expect(sent.map(({ input }) => input['idempotencyKey'])).toEqual(['k2']);
});
