import fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparePlaces, cursorAt, placeAt } from '../../../src/client/list-place.ts';
import { formatCursor, parseCursor, type Sort } from '../../../src/graphql/cursor.ts';
import { orderId } from './lists/order-log.ts';

const sorts: Record<'CREATED_AT' | 'UPDATED_AT' | 'TOTAL', Sort> = {
  CREATED_AT: { name: 'order-created', value: 'date-time' },
  UPDATED_AT: { name: 'order-updated', value: 'date-time' },
  TOTAL: { name: 'order-total', value: 'integer' },
};
const id = fc.nat().map(orderId);
const moment = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
  .map(date => date.toISOString());
const places = fc.oneof(
  fc.record({ field: fc.constantFrom('CREATED_AT' as const, 'UPDATED_AT' as const), value: moment, id }),
  fc.record({ field: fc.constant('TOTAL' as const), value: fc.nat({ max: Number.MAX_SAFE_INTEGER }), id }),
);

test("a place and the server's cursor are the same thing", () => {
  fc.assert(
    fc.property(places, ({ field, ...place }) => {
      const cursor = formatCursor(sorts[field], place);
      expect(placeAt(cursor)).toEqual(place);
      expect(cursorAt({ field, direction: 'DESC' }, place)).toBe(cursor);
      expect(parseCursor(sorts[field], cursorAt({ field, direction: 'ASC' }, place))).toEqual(place);
    }),
  );
});

test('rows with the same value are in the order of their ids, in the direction of the list', () => {
  const [first, second] = [
    { value: 5, id: orderId(1) },
    { value: 5, id: orderId(2) },
  ];
  const later = { value: 10, id: orderId(0) };
  const sorted = (direction: 'ASC' | 'DESC') =>
    [second, later, first].sort(comparePlaces({ field: 'TOTAL', direction }));
  expect(sorted('ASC')).toEqual([first, second, later]);
  expect(sorted('DESC')).toEqual([later, second, first]);
});
