import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type CommandQueue, createCommandQueue } from '../../../src/client/command-queue.ts';
import type { Data } from '../../../src/client/data.ts';
import { OperationError } from '../../../src/client/operation-error.ts';
import { createSession } from '../../../src/client/session.ts';
import { sessionOperations } from '../../../src/client/session-operations.ts';
import { type Plant, simulate } from './queue-simulation.ts';
import { accepted, createLocks, openTab, type TestTab } from './tab-parts.ts';

const orderId = 'ord_00000000-0000-4000-8000-000000000001';
const key = `Order:${orderId}`;
const rejected = { __typename: 'RejectedError', message: 'It was shipped.', reason: 'ORDER_ALREADY_SHIPPED', path: [] };

const queues: CommandQueue[] = [];
let names = 0;
let name: string;

beforeEach(() => {
  name = `queue ${names++}`;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  vi.stubGlobal('navigator', { locks: createLocks() });
});
afterEach(async () => {
  await Promise.all(queues.splice(0).map(queue => queue.close()));
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function open({ operations }: TestTab): Promise<CommandQueue> {
  const queue = await createCommandQueue(operations, { name });
  queues.push(queue);
  return queue;
}

/** Waits in real turns, and lets the timers of the queue run. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000 && !condition(); turn++) {
    await vi.advanceTimersByTimeAsync(20);
    await new Promise(resolve => setImmediate(resolve));
  }
  expect(condition()).toBe(true);
}

const offline = () => {
  throw new OperationError('NETWORK', 'No server answered.');
};

test('100 commands queued offline in two tabs, with reloads between: each is applied once and in order', async () => {
  let isOnline = false;
  const applied: unknown[] = [];
  const server = {
    mutate(_: string, input: Data) {
      if (!isOnline) offline();
      applied.push(input['reason']);
      return accepted(input, String(applied.length));
    },
  };
  const tabs = [await open(openTab(server)), await open(openTab(server))];
  const reasons = Array.from({ length: 100 }, (_, index) => `reason ${index}`);
  for (const [index, reason] of reasons.entries()) {
    const tab = index % 2;
    await tabs[tab]!.add('cancelOrder', { orderId, reason });
    if (index % 25 !== 24) continue;
    await tabs[tab]!.close();
    tabs[tab] = await open(openTab(server));
  }
  await until(() => tabs.every(({ pending }) => pending.current.length === 100));
  isOnline = true;
  await until(() => tabs.every(({ pending }) => pending.current.length === 0));
  expect(applied).toEqual(reasons);
});

test('a refused command is kept with its error until it is dismissed, in all tabs and after reloads', async () => {
  const server = { mutate: () => rejected };
  const first = await open(openTab(server));
  const other = await open(openTab(server));
  const entry = await first.add('cancelOrder', { orderId, reason: 'none' });
  await until(() => first.refusals.current.length + other.refusals.current.length === 2);
  await first.close();
  const again = await open(openTab(server));
  await until(() => again.refusals.current.length === 1);
  expect(again.refusals.current[0]).toEqual({ ...entry, error: rejected });
  expect(again.pending.current).toEqual([]);
  await again.dismiss(entry.id);
  await until(() => again.refusals.current.length + other.refusals.current.length === 0);
});

test('overlays are put back after a reload, and end when the state with the command is known, in every tab', async () => {
  let isOnline = false;
  const server = {
    mutate: (_: string, input: Data) => (isOnline ? accepted(input, '5') : offline()),
    query: () => new Promise(() => undefined),
  };
  const before = await open(openTab(server));
  await before.add('confirmOrder', { orderId }, { optimistic: { status: 'CONFIRMED' } });
  await before.close();
  const tabs = [openTab(server), openTab(server)];
  const opened = await Promise.all(tabs.map(open));
  const statuses = () => tabs.map(({ session }) => session.overlays.apply(key, { status: 'SUBMITTED' }).status);
  await until(() => statuses().every(status => status === 'CONFIRMED'));
  isOnline = true;
  await until(() => opened.every(({ pending }) => pending.current.length === 0));
  for (const tab of tabs) tab.admit(key, '4');
  expect(statuses()).toEqual(['CONFIRMED', 'CONFIRMED']);
  for (const tab of tabs) tab.admit(key, '5');
  expect(statuses()).toEqual(['SUBMITTED', 'SUBMITTED']);
});

test('the overlay of a refused command ends in the tick in which the refusal is shown', async () => {
  const tab = openTab({ mutate: () => rejected });
  const queue = await open(tab);
  const shown: unknown[] = [];
  tab.session.overlays.subscribe(({ added, removed }) => shown.push([added.length, removed.length]));
  await queue.add('cancelOrder', { orderId, reason: 'none' }, { optimistic: { status: 'CANCELLED' } });
  queue.refusals.subscribe(() => shown.push(queue.refusals.current.length));
  await until(() => queue.refusals.current.length === 1);
  expect(shown).toEqual([[1, 0], [0, 1], 1]);
});

test('a new order gets its id when it is queued, so that later commands can name it', async () => {
  const inputs: Data[] = [];
  const tab = openTab({
    mutate(_, input) {
      inputs.push(input);
      return accepted(input, '1');
    },
  });
  const queue = await open(tab);
  const { input } = await queue.add('createOrder', { reference: 'mine' });
  await queue.add('submitOrder', { orderId: String(input['orderId']) });
  await until(() => queue.pending.current.length === 0);
  expect(inputs.map(one => one['orderId'])).toEqual([input['orderId'], input['orderId']]);
});

test('an error that a repeat cannot mend is handed back at once; an internal one after five repeats', async () => {
  const sent: string[] = [];
  const tab = openTab({
    mutate(_, { reason }) {
      sent.push(String(reason));
      throw new OperationError(String(reason), 'no');
    },
  });
  const queue = await open(tab);
  for (const reason of ['FORBIDDEN', 'INTERNAL']) await queue.add('cancelOrder', { orderId, reason });
  await until(() => queue.refusals.current.length === 2);
  expect(sent).toEqual(['FORBIDDEN', ...Array<string>(6).fill('INTERNAL')]);
  expect(queue.refusals.current[0]!.error).toEqual({ __typename: 'OperationError', code: 'FORBIDDEN', message: 'no' });
});

test('nothing of a viewer is shown or sent after they sign out, until they are back', async () => {
  const sent: unknown[] = [];
  const tab = openTab({
    mutate(_, { reason }) {
      sent.push([tab.session.viewer, reason]);
      return offline();
    },
  });
  const queue = await open(tab);
  await queue.add('cancelOrder', { orderId, reason: 'of ann' }, { optimistic: { status: 'CANCELLED' } });
  tab.changeViewer(undefined);
  expect(queue.pending.current).toEqual([]);
  expect(tab.session.overlays.current).toEqual([]);
  tab.changeViewer('STAFF bob');
  await queue.add('cancelOrder', { orderId, reason: 'of bob' });
  await until(() => sent.length > 0 && String(sent.at(-1)).endsWith('bob'));
  tab.changeViewer('STAFF ann');
  await until(() => queue.pending.current[0]?.input['reason'] === 'of ann');
  await until(() => sent.length > 5);
  expect(new Set(sent.map(one => String(one)))).toEqual(new Set(['STAFF ann,of ann', 'STAFF bob,of bob']));
});

test('a command is not stored if no token says whose it is', async () => {
  const withoutSubject = `x.${btoa(JSON.stringify({ role: 'STAFF' }))}.x`;
  for (const token of [undefined, () => 'opaque', () => withoutSubject]) {
    const session = createSession({ url: 'http://localhost/graphql', token, fetch: offline });
    const queue = await createCommandQueue(sessionOperations(session), { name });
    queues.push(queue);
    await expect(queue.add('createOrder', {})).rejects.toThrow('a subject');
    expect(queue.pending.current).toEqual([]);
    session.close();
  }
});

test('a command is not sent with the token of another viewer, whenever the token changes', async () => {
  const tokenOf = (sub: string) => `x.${btoa(JSON.stringify({ sub, role: 'STAFF' }))}.x`;
  for (let calls = 1; calls <= 6; calls++) {
    let left = calls;
    const sent: (string | null)[] = [];
    const session = createSession({
      url: 'http://shop/graphql',
      token: () => tokenOf(left-- > 0 ? 'ann' : 'bob'),
      fetch: async (_, request) => {
        sent.push(new Headers(request?.headers).get('authorization'));
        throw new TypeError('Failed to fetch');
      },
    });
    const queue = await createCommandQueue(sessionOperations(session), { name: `${name} ${calls}` });
    const { viewer } = await queue.add('cancelOrder', { orderId, reason: 'of one viewer' });
    for (let turn = 0; turn < 200; turn++) {
      await vi.advanceTimersByTimeAsync(100);
      await new Promise(resolve => setImmediate(resolve));
    }
    session.close();
    await queue.close();
    const other = viewer.includes('ann') ? 'bob' : 'ann';
    expect([calls, sent]).not.toEqual([calls, expect.arrayContaining([`Bearer ${tokenOf(other)}`])]);
  }
});

test('without IndexedDB or without locks, a queue is refused at once, with the reason', async () => {
  const tab = openTab({ mutate: () => rejected });
  vi.stubGlobal('indexedDB', undefined);
  await expect(createCommandQueue(tab.operations)).rejects.toThrow('needs IndexedDB');
  const failing = {
    open: () => {
      throw new DOMException('denied', 'SecurityError');
    },
  };
  vi.stubGlobal('indexedDB', failing);
  await expect(createCommandQueue(tab.operations)).rejects.toThrow('needs IndexedDB');
  vi.stubGlobal('navigator', {});
  await expect(createCommandQueue(tab.operations)).rejects.toThrow('needs Web Locks');
});

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

test.each(seeds)('each command is applied once and in order, or handed back once (schedule %i)', async seed => {
  expect(await simulate(seed)).toEqual([]);
});

const plants: [Plant, RegExp][] = [
  ['sent before stored', /before it was stored|was lost/],
  ['removed before answered', /was lost/],
  ['key made at sending', /applied \d times/],
  ['lock not held', /two tabs send|order of/],
  ['token of another', /token of/],
];
test.each(plants)('the simulation finds a queue with the fault: %s', async (plant, found) => {
  // On a busy machine tasks interleave otherwise than on an idle one, so the seed that finds it may be another one.
  let wrong = '';
  for (let seed = 1; seed <= 50 && !found.test(wrong); seed++) wrong = (await simulate(seed, plant)).join('\n');
  expect(wrong).toMatch(found);
});
