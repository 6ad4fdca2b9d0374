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

// graphql-js reads comments and empty lines without counting them, keeps the comments, and counts the lines up to each
// place that an error names.
test.each([
  ['characters', 64_000, '#'.repeat(63_990), '#'.repeat(64_000)],
  ['lines', 2_000, '\n'.repeat(1_999), '\n'.repeat(2_000)],
  ['lines', 2_000, '\r\n'.repeat(1_999), '\r\n'.repeat(2_000)],
])('a document has so many %s and no more, though none of it is a token', (name, limit, enough, tooMuch) => {
  expect(refusalOf(`{a}${enough}`)).toBeUndefined();
  expect(refusalOf(`{a}${tooMuch}`)).toEqual({ code: 'LIMIT_EXCEEDED', name, limit });
});

test.each([
  '{ a: __schema { types { name } } }',
  '{ __schema { types { a: name } } }',
  '{ __type(name: "Order") { ... on __Type { fields { a: name } } } }',
  '{ __schema { types { ...F } } } fragment F on __Type { a: fields { name } }',
])('a question about the schema has no aliases, since none of its objects costs anything: %s', text => {
  expect(refusalOf(text)).toEqual({ code: 'LIMIT_EXCEEDED', name: 'aliases', limit: 0 });
});

test('what tools ask of the schema is read, and aliases beside it', () => {
  expect(refusalOf(getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }))).toBeUndefined();
  expect(refusalOf('{ a: viewer { role } __schema { types { name } } b: viewer { role } }')).toBeUndefined();
});
