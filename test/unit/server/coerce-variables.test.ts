import fc from 'fast-check';
import { buildSchema, getOperationAST, getVariableValues, parse } from 'graphql';
import { expect, test } from 'vitest';
import { compileVariables } from '../../../src/server/execution/compiled/coerce-variables.ts';

const schema = buildSchema(`
  enum Colour { RED GREEN }
  input Pile { stones: [ID!]! = ["a"] size: Int = 3 colour: Colour weight: Float! top: Pile layers: [[Int]!] }
  input Either @oneOf { one: Int other: String }
  type Query { count: Int }`);

const { variableDefinitions } = getOperationAST(
  parse('query ($pile: Pile!, $piles: [Pile!], $n: Int = 7, $either: Either, $flag: Boolean) { count }'),
)!;
const read = compileVariables(schema, getOperationAST(parse('{ count }'))!);

const odd = fc.constantFrom(null, 1, 1.5, 'GREEN', 'MAUVE', true, [], {}, 2 ** 40, ['b', null]);
const orOdd = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ arbitrary: value, weight: 12 }, { arbitrary: odd, weight: 1 });
const { pile } = fc.letrec<{ pile: object }>(tie => ({
  pile: fc.record(
    {
      stones: orOdd(fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 3 })),
      size: orOdd(fc.integer({ min: -5, max: 5 })),
      colour: orOdd(fc.constantFrom('RED', 'GREEN')),
      weight: orOdd(fc.double({ noNaN: true })),
      top: fc.oneof({ maxDepth: 2, depthIdentifier: 'pile' }, fc.constant(null), tie('pile')),
      layers: orOdd(fc.array(fc.array(fc.oneof(fc.integer({ max: 9, min: 0 }), fc.constant(null))), { maxLength: 2 })),
      constructor: fc.constant(1),
    },
    { requiredKeys: ['weight'] },
  ),
}));
// A field that no type has, in one of twenty cases.
const known = pile.chain(one =>
  fc.nat(19).map(drawn => {
    const { constructor: unknown, ...rest } = one as Record<string, unknown>;
    return drawn === 0 ? { ...rest, constructor: unknown } : rest;
  }),
);
const given = fc.record(
  {
    pile: orOdd(known),
    piles: orOdd(fc.array(known, { maxLength: 2 })),
    n: orOdd(fc.integer({ min: 0, max: 9 })),
    either: fc.oneof(fc.constant({ one: 1 }), fc.constant({ one: 1, other: 'b' }), odd),
    flag: orOdd(fc.boolean()),
  },
  { requiredKeys: ['pile'] },
);

test('variables are coerced as graphql-js does, with its error messages', () => {
  let good = 0;
  let bad = 0;
  fc.assert(
    fc.property(fc.subarray([...variableDefinitions!]), fc.oneof(given, fc.constant({})), (definitions, values) => {
      const operation = { ...getOperationAST(parse('{ count }'))!, variableDefinitions: definitions };
      const ours = compileVariables(schema, operation)(values);
      const theirs = getVariableValues(schema, definitions, values, { maxErrors: 50 });
      if (theirs.errors) bad++;
      else if (definitions.length > 0) good++;
      expect(plainResult(ours)).toEqual(plainResult(theirs));
    }),
    { numRuns: 2_000, seed: 20261129 },
  );
  expect(good).toBeGreaterThan(200);
  expect(bad).toBeGreaterThan(200);
});

test('an operation without variables ignores them', () => {
  expect(plainResult(read({ stray: 1 }))).toEqual({ coerced: {} });
});

function plainResult({ coerced, errors }: ReturnType<typeof getVariableValues>): object {
  const plain = JSON.stringify({ coerced, errors: errors?.map(error => error.toJSON()) });
  return JSON.parse(plain) as object;
}
