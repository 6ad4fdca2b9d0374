import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type ExecutionResult,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  parse,
} from 'graphql';
import { beforeEach, describe, expect, test } from 'vitest';
import { cachedResponses, isCacheable } from '../../../src/server/execution/cached-responses.ts';
import { compileOperation, type ObjectCache } from '../../../src/server/execution/compiled/compile-operation.ts';
import { resultToJson, CachedJson } from '../../../src/server/execution/cached-json.ts';
import { UnchangedRow } from '../../../src/projections/reader-row-cache.ts';
import { eventually } from '../../support/eventually.ts';

interface Row {
  readonly name: string | null;
}

interface Asking {
  readonly thing?: unknown;
  readonly viewer?: { readonly role: string; readonly subject: string };
}

let executed: string[] = [];
beforeEach(() => {
  executed = [];
});

/** Records the field's name, and resolves to it in upper case by default. */
function field(name: string, more: object = {}) {
  const resolve = ({ row }: { readonly row: Row }, _args: unknown, { viewer }: Asking): unknown => {
    executed.push(name);
    return `${row.name} ${viewer?.role}`;
  };
  return { type: GraphQLString, extensions: { sharing: 'role' }, resolve, ...more };
}

const Part = new GraphQLObjectType({
  name: 'Part',
  extensions: { sharing: 'role' },
  fields: { size: { type: GraphQLInt, resolve: () => executed.push('size') && 7 } },
});
const Thing = new GraphQLObjectType({
  name: 'Thing',
  fields: {
    name: field('name'),
    parts: { type: new GraphQLList(Part), extensions: { sharing: 'role' }, resolve: () => [{}, {}] },
    sized: field('sized', { args: { unit: { type: GraphQLString } } }),
    mine: field('mine', { extensions: {} }),
    other: field('other', { resolve: () => Promise.resolve(executed.push('other') && 'there') }),
    failing: field('failing', {
      resolve: () => {
        executed.push('failing');
        throw new Error('broken');
      },
    }),
    must: field('must', { type: new GraphQLNonNull(GraphQLString), resolve: ({ row }: { row: Row }) => row.name }),
  },
});
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: {
      thing: { type: Thing, resolve: (_source, _args, { thing }: Asking) => thing },
      other: { type: GraphQLInt, resolve: () => 1 },
    },
  }),
});

const anna = { viewer: { role: 'staff', subject: 'anna' } };

const asker = (thing: unknown, query: string) => execution(thing, query, cachedResponses);
const uncached = (thing: unknown, query: string) => execution(thing, query, undefined);

function execution(thing: unknown, query: string, cache: ObjectCache | undefined) {
  const document = parse(query);
  return async (asking: Asking = anna): Promise<ExecutionResult> => {
    const contextValue = { ...asking, thing };
    return compileOperation(schema, document, undefined, isCacheable)!.execute(
      { schema, document, contextValue },
      cache,
    );
  };
}

function standing(row: Row = { name: 'stone' }, characters = 1_000) {
  return new UnchangedRow(row, characters);
}

const plain = (result: ExecutionResult): unknown => JSON.parse(JSON.stringify(result));

