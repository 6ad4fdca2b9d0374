import type { OrderSort } from './list-documents.ts';

/** Where an order is in a sorted list: orders with the same value are in the order of their ids. */
export interface Place {
  /** ISO 8601 or an integer. */
  readonly value: string | number;
  readonly id: string;
}

const cursorNames = { CREATED_AT: 'order-created', UPDATED_AT: 'order-updated', TOTAL: 'order-total' } as const;

/** The order of rows, as the server sorts them. */
export function comparePlaces({ direction }: OrderSort): (left: Place, right: Place) => number {
  const sign = direction === 'ASC' ? 1 : -1;
  const compare = <Value>(left: Value, right: Value) => (left < right ? -sign : left > right ? sign : 0);
  return (left, right) => compare(left.value, right.value) || compare(left.id, right.id);
}

/*
 * The server's cursors are places, and their form never changes, because clients store them. An edge's cursor is read,
 * because its node may be in a newer version, and then it is at another place. A cursor is made, because a row that
 * came by a frame has none.
 */

export function placeAt(cursor: string): Place {
  const [, value, id] = JSON.parse(atob(cursor.replace(/-/g, '+').replace(/_/g, '/'))) as [
    string,
    Place['value'],
    string,
  ];
  return { value, id };
}

export function cursorAt({ field }: OrderSort, { value, id }: Place): string {
  const plain = btoa(JSON.stringify([cursorNames[field], value, id]));
  return plain.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
