import { getIntrospectionQuery, type GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import { defaultLimits } from '../../../src/config.ts';
import { parseDocument } from '../../../src/server/limits/parse-document.ts';

const limits = { ...defaultLimits, introspection: true };

function refusalOf(text: string): unknown {
  try {
    parseDocument(text, limits);
    return undefined;
  } catch (error) {
    return (error as GraphQLError).extensions;
  }
}

// graphql-js reads comments and empty lines without counting them, keeps the comments, and counts the lines up to
// each place that an error names.
test.each([
  ['characters', 64_000, '#'.repeat(63_990), '#'.repeat(64_000)],
  ['lines', 2_000, '\n'.repeat(1_999), '\n'.repeat(2_000)],
  ['lines', 2_000, '\r\n'.repeat(1_999), '\r\n'.repeat(2_000)],
])('the number of %s of a document is limited, even if none of it is a token', (name, limit, enough, tooMuch) => {
  expect(refusalOf(`{a}${enough}`)).toBeUndefined();
  expect(refusalOf(`{a}${tooMuch}`)).toEqual({ code: 'LIMIT_EXCEEDED', name, limit });
});

test.each([
  '{ a: __schema { types { name } } }',
  '{ __schema { types { a: name } } }',
  '{ __type(name: "Order") { ... on __Type { fields { a: name } } } }',
  '{ __schema { types { ...F } } } fragment F on __Type { a: fields { name } }',
])('an introspection query may have no aliases, because none of its objects has a cost: %s', text => {
  expect(refusalOf(text)).toEqual({ code: 'LIMIT_EXCEEDED', name: 'aliases', limit: 0 });
});

test('introspection queries of tools are accepted, and so are aliases beside introspection', () => {
  expect(refusalOf(getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }))).toBeUndefined();
  expect(refusalOf('{ a: viewer { role } __schema { types { name } } b: viewer { role } }')).toBeUndefined();
});
