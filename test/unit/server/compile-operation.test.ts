import fc from 'fast-check';
import {
  buildSchema,
  type DocumentNode,
  execute,
  type ExecutionResult,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  validate,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { isCacheable } from '../../../src/server/execution/cached-responses.ts';
import { compileOperation } from '../../../src/server/execution/compiled/compile-operation.ts';

const sdl = `
  enum Colour { RED GREEN }
  interface Node { id: ID! next: Node }
  type Stone implements Node { id: ID! next: Node weight(unit: Colour = RED, least: Int): Int! colour: Colour twin: Stone! pile: [Stone!] }
  type Shell implements Node { id: ID! next: Node colour: Colour! inside: Found sizes: [Int] layers: [[Shell]!] }
  union Found = Stone | Shell
  type Query { stone(id: ID!): Stone shell: Shell! node: Node nodes(first: Int!): [Node]! found: [Found!] count: Int! flag: Boolean }
  type Mutation { first: Stone second(n: Int!): Int! third: Shell }
  type Subscription { moved: Stone! }`;

type Outcome = 'value' | 'null' | 'throw' | 'error';

/**
 * A schema whose resolvers do what the seed prescribes for their place: a value, null, an error that is thrown or
 * returned, at once or later. Each later result has its own turn of the event loop, so that the number of awaits
 * makes no difference.
 */
function seededSchema(seed: number, trouble: number): GraphQLSchema {
  const schema = buildSchema(sdl);
  const chance = (text: string): number => {
    let hash = seed;
    for (const letter of text) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
    return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
  };
  let last: Promise<unknown> = Promise.resolve();
  const later = (settle: () => unknown): Promise<unknown> => {
    const turn = last.then(() => new Promise<void>(resolve => setImmediate(resolve)));
    last = turn;
    return turn.then(settle);
  };
  const outcomeOf = (place: string): Outcome => {
    const drawn = chance(`${place} outcome`);
    if (drawn >= trouble) return 'value';
    return (['null', 'throw', 'error'] as const)[Math.floor((drawn / trouble) * 3)]!;
  };
  const settled = (outcome: Outcome, place: string, value: () => unknown): unknown => {
    switch (outcome) {
      case 'value':
        return value();
      case 'null':
        return null;
      case 'throw':
        throw new Error(`thrown at ${place}`);
      case 'error':
        return new Error(`returned at ${place}`);
    }
  };
  const perhapsLater = (place: string, settle: () => unknown): unknown =>
    chance(`${place} later`) < 0.4 && !isAtOnce(place) ? later(settle) : settle();
  /**
   * In half of the lists all items come later, in the others all at once: if an item fails at once while an earlier
   * one is pending, graphql-js forgets that one, and its rejection ends the process.
   */
  const isAtOnce = (place: string): boolean => {
    const keys = place.split(' ')[1]!.split('.');
    return keys.some((key, index) => /^\d/.test(key) && atOnce(keys.slice(0, index).join('.')));
  };
  const atOnce = (list: string): boolean => chance(`${list} at once`) < 0.5;
  const valueOf = (type: unknown, place: string, args: object): unknown => {
    if (isNonNullType(type)) return valueOf(type.ofType, place, args);
    if (isListType(type)) {
      const items = [0, 1, 2].slice(0, Math.floor(chance(`${place} length`) * 4));
      return items.map(index => {
        const at = `${place}.${index}`;
        const settle = (): unknown => settled(outcomeOf(at), at, () => valueOf(type.ofType, at, args));
        return isAtOnce(at) ? settle() : later(settle);
      });
    }
    if (isEnumType(type)) return chance(`${place} wrong`) < trouble / 4 ? 'MAUVE' : 'GREEN';
    if (isLeafType(type)) return type.name === 'Boolean' ? true : JSON.stringify(args).length + place.length;
    if (isObjectType(type)) return { __typename: type.name };
    if (isAbstractType(type)) return { __typename: chance(`${place} type`) < 0.5 ? 'Stone' : 'Shell' };
    throw new Error(`no value for ${String(type)}`);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      field.resolve = (_source, args: object, _context, { path, parentType, fieldName, returnType }) => {
        const keys: (string | number)[] = [];
        for (let at: typeof path | undefined = path; at; at = at.prev) keys.unshift(at.key);
        const place = `${parentType.name}.${fieldName} ${keys.join('.')}`;
        return perhapsLater(place, () => settled(outcomeOf(place), place, () => valueOf(returnType, place, args)));
      };
    }
  }
  return schema;
}

const stone = fc.letrec<{ stone: string; shell: string; node: string; found: string }>(tie => {
  const some = (fields: fc.Arbitrary<string>) =>
    fc.array(fields, { minLength: 1, maxLength: 4, depthIdentifier: 'd' }).map(all => `{ ${all.join(' ')} }`);
  const id = fc.constantFrom('id', 'name: id', '__typename', 'kind: __typename');
  const depth = { depthIdentifier: 'd', maxDepth: 3 };
  return {
    stone: some(
      fc.oneof(
        depth,
        id,
        fc.constantFrom(
          'weight',
          'w: weight(unit: GREEN)',
          'v: weight(least: $n)',
          'colour',
          '...onStone',
          '...onNode',
        ),
        tie('node').map(set => `next ${set}`),
        tie('stone').map(set => `twin ${set}`),
        tie('stone').map(set => `pile ${set}`),
        tie('node').map(set => `... on Node ${set}`),
      ),
    ),
    shell: some(
      fc.oneof(
        depth,
        id,
        fc.constantFrom('colour', 'sizes', '...onShell', '...onNode'),
        tie('node').map(set => `next ${set}`),
        tie('found').map(set => `inside ${set}`),
        tie('shell').map(set => `layers ${set}`),
      ),
    ),
    node: some(
      fc.oneof(
        depth,
        id,
        fc.constantFrom('...onStone', '...onShell', '...onNode'),
        tie('node').map(set => `next ${set}`),
        tie('stone').map(set => `... on Stone ${set}`),
        tie('shell').map(set => `... on Shell ${set}`),
      ),
    ),
    found: some(
      fc.oneof(
        depth,
        fc.constantFrom('__typename', '...onStone', '...onShell'),
        tie('stone').map(set => `... on Stone ${set}`),
        tie('shell').map(set => `... on Shell ${set}`),
      ),
    ),
  };
});

