import { parse } from 'graphql';
import { afterEach, expect, test, vi } from 'vitest';
import { withEntityFields } from '../../../src/client/entity-fields.ts';
import { createEntityVersions } from '../../../src/client/entity-versions.ts';
import type { Data } from '../../../src/client/operations.ts';

afterEach(() => vi.useRealTimers());

const entities = createEntityVersions();
afterEach(() => entities.clear());

const document = (text: string) => withEntityFields(parse(text));
const admit = (text: string, data: Data, variables: Data = {}) => entities.admit(document(text), variables, data);

const money = (amount: string) => ({ amount, currency: 'EUR' });
const order = (version: number, fields: object = {}) => ({
  __typename: 'Order',
  id: 'ord_1',
  version,
  position: String(version * 10),
  ...fields,
});

test('an older answer gets the newer version', () => {
  admit('{ order(id: "ord_1") { status total { amount } } }', {
    order: order(2, { status: 'CONFIRMED', total: { amount: '2' } }),
  });
  const late = admit('{ order(id: "ord_1") { status } }', { order: order(1, { status: 'SUBMITTED' }) });
  expect(late).toEqual({ order: order(2, { status: 'CONFIRMED' }) });
  expect(entities.known('Order:ord_1')).toEqual({ version: 2, position: '20' });
});

test('an older answer that selects an unknown field of the newer version has to be asked again', () => {
  admit('{ order(id: "ord_1") { status } }', { order: order(2, { status: 'CONFIRMED' }) });
  expect(admit('{ order(id: "ord_1") { number } }', { order: order(1, { number: 'A' }) })).toBeUndefined();
  // The version is not known less well by that.
  expect(entities.known('Order:ord_1')).toEqual({ version: 2, position: '20' });
});
