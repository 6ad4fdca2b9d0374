import { isInputObjectType, isObjectType, getNamedType } from 'graphql';
import { expect, test } from 'vitest';
import { keys, possibleTypes } from '../../../src/client/index.ts';
import { schema } from '../../../src/schema.ts';

const fields = Object.values(schema.getTypeMap())
  .filter(type => isObjectType(type))
  .filter(({ name }) => !name.startsWith('__'))
  .flatMap(type => Object.values(type.getFields()).map(({ name, args }) => ({ type: type.name, name, args })));

// What the links assume about any document: see src/client/command-keys.ts and src/client/operation-session.ts.
test('commands, and only they, have an argument `input`, which takes an idempotency key', () => {
  for (const { type, name, args } of fields) {
    const input = args.find(argument => argument.name === 'input');
    expect([type, name, input !== undefined]).toEqual([type, name, type === 'Mutation']);
    if (input === undefined) continue;
    const inputType = getNamedType(input.type);
    expect(isInputObjectType(inputType) && String(inputType.getFields()['idempotencyKey']?.type)).toBe(
      'IdempotencyKey',
    );
  }
});

test('a position is passed as `after` to subscriptions and as `atLeast` to queries, and nowhere else', () => {
  for (const { type, name, args } of fields) {
    const positions = args
      .filter(argument => String(getNamedType(argument.type)) === 'Position')
      .map(({ name }) => name);
    const allowed: Record<string, string[]> = { Subscription: ['after'], Query: ['atLeast'] };
    for (const one of positions) expect([type, name, allowed[type]]).toEqual([type, name, [one]]);
  }
});

test('the facts for caches contain every interface and union, and every type without an id', () => {
  expect(possibleTypes['Node']).toEqual(expect.arrayContaining(['Order', 'Customer', 'Product']));
  expect(possibleTypes['OrderCommandResult']).toContain('OrderCommandPayload');
  expect(keys).toHaveProperty('Money');
  expect(keys).toHaveProperty('OrderConnection');
  expect(keys).not.toHaveProperty('Order');
  expect(keys).not.toHaveProperty('Query');
});
