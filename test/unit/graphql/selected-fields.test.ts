import { execute, type GraphQLFieldResolver, parse } from 'graphql';
import { buildSchema, type GraphQLObjectType } from 'graphql';
import { expect, test } from 'vitest';
import { isCacheable } from '../../../src/server/execution/cached-responses.ts';
import { compileOperation } from '../../../src/server/execution/compiled/compile-operation.ts';
import { selectsField } from '../../../src/graphql/selected-fields.ts';
import { doublingFragments } from '../../support/doubling-fragments.ts';

const schema = buildSchema('type Query { page(n: Int): Page } type Page { totalCount: Int id: ID }');
let selected: boolean[] = [];
const resolvePage: GraphQLFieldResolver<unknown, unknown> = (_source, _args, _context, info) => {
  selected.push(selectsField(info, 'totalCount'));
  return { totalCount: 1, id: 'a' };
};
(schema.getType('Query') as GraphQLObjectType).getFields()['page']!.resolve = resolvePage;

function lookedUp(text: string, variableValues: Record<string, unknown> = {}): boolean[] {
  const document = parse(text);
  selected = [];
  const compiled = compileOperation(schema, document, undefined, isCacheable);
  if (compiled) void compiled.execute({ schema, document, variableValues });
  void execute({ schema, document, variableValues });
  return selected;
}

test.each([
  [false, 'id'],
  [true, 'id totalCount'],
])('a fragment is examined once, however often it is spread: %s', (is, last) => {
  expect(lookedUp(`{ page { ...F0 } } ${doublingFragments(100, 'Page', last)}`)).toEqual([is, is]);
});

test('a fragment that a directive skips in one place is examined in another', () => {
  const rest = 'fragment Count on Page { totalCount }';
  expect(lookedUp(`{ page { ...Count @skip(if: true) id ...Count } } ${rest}`)).toEqual([true]);
});

test('a directive is evaluated again for other variables', () => {
  const document = parse('query ($with: Boolean!) { page { id totalCount @include(if: $with) } }');
  selected = [];
  for (const value of [true, false, true]) void execute({ schema, document, variableValues: { with: value } });
  expect(selected).toEqual([true, false, true]);
});
