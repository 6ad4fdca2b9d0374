import { expect, test } from 'vitest';
import { createOverlays, type KnownEntities } from '../../../src/client/overlays.ts';

/** Entities whose newest positions a test sets. */
function entities(): KnownEntities & { admit(key: string, position: string): void } {
  const positions = new Map<string, string>();
  const listeners = new Set<(keys: ReadonlySet<string>) => void>();
  return {
    known(key) {
      const position = positions.get(key);
      return position === undefined ? undefined : { position };
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    admit(key, position) {
      positions.set(key, position);
      for (const listener of listeners) listener(new Set([key]));
    },
  };
}

const order = { id: 'ord_1', status: 'SUBMITTED', version: 2 };

test('an entity is shown with the fields of its overlays, the newest on top', () => {
  const overlays = createOverlays(entities());
  expect(overlays.apply('Order:ord_1', order)).toBe(order);
  overlays.add('Order:ord_1', { status: 'CONFIRMED' });
  const second = overlays.add('Order:ord_1', { status: 'SHIPPED' });
  overlays.add('Order:ord_2', { status: 'CANCELLED' });
  expect(overlays.apply('Order:ord_1', order)).toEqual({ ...order, status: 'SHIPPED' });
  second.withdraw();
  expect(overlays.apply('Order:ord_1', order)).toEqual({ ...order, status: 'CONFIRMED' });
  expect(overlays.apply('Order:ord_2', undefined)).toEqual({ status: 'CANCELLED' });
  expect(order.status).toBe('SUBMITTED');
});

test('an overlay ends in the tick in which the entity is known at its position, and not before', () => {
  const known = entities();
  const overlays = createOverlays(known);
  const overlay = overlays.add('Order:ord_1', { status: 'CONFIRMED' });
  known.admit('Order:ord_1', '2');
  overlay.confirm('4');
  known.admit('Order:ord_1', '3'); // an older state of the same entity
  known.admit('Order:ord_2', '9'); // a newer state of another one
  expect(overlay.isShown).toBe(true);
  known.admit('Order:ord_1', '4');
  expect(overlay.isShown).toBe(false);
  expect(overlays.current).toEqual([]);
});

test('if the newer state came before the answer, the overlay ends with the answer', () => {
  const known = entities();
  const overlays = createOverlays(known);
  const overlay = overlays.add('Order:ord_1', { status: 'CONFIRMED' });
  known.admit('Order:ord_1', '5');
  expect(overlay.isShown).toBe(true);
  overlay.confirm('4');
  expect(overlay.isShown).toBe(false);
});

test('when an earlier overlay ends, a later one of the same entity is still on top', () => {
  const known = entities();
  const overlays = createOverlays(known);
  overlays.add('Order:ord_1', { status: 'CONFIRMED' }).confirm('4');
  overlays.add('Order:ord_1', { status: 'SHIPPED' }).confirm('5');
  const shown: unknown[] = [];
  overlays.subscribe(() => shown.push(overlays.apply('Order:ord_1', order)));
  known.admit('Order:ord_1', '4');
  expect(shown).toEqual([{ ...order, status: 'SHIPPED' }]);
});

test('a withdrawn overlay ends at once, and only once', () => {
  const overlays = createOverlays(entities());
  const overlay = overlays.add('Order:ord_1', { status: 'CONFIRMED' });
  let changes = 0;
  overlays.subscribe(() => changes++);
  overlay.withdraw();
  overlay.withdraw();
  overlay.confirm('1');
  expect([overlays.current, changes]).toEqual([[], 1]);
});

test('changes name the overlays that came and went, as the same objects', () => {
  const known = entities();
  const overlays = createOverlays(known);
  const layers = new Set<object>();
  overlays.subscribe(({ added, removed }) => {
    for (const shown of added) layers.add(shown);
    for (const shown of removed) expect(layers.delete(shown)).toBe(true);
    expect([...layers]).toEqual([...overlays.current]);
  });
  overlays.add('Order:ord_1', { status: 'CONFIRMED' }).confirm('1');
  overlays.add('Order:ord_1', { status: 'SHIPPED' }).confirm('2');
  overlays.add('Order:ord_2', { status: 'SHIPPED' });
  expect(layers.size).toBe(3);
  known.admit('Order:ord_1', '2');
  expect(layers.size).toBe(1);
  overlays.clear();
  expect(layers.size).toBe(0);
});
