import { graphqlSync } from 'graphql';
import { describe, expect, test } from 'vitest';
import { formatPosition } from '../../../src/event-store/position.ts';
import { DateTime, SafeInt } from '../../../src/graphql/scalars.ts';
import { position, schema } from './mini-schema.ts';

const contextValue = { viewer: { role: 'staff', subject: 'anna' } };

function asVariable(type: string, argument: string, value: unknown) {
  const source = `query ($value: ${type}) { given(${argument}: $value) }`;
  return graphqlSync({ schema, source, contextValue, variableValues: { value } });
}

const accepted: readonly [type: string, argument: string, value: unknown, internal: unknown][] = [
  ['DateTime', 'at', '2026-11-21T09:30:00Z', '2026-11-21T09:30:00.000Z'],
  ['DateTime', 'at', '2026-11-21T10:30:00.25+01:00', '2026-11-21T09:30:00.250Z'],
  ['DateTime', 'at', '2024-02-29t00:00:00z', '2024-02-29T00:00:00.000Z'],
  ['Decimal', 'amount', '12.50', '12.50'],
  ['Decimal', 'amount', '-0.001', '-0.001'],
  ['CurrencyCode', 'currency', 'EUR', 'EUR'],
  ['CurrencyCode', 'currency', 'XXX', 'XXX'],
  ['SafeInt', 'count', 9007199254740991, 9007199254740991],
  ['IdempotencyKey', 'key', 'a'.repeat(128), 'a'.repeat(128)],
  ['IdempotencyKey', 'key', 'A-z_0.9~:', 'A-z_0.9~:'],
  ['Position', 'position', formatPosition(position(7)), position(7)],
];

const refused: readonly [type: string, argument: string, value: unknown][] = [
  ['DateTime', 'at', '2026-02-30T00:00:00Z'],
  ['DateTime', 'at', '2026-11-21'],
  ['DateTime', 'at', '2026-11-21T09:30:00'],
  ['DateTime', 'at', '2026-11-21T24:00:00Z'],
  ['DateTime', 'at', 'now'],
  ['DateTime', 'at', 1763717400000],
  ['Decimal', 'amount', 12.5],
  ['Decimal', 'amount', '12,50'],
  ['Decimal', 'amount', '1e3'],
  ['Decimal', 'amount', '012'],
  ['Decimal', 'amount', '9'.repeat(32)],
  ['Decimal', 'amount', ''],
  ['CurrencyCode', 'currency', 'eur'],
  ['CurrencyCode', 'currency', 'ABC'],
  ['SafeInt', 'count', 9007199254740992],
  ['SafeInt', 'count', 1.5],
  ['SafeInt', 'count', '1'],
  ['IdempotencyKey', 'key', ''],
  ['IdempotencyKey', 'key', 'a'.repeat(129)],
  ['IdempotencyKey', 'key', 'two words'],
  ['IdempotencyKey', 'key', 'line\n'],
  ['IdempotencyKey', 'key', 'café'],
  ['Position', 'position', '7'],
  ['Position', 'position', `${formatPosition(position(7))} `],
  ['Position', 'position', formatPosition(position(7)).toUpperCase()],
];

describe('scalars', () => {
  test.each(accepted)('%s accepts %s: %j', (type, argument, value, internal) => {
    const { data, errors } = asVariable(type, argument, value);
    expect(errors).toBeUndefined();
    expect(JSON.parse(data?.['given'] as string)).toEqual({ [argument]: internal, required: 1 });
  });

  test.each(refused)('%s rejects %s: %j with BAD_USER_INPUT, as a variable', (type, argument, value) => {
    expect(asVariable(type, argument, value).errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT');
  });

  test.each(refused)('%s rejects %s: %j with BAD_USER_INPUT, in the document', (_type, argument, value) => {
    const source = `{ given(${argument}: ${JSON.stringify(value)}) }`;
    expect(graphqlSync({ schema, source, contextValue }).errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT');
  });

  test('a time as the database prints it is answered in UTC', () => {
    expect(DateTime.serialize('2026-11-21 10:30:00.5+01')).toBe('2026-11-21T09:30:00.500Z');
  });

  test('a number that would lose digits in JSON is an error instead of a value', () => {
    expect(SafeInt.serialize(12n)).toBe(12);
    expect(() => SafeInt.serialize(2n ** 53n)).toThrow('beyond');
  });
});