const fragments = `
  fragment onNode on Node { id next { id } }
  fragment onStone on Stone { id weight colour ...onNode }
  fragment onShell on Shell { id colour sizes ...onNode }`;

function operationOf(type: string, fields: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .array(fields, { minLength: 1, maxLength: 4 })
    .map(all => `${type} ($n: Int, $id: ID = "a") { ${all.join(' ')} u: __typename }`);
}

const operations = fc.oneof(
  operationOf(
    'query',
    fc.oneof(
      fc.constantFrom('count', 'flag', '__typename', 'c: count'),
      stone.stone.map(set => `stone(id: $id) ${set}`),
      stone.stone.map(set => `b: stone(id: "b") ${set}`),
      stone.shell.map(set => `shell ${set}`),
      stone.node.map(set => `node ${set}`),
      stone.node.map(set => `nodes(first: 2) ${set}`),
      stone.found.map(set => `found ${set}`),
    ),
  ),
  operationOf(
    'mutation',
    fc.oneof(
      fc.constantFrom('second(n: 1)', 'third { id }'),
      stone.stone.map(set => `first ${set}`),
      stone.shell.map(set => `third ${set}`),
    ),
  ),
  stone.stone.map(set => `subscription ($n: Int, $id: ID) { moved ${set} }`),
);

/** The response as it is sent: errors sorted by path, because their order in time may differ. */
function plain({ data, errors }: ExecutionResult): unknown {
  return JSON.parse(JSON.stringify({ data, errors: errors?.map(error => error.toJSON()) }));
}

async function bothWays(seed: number, trouble: number, document: DocumentNode, variableValues: object) {
  const args = { document, variableValues: variableValues as Record<string, unknown>, rootValue: {}, contextValue: {} };
  const theirs = await execute({ ...args, schema: seededSchema(seed, trouble) });
  const schema = seededSchema(seed, trouble);
  const compiled = compileOperation(schema, parse(document.loc!.source.body), undefined, isCacheable);
  const ours = await compiled!.execute({ ...args, schema });
  return [plain(ours), plain(theirs)] as const;
}

describe('a compiled operation', () => {
  test.each([
    ['without any error', 0],
    ['with few errors', 0.06],
    ['with many errors', 0.35],
  ])('answers what graphql-js answers: data, errors, their paths and their order, %s', async (_name, trouble) => {
    const plainSchema = buildSchema(sdl);
    let compared = 0;
    let failed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        operations,
        fc.constantFrom({}, { n: 7 }, { n: null }),
        async (seed, text, variables) => {
          const document = parse(`${text} ${fragments}`);
          // Fields of two types under one name, and unused fragments: not compared here.
          const errors = validate(plainSchema, document).filter(({ message }) => !message.includes('never used'));
          if (errors.length > 0) return;
          const [ours, theirs] = await bothWays(seed, trouble, document, variables);
          expect(ours).toEqual(theirs);
          compared++;
          if ((theirs as { errors?: unknown }).errors) failed++;
        },
      ),
      { numRuns: 150, seed: 20261121 + trouble * 100 },
    );
    expect(compared).toBeGreaterThan(50);
    if (trouble === 0.35) expect(failed).toBeGreaterThan(50);
  });

  test.each([
    ['a missing variable', 'query ($id: ID!) { stone(id: $id) { id } }', {}],
    ['a variable of another type', 'query ($n: Int!) { nodes(first: $n) { id } }', { n: 'many' }],
    [
      'an argument that is null by a variable',
      'query ($n: Int) { a: stone(id: "a") { weight(least: $n) } }',
      { n: null },
    ],
    [
      'a variable with the name of an object’s prototype',
      'query ($__proto__: ID!) { stone(id: $__proto__) { id } }',
      JSON.parse('{ "__proto__": "b" }') as object,
    ],
    [
      'a missing variable with the name of a property of every object',
      'query ($constructor: ID) { stone(id: $constructor) { id } }',
      {},
    ],
  ])('reports for %s the same error as graphql-js', async (_name, text, variables) => {
    const [ours, theirs] = await bothWays(1, 0, parse(text), variables);
    expect(ours).toEqual(theirs);
  });

  test.each(['{ count @skip(if: true) flag }', '{ __schema { description } }', '{ ... @include(if: true) { flag } }'])(
    'does not exist for documents that are left to graphql-js: %s',
    text => {
      expect(compileOperation(buildSchema(sdl), parse(text), undefined, isCacheable)).toBeUndefined();
    },
  );

  test('is that of the named operation', async () => {
    const schema = seededSchema(1, 0);
    const document = parse('query a { count } query b { flag }');
    expect(compileOperation(schema, document, undefined, isCacheable)).toBeUndefined();
    const { data } = await compileOperation(schema, document, 'b', isCacheable)!.execute({
      schema,
      document,
      operationName: 'b',
    });
    expect({ ...data }).toEqual({ flag: true });
  });
});
