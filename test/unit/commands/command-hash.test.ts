import fc from 'fast-check';
import { getNamedType, type GraphQLInputObjectType, isInputObjectType, isNullableType } from 'graphql';
import { describe, expect, test } from 'vitest';
import { hashesOfCommand, hashOfCommand } from '../../../src/commands/command-hash.ts';
import { schema } from '../../../src/schema.ts';

const input = { items: [], currency: 'EUR', idempotencyKey: 'k' };
const stored = '658f3bcfc9e9fb185dfc70fb2520cc4eb382659e73533c34c72ca18f168d7f57';
const storedWithNulls = 'f9539de10993638548bd8b5a4431e242045e224841c50d1f60a5667024173994';

/** The same value with nulls for missing members, and with additional ones. */
function withNulls(value: unknown, names: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(one => withNulls(one, names));
  const members = Object.entries(value).map(([name, member]) => [name, withNulls(member, names)] as const);
  return { ...Object.fromEntries(names.map(name => [name, null])), ...Object.fromEntries(members) };
}

describe('the hash of a command', () => {
  test('is the one that earlier releases stored, if the input has no nulls', () => {
    expect(hashesOfCommand('createOrder', input)).toEqual({ commandHash: stored, formerHash: undefined });
    expect(hashOfCommand('createOrder', input)).toBe(stored);
  });

  test('comes with the one that earlier releases stored, if the input has nulls', () => {
    const nulls = { ...input, reference: null, expectedVersion: null };
    expect(hashesOfCommand('createOrder', nulls)).toEqual({ commandHash: stored, formerHash: storedWithNulls });
  });

  test('is the same for a null field and a missing one, at any depth', () => {
    const member = fc.stringMatching(/^[a-z]{1,3}$/);
    const value = fc.letrec<{ value: unknown; object: object }>(tie => ({
      value: fc.oneof(fc.string(), fc.integer(), fc.boolean(), tie('object'), fc.array(tie('object'))),
      object: fc.dictionary(member, tie('value'), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(value.object, fc.array(member), (asked, names) => {
        const nulls = withNulls(asked, names) as object;
        expect(hashesOfCommand('m', nulls).commandHash).toBe(hashesOfCommand('m', asked).commandHash);
      }),
    );
  });

  test('of a null in a field with a default is that of the default', () => {
    const leftOut = hashOfCommand('m', { items: [] });
    expect(hashesOfCommand('m', { items: null }, { items: [] }).commandHash).toBe(leftOut);
    expect(hashesOfCommand('m', { items: [1] }, { items: [] }).commandHash).not.toBe(leftOut);
  });
});

// Defaults are applied only to the fields of a mutation's own input.
test('no nested input has a field with a default that may be null', () => {
  const inner = new Set<GraphQLInputObjectType>();
  function collect(type: unknown): void {
    if (!isInputObjectType(type) || inner.has(type)) return;
    inner.add(type);
    for (const field of Object.values(type.getFields())) collect(getNamedType(field.type));
  }
  for (const field of Object.values(schema.getMutationType()!.getFields())) {
    const own = getNamedType(field.args[0]!.type) as GraphQLInputObjectType;
    for (const one of Object.values(own.getFields())) collect(getNamedType(one.type));
  }
  expect(inner.size).toBeGreaterThan(0);
  for (const type of inner) {
    for (const field of Object.values(type.getFields())) {
      expect(`${type.name}.${field.name}: ${String(isNullableType(field.type) ? field.defaultValue : undefined)}`).toBe(
        `${type.name}.${field.name}: undefined`,
      );
    }
  }
});
