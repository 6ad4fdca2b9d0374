import { afterEach, beforeEach, expect, expectTypeOf, test, vi } from 'vitest';
import { buildSchema, validate } from 'graphql';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commandDocument, readDocument } from '../../../src/client/command-document.ts';
import { type CommandInputs, commandTypes } from '../../../src/client/command-inputs.ts';
import { createCommands } from '../../../src/client/commands.ts';
import type { Data } from '../../../src/client/data.ts';
import { OperationError } from '../../../src/client/operation-error.ts';
import { accepted, openTab } from './tab-parts.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const orderId = 'ord_00000000-0000-4000-8000-000000000001';
const key = `Order:${orderId}`;
const rejected = { __typename: 'RejectedError', message: 'It was shipped.', reason: 'ORDER_ALREADY_SHIPPED', path: [] };

test('each command and each read is a valid document of the schema', () => {
  const schema = buildSchema(readFileSync(fileURLToPath(new URL('../../../schema.graphql', import.meta.url)), 'utf8'));
  const names = Object.keys(commandTypes) as (keyof CommandInputs)[];
  // What operators do about the read models changes no entity: front ends send it as any other mutation.
  const mutations = Object.values(schema.getMutationType()!.getFields());
  const onEntities = mutations.filter(({ type }) => String(type) !== 'OperatorCommandResult');
  expect(names.sort()).toEqual(onEntities.map(({ name }) => name).sort());
  for (const name of names) {
    expect(validate(schema, commandDocument(name))).toEqual([]);
    expect(commandDocument(name)).toBe(commandDocument(name));
  }
  for (const type of ['Customer', 'Order', 'Product'] as const)
    expect(validate(schema, readDocument(type))).toEqual([]);
});

test('a command gets an idempotency key, and an order an id; a given key and id are kept', async () => {
  const inputs: Data[] = [];
  const tab = openTab({
    mutate(_, input) {
      inputs.push(input);
      return accepted(input, '1');
    },
  });
  const commands = createCommands(tab.operations);
  const first = await commands.run('createOrder', { reference: 'mine' });
  await commands.run('createOrder', { orderId, idempotencyKey: 'own' });
  await commands.run('confirmOrder', { orderId });
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  expect(inputs[0]!['idempotencyKey']).toMatch(uuid);
  expect(String(inputs[0]!['orderId']).replace('ord_', '')).toMatch(uuid);
  expect(first).toEqual({ accepted: true, id: inputs[0]!['orderId'], version: 1, position: '1' });
  expect(inputs[1]).toEqual({ orderId, idempotencyKey: 'own' });
  expect(inputs[2]!['idempotencyKey']).not.toBe(inputs[0]!['idempotencyKey']);
});

test('a refusal is a value with its type, and its overlay is gone when the caller gets it', async () => {
  const tab = openTab({ mutate: () => rejected });
  const result = await createCommands(tab.operations).run(
    'cancelOrder',
    { orderId, reason: 'none' },
    {
      optimistic: { status: 'CANCELLED' },
    },
  );
  expect(result).toEqual({ accepted: false, error: rejected });
  if (!result.accepted && result.error.__typename === 'RejectedError') {
    expectTypeOf(result.error.reason).toExtend<string>();
  }
  expect(tab.session.overlays.current).toEqual([]);
});

test('the overlay is shown at once, and ends when the object is known at the position of the command', async () => {
  let answer: ((value: unknown) => void) | undefined;
  const tab = openTab({
    mutate: () => new Promise(resolve => (answer = resolve)),
    query: () => new Promise(() => undefined),
  });
  const status = () => tab.session.overlays.apply(key, { status: 'SUBMITTED' }).status;
  const run = createCommands(tab.operations).run('confirmOrder', { orderId }, { optimistic: { status: 'CONFIRMED' } });
  expect(status()).toBe('CONFIRMED');
  tab.admit(key, '3');
  answer!(accepted({ orderId }, '4'));
  await run;
  expect(status()).toBe('CONFIRMED');
  tab.admit(key, '4');
  expect(status()).toBe('SUBMITTED');
});

test('if the answer has no object and no frame comes, the object is read at the position', async () => {
  const reads: Data[] = [];
  const tab = openTab({
    mutate: (_, input) => accepted(input, '4'),
    query(variables) {
      reads.push(variables);
      if (reads.length < 3) throw new OperationError('UNAVAILABLE', 'later');
      expect(tab.session.overlays.current).toHaveLength(1);
      tab.admit(key, '4');
      return {};
    },
  });
  await createCommands(tab.operations).run('confirmOrder', { orderId }, { optimistic: { status: 'CONFIRMED' } });
  expect(tab.session.overlays.current).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(reads).toEqual(Array(3).fill({ id: orderId, atLeast: '4' }));
  expect(tab.session.overlays.current).toEqual([]);
});

test('if it is unknown whether the command was stored, the overlay is shown until the object has been read', async () => {
  let isOnline = false;
  const reads: Data[] = [];
  const tab = openTab({
    mutate() {
      throw new OperationError('NETWORK', 'No server answered.');
    },
    query(variables) {
      if (!isOnline) throw new OperationError('NETWORK', 'No server answered.');
      reads.push(variables);
      return {};
    },
  });
  tab.session.seen.note('7');
  const run = createCommands(tab.operations).run('confirmOrder', { orderId }, { optimistic: { status: 'CONFIRMED' } });
  await expect(run).rejects.toMatchObject({ code: 'NETWORK' });
  await vi.advanceTimersByTimeAsync(120_000);
  expect(tab.session.overlays.current).toHaveLength(1);
  isOnline = true;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(reads).toEqual([{ id: orderId, atLeast: '7' }]);
  expect(tab.session.overlays.current).toEqual([]);
});

test('an error that certainly stored nothing ends the overlay at once', async () => {
  const tab = openTab({
    mutate() {
      throw new OperationError('FORBIDDEN', 'Staff only.');
    },
  });
  const run = createCommands(tab.operations).run('confirmOrder', { orderId }, { optimistic: { status: 'CONFIRMED' } });
  await expect(run).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(tab.session.overlays.current).toEqual([]);
});

test('optimistic values of an object whose id the server makes are a mistake of the program', async () => {
  const tab = openTab({ mutate: () => rejected });
  const run = createCommands(tab.operations).run(
    'addProduct',
    { sku: 'A', name: 'A', price: { amount: '1', currency: 'EUR' } },
    { optimistic: { name: 'A' } },
  );
  await expect(run).rejects.toThrow(TypeError);
});
