import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { costOf } from '../../../src/server/limits/cost.ts';
import { doublingFragments } from '../../support/doubling-fragments.ts';

const schema = buildSchema('type Query { rows(first: Int): [Row!]! } type Row { rows(first: Int): [Row!]! id: ID! }');

test.each([
  ['a size in a variable', 'rows(first: $n) { id }', 3],
  ['a written size', 'rows(first: 3) { id }', 3],
])('the cost of a fragment is computed once, however often it is spread: %s', (_, selection, rows) => {
  const document = (count: number) =>
    parse(`query ($n: Int) { ...F0 } ${doublingFragments(count, 'Query', selection)}`);
  expect(costOf(schema, document(10))({ n: 3 })).toBe(rows * 2 ** 10);
  // Computed for each spread, this would never end.
  expect(costOf(schema, document(48))({ n: 3 })).toBe(rows * 2 ** 48);
});

test('the cost of a fragment is computed again for other variables', () => {
  const cost = costOf(
    schema,
    parse(`query ($n: Int = 7) { ...F0 } ${doublingFragments(4, 'Query', 'rows(first: $n) { id }')}`),
  );
  expect([cost({ n: 3 }), cost({ n: 5 }), cost({}), cost({ n: null })]).toEqual([3, 5, 7, 20].map(rows => rows * 16));
});

test('a cost beyond all numbers is limited to one that JSON and metrics can represent', () => {
  for (const size of ['$n', '2147483647']) {
    const cost = costOf(
      schema,
      parse(`query ($n: Int) { ...F0 } ${doublingFragments(1_100, 'Query', `rows(first: ${size}) { id }`)}`),
    );
    expect(cost({ n: 2_147_483_647 })).toBe(Number.MAX_SAFE_INTEGER);
  }
});
