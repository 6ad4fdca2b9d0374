import fc from 'fast-check';
import { parse, print, validate } from 'graphql';
import { expect, test } from 'vitest';
import { withEntityFields } from '../../../src/client/entity-fields.ts';
import { operation } from './entities/arbitrary.ts';
import { schema } from './entities/model-server.ts';

const completed = (text: string) => print(withEntityFields(parse(text)));
const formatted = (text: string) => print(parse(text));

test('entities get id, version and position, pages their position, and accepted commands what they reached', () => {
  expect(completed('{ orders { nodes { status customer { name } lines { product { name } } } } }')).toBe(
    formatted(`{ orders {
      nodes {
        status
        customer { name __typename id version position }
        lines { product { name __typename id version position } }
        __typename id version position
      }
      __typename position
    } }`),
  );
  expect(
    completed(`mutation ($input: ConfirmOrderInput!) { confirmOrder(input: $input) {
      ... on OrderCommandPayload { orderId } ... on CommandError { message } } }`),
  ).toBe(
    formatted(`mutation ($input: ConfirmOrderInput!) { confirmOrder(input: $input) {
      ... on OrderCommandPayload { orderId __typename version position } ... on CommandError { message } __typename } }`),
  );
});

test('an object of any type gets the fields of its type', () => {
  expect(completed('query ($id: ID!) { node(id: $id) { ... on Order { status } } }')).toBe(
    formatted(`query ($id: ID!) { node(id: $id) {
      ... on Order { status __typename id version position }
      __typename id
      ... on Customer { __typename id version position }
      ... on Product { __typename id version position }
    } }`),
  );
});

test('fragments get the fields too, because caches read them alone', () => {
  expect(completed('fragment Card on Order { ... on Order { number } ...More }')).toBe(
    formatted('fragment Card on Order { ... on Order { number } ...More __typename id version position }'),
  );
});

test('past states and frames stay as they are', () => {
  const text = `query { orderAt(id: "ord_1", at: { version: 2 }) { status lines { quantity } } }
    subscription Frames { orderEvents(orderId: "ord_1") { type } }`;
  expect(completed(text)).toBe(formatted(text));
});

test('a key that the document uses for another field is left alone', () => {
  const text = '{ order(id: "ord_1") { version: itemCount } orders { edges { position: cursor } } }';
  expect(completed(text)).toBe(
    formatted(
      '{ order(id: "ord_1") { version: itemCount __typename id position } orders { edges { position: cursor } __typename position } }',
    ),
  );
});

test('a field that is only selected on a condition is selected without it', () => {
  expect(completed('query ($yes: Boolean!) { order(id: "1") { version @include(if: $yes) } }')).toContain(
    '\n    version\n',
  );
});

test('a complete document stays as it is, as an object and as a text', () => {
  const document = withEntityFields(
    parse('{ node(id: "ord_1") { id } viewer { customer { orders { totalCount } } } }'),
  );
  expect(withEntityFields(document)).toBe(document);
  expect(completed(print(document))).toBe(print(document));
});

test('a document has no text or key of the document that it was made from: urql would send that one', () => {
  const original = Object.assign(parse('{ orders { totalCount } }'), { __key: 1 });
  expect(Object.keys(withEntityFields(original)).sort()).toEqual(['definitions', 'kind']);
});

test('each document stays valid', () => {
  for (const { text } of fc.sample(operation, 60)) {
    expect(validate(schema, withEntityFields(parse(text))), text).toEqual([]);
  }
});
