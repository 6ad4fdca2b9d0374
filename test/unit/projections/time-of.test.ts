import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RecordedEvent } from '../../../src/event-store/recorded-event.ts';
import { foldOrder, type OrderRow } from '../../../src/order/views/order-view.ts';
import { views } from '../../../src/slices.ts';

const created = { type: 'OrderCreated', data: { customerId: 'cus_1', currency: 'EUR', number: 'K7Q2-9XF4' } };
const later = ['OrderSubmitted', 'OrderConfirmed', 'OrderShipped', 'OrderDelivered'].map(type => ({ type, data: {} }));

test('no time of a row is before an earlier one, however the clocks of its events were set', () => {
  const date = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(fc.array(date, { minLength: 5, maxLength: 5 }), times => {
      const events = [created, ...later].map((event, index) => ({
        ...event,
        streamId: 'ord_1',
        version: index + 1,
        position: index + 1,
        hash: '',
        occurredAt: times[index],
      })) as RecordedEvent[];
      const row = events.reduce<OrderRow | undefined>(foldOrder, undefined)!;
      const shown = [row.createdAt, row.submittedAt!, row.confirmedAt!, row.shippedAt!, row.deliveredAt!];
      expect(shown).toEqual([...shown].sort());
      expect(row.createdAt).toBe(times[0]!.toISOString());
      expect(row.updatedAt).toBe(new Date(Math.max(...times.map(Number))).toISOString());
    }),
  );
});

test('a customer and a product that changed with a clock set back are not updated before they were created', () => {
  const [at, back] = [new Date('2026-01-02T00:00:00Z'), new Date('2026-01-01T00:00:00Z')];
  for (const [name, first, second] of [
    ['customer_view', 'CustomerRegistered', 'CustomerRenamed'],
    ['product_view', 'ProductAdded', 'ProductChanged'],
  ]) {
    const view = views.folded.find(one => one.name === name)!;
    const event = (type: string, occurredAt: Date) =>
      ({ type, data: {}, streamId: 'x', occurredAt }) as unknown as RecordedEvent;
    const row = view.fold(view.fold(undefined, event(first!, at)), event(second!, back));
    expect(row).toMatchObject({ createdAt: at.toISOString(), updatedAt: at.toISOString() });
  }
});