describe('for an unchanged row', () => {
  test('a response that depends on it and on the viewer is executed once, and is the same each time', async () => {
    const ask = asker(standing(), '{ thing { name parts { size __typename } } }');
    const answers = [await ask(), await ask(), await ask()];
    expect(executed).toEqual(['name', 'size', 'size']);
    const expected = {
      data: { thing: { name: 'stone staff', parts: Array(2).fill({ size: 7, __typename: 'Part' }) } },
    };
    for (const answer of answers) {
      expect(plain(answer)).toEqual(expected);
      expect(resultToJson(answer)).toBe(JSON.stringify(expected));
    }
  });

  test('another viewer gets their own response, in another role or the same', async () => {
    const ask = asker(standing(), '{ thing { name } }');
    await ask();
    for (const [role, subject] of [
      ['customer', 'ada'],
      ['customer', 'eve'],
      ['staff', 'bob'],
      ['staff', 'anna'],
    ] as const) {
      executed = [];
      expect(plain(await ask({ viewer: { role, subject } }))).toEqual({ data: { thing: { name: `stone ${role}` } } });
      expect(executed).toEqual(['name']);
    }
    expect(plain(await ask({}))).toEqual({ data: { thing: { name: 'stone undefined' } } });
  });

  test('another selection is executed separately', async () => {
    const row = standing();
    expect(plain(await asker(row, '{ thing { name } }')())).toEqual({ data: { thing: { name: 'stone staff' } } });
    expect(plain(await asker(row, '{ thing { parts { size } } }')())).toEqual({
      data: { thing: { parts: [{ size: 7 }, { size: 7 }] } },
    });
    expect(executed).toEqual(['name', 'size', 'size']);
  });

  test.each([
    ['has an argument', '{ thing { name sized(unit: "m") } }', ['name', 'sized']],
    ['depends on the viewer', '{ thing { name mine } }', ['name', 'mine']],
    ['is not read from the row', '{ thing { name other } }', ['name', 'other']],
    ['failed', '{ thing { name failing } }', ['name', 'failing']],
  ])('it is executed each time if a field %s', async (_, query, each) => {
    const ask = asker(standing(), query);
    const [first, second] = [await ask(), await ask()];
    expect(executed).toEqual([...each, ...each]);
    expect(plain(second)).toEqual(plain(first));
  });

  test('a response that is null because a field may not be null is not cached', async () => {
    const ask = asker(standing({ name: null }), '{ thing { must } }');
    for (let n = 0; n < 2; n++) {
      expect(plain(await ask())).toMatchObject({ data: { thing: null }, errors: [{ path: ['thing', 'must'] }] });
    }
  });

  test('a response that is longer than the row is not cached: aliases could make it any length', async () => {
    const ask = asker(standing({ name: 'stone' }, 40), '{ thing { a: name b: name c: name } }');
    expect(plain(await ask())).toEqual(plain(await ask()));
    expect(executed).toHaveLength(6);
  });
});

test('a frame is executed without this cache: a group of subscribers has no single viewer', async () => {
  const row = standing();
  await asker(row, '{ thing { name } }')();
  const frame = uncached(row, '{ thing { name } }');
  const { viewer } = anna;
  const nameless = {
    role: viewer.role,
    get subject(): string {
      throw new Error('asked who it is');
    },
  };
  for (let n = 0; n < 2; n++) {
    // Plain data: no part of it is cached JSON.
    expect(await frame({ viewer: nameless })).toEqual({ data: { thing: { name: 'stone staff' } } });
  }
  expect(executed).toHaveLength(3);
});

test('a cached response keeps no document in memory', async () => {
  const rows = Array.from({ length: 50 }, () => standing());
  const documents = await Promise.all(
    rows.map(async (thing, n) => {
      const document = parse(`query Q${n} { thing { name } }`);
      const contextValue = { ...anna, thing };
      const compiled = compileOperation(schema, document, undefined, isCacheable)!;
      await compiled.execute({ schema, document, contextValue }, cachedResponses);
      return new WeakRef(document);
    }),
  );
  expect(rows.every(({ answered }) => answered !== undefined)).toBe(true);
  setFlagsFromString('--expose-gc');
  await eventually(() => {
    (runInNewContext('gc') as () => void)();
    expect(documents.filter(one => one.deref() !== undefined).length).toBeLessThan(5);
  });
});

test('a row that is no longer cached is executed each time', async () => {
  const ask = asker({ row: { name: 'stone' } }, '{ thing { name } }');
  await ask();
  await ask();
  expect(executed).toEqual(['name', 'name']);
});

test('cached JSON is the same value in JSON, at any place', () => {
  const cached = new CachedJson({ a: ['\u2028"', null], b: { c: 1 } });
  for (const result of [
    { data: { one: cached } },
    { data: { one: cached }, extensions: { cost: 1 } },
    { data: { one: cached, two: cached } },
    { data: { one: cached }, errors: [] },
    { data: { 'o"ne': cached } },
    { data: null },
    { errors: [] },
  ]) {
    expect(JSON.parse(resultToJson(result))).toEqual(JSON.parse(JSON.stringify(result)));
  }
});
