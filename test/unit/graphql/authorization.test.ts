import SchemaBuilder from '@pothos/core';
import { execute, parse, subscribe } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { Context } from '../../../src/graphql/context.ts';
import '../../../src/graphql/authorization.ts';

const newBuilder = () => new SchemaBuilder<{ Context: Context }>({ plugins: ['rules'] });

const anonymous = { viewer: undefined };
const customer = { viewer: { role: 'customer', subject: 'cus_1' } };
const staff = { viewer: { role: 'staff', subject: 'anna' } };

const operator = { viewer: { role: 'operator', subject: 'olga' } };

const forgotten = {} as { rule: 'staff' };

describe('rules', () => {
  test.each(['Query', 'Mutation', 'Subscription'] as const)('a %s field without a rule builds no schema', root => {
    const builder = newBuilder();
    builder.queryType({ fields: t => ({ fine: t.string({ rule: 'staff', resolve: () => '' }) }) });
    builder.mutationType({});
    builder.subscriptionType({});
    builder.mutationField('fine', t => t.string({ rule: 'staff', resolve: () => '' }));
    builder.subscriptionField('fine', t => t.string({ rule: 'staff', subscribe: never, resolve: () => '' }));
    if (root === 'Query') builder.queryField('bare', t => t.string({ ...forgotten, resolve: () => '' }));
    if (root === 'Mutation') builder.mutationField('bare', t => t.string({ ...forgotten, resolve: () => '' }));
    if (root === 'Subscription') {
      builder.subscriptionField('bare', t => t.string({ ...forgotten, subscribe: never, resolve: () => '' }));
    }
    expect(() => builder.toSchema()).toThrow(`${root}.bare has no rule`);
  });

  test('an object type without a rule, or with an unknown rule, builds no schema', () => {
    const bare = newBuilder();
    bare.queryType({});
    bare.objectType(bare.objectRef<object>('Bare'), {
      ...forgotten,
      fields: t => ({ a: t.int({ resolve: () => 1 }) }),
    });
    expect(() => bare.toSchema()).toThrow('Bare has no rule');

    const wrong = newBuilder();
    wrong.queryType({ fields: t => ({ a: t.int({ rule: 'everybody' as 'staff', resolve: () => 1 }) }) });
    expect(() => wrong.toSchema()).toThrow('Query.a has no rule');
  });

  test("the rule of a type applies to each of its fields, and a field's own rule takes precedence", async () => {
    const builder = newBuilder();
    const Vault = builder.objectRef<{ gold: number }>('Vault').implement({
      rule: 'staff',
      fields: t => ({ gold: t.exposeInt('gold'), label: t.string({ rule: 'authenticated', resolve: () => 'north' }) }),
    });
    builder.queryType({
      fields: t => ({ vault: t.field({ type: Vault, rule: 'authenticated', resolve: () => ({ gold: 7 }) }) }),
    });
    const schema = builder.toSchema();
    const document = parse('{ vault { gold label } }');
    const asked = async (contextValue: object) => execute({ schema, document, contextValue });
    expect(await asked(staff)).toEqual({ data: { vault: { gold: 7, label: 'north' } } });
    const refused = await asked(customer);
    expect(refused.data).toEqual({ vault: { gold: null, label: 'north' } });
    expect(refused.errors?.map(({ extensions }) => extensions['code'])).toEqual(['FORBIDDEN']);
    expect((await asked(anonymous)).errors?.[0]?.extensions['code']).toBe('UNAUTHENTICATED');
  });

  test('an operator is admitted where staff are, and staff are not where operators are', async () => {
    const builder = newBuilder();
    builder.queryType({
      fields: t => ({
        forStaff: t.int({ rule: 'staff', nullable: true, resolve: () => 1 }),
        forOperators: t.int({ rule: 'operator', nullable: true, resolve: () => 2 }),
      }),
    });
    const schema = builder.toSchema();
    const document = parse('{ forStaff forOperators }');
    const asked = async (contextValue: object) => execute({ schema, document, contextValue });
    expect(await asked(operator)).toEqual({ data: { forStaff: 1, forOperators: 2 } });
    const refused = await asked(staff);
    expect(refused.data).toEqual({ forStaff: 1, forOperators: null });
    expect(refused.errors?.map(({ message }) => message)).toEqual(['Only operators may do this.']);
    expect((await asked(customer)).data).toEqual({ forStaff: null, forOperators: null });
  });

  test('nothing is resolved or subscribed to before the rule was checked', async () => {
    const builder = newBuilder();
    let ran = 0;
    builder.queryType({ fields: t => ({ a: t.int({ rule: 'staff', resolve: () => ++ran }) }) });
    builder.subscriptionType({});
    builder.subscriptionField('b', t => t.int({ rule: 'staff', subscribe: () => (ran++, never()), resolve: () => 1 }));
    const schema = builder.toSchema();
    for (const contextValue of [anonymous, customer]) {
      await execute({ schema, document: parse('{ a }'), contextValue });
      await subscribe({ schema, document: parse('subscription { b }'), contextValue });
    }
    expect(ran).toBe(0);
  });
});

function never(): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) };
}
