import { parse, print, validate } from 'graphql';
import { expect, test } from 'vitest';
import { boardDocuments, countsDocument, listDocuments, orderDocument } from '../../../src/client/list-documents.ts';
import { schema } from './lists/order-log.ts';

const card = 'fragment Card on Order { status ...Money }';
const money = 'fragment Money on Order { total { amount } }';
const columns = { drafts: ['DRAFT'], open: ['SUBMITTED'] };
const texts = (documents: ReturnType<typeof boardDocuments>) => documents.map(print);

test.each(['CREATED_AT', 'UPDATED_AT', 'TOTAL'] as const)('documents of lists sorted by %s fit the schema', field => {
  const fragment = parse(`${card} ${money}`);
  const orderBy = { field, direction: 'ASC' } as const;
  const all = [
    ...boardDocuments({ fragment, columns, orderBy }),
    ...listDocuments({ fragment, orderBy, customerId: 'cus_1' }),
    orderDocument(fragment),
    countsDocument(),
  ];
  for (const document of all) expect(validate(schema, document)).toEqual([]);
  expect(all).toHaveLength(11);
});

test('equal fragments make equal documents, whatever the values of the options are', () => {
  const one = boardDocuments({ fragment: parse(card + money), columns, customerId: 'cus_1' });
  const other = boardDocuments({
    fragment: parse(card + money),
    columns: { a: ['SHIPPED'], b: [] },
    orderBy: { field: 'CREATED_AT', direction: 'ASC' },
    customerId: 'cus_2',
  });
  expect(texts(one)).toEqual(texts(other));
});

test('without a customer there are the documents for staff and for customers', () => {
  const fragment = parse(card + money);
  const both = texts(boardDocuments({ fragment, columns }));
  expect(both).toHaveLength(6);
  expect(both.slice(3)).toEqual(texts(boardDocuments({ fragment, columns, customerId: 'cus_1' })));
});

test('rows are made of the fragment that no other one spreads, wherever it is', () => {
  const [first, last] = [parse(card + money), parse(money + card)];
  expect(print(orderDocument(first))).toContain('...Card\n');
  expect(print(orderDocument(last))).toContain('...Card\n');
  expect(() => orderDocument(parse('fragment Name on Customer { name }'))).toThrow('a fragment on Order');
});

test('a fragment may use any alias: what a list reads has keys of its own', () => {
  const fragment = parse(
    'fragment Card on Order { version: itemCount status: number createdAt: status total: updatedAt sort: createdAt }',
  );
  for (const document of boardDocuments({ fragment, columns, orderBy: { field: 'TOTAL', direction: 'ASC' } })) {
    expect(validate(schema, document)).toEqual([]);
  }
});
