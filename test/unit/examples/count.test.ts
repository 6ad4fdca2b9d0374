import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countEvents, countStates } from '../../../examples/demo/count.ts';

/** A log of a few orders. */
const logs = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 30 }).map(orders => {
  const versions = new Map<number, number>();
  return orders.map((order, index) => {
    versions.set(order, (versions.get(order) ?? 0) + 1);
    return { position: `${index}`.padStart(4, '0'), orderId: `ord_${order}`, version: versions.get(order)! };
  });
});

test('a feed that equals the log is complete; each missing event counts as lost, each repeated one as repeated', () => {
  fc.assert(
    fc.property(logs, fc.nat(), (log, seed) => {
      const index = seed % log.length;
      expect(countEvents(log, log)).toEqual({ lost: 0, repeated: 0 });
      expect(countEvents(log, log.toSpliced(index, 1))).toEqual({ lost: 1, repeated: 0 });
      expect(countEvents(log, log.toSpliced(index, 0, log[index]!))).toEqual({ lost: 0, repeated: 1 });
    }),
  );
});

test('a view may skip overtaken states; an order whose last change is missing counts as lost', () => {
  fc.assert(
    fc.property(logs, log => {
      const last = log.filter(({ orderId }, index) => log.findLastIndex(event => event.orderId === orderId) === index);
      expect(countStates(log, log)).toEqual({ lost: 0, repeated: 0 });
      expect(countStates(log, last)).toEqual({ lost: 0, repeated: 0 });
      for (const event of last) {
        expect(
          countStates(
            log,
            last.filter(one => one !== event),
          ).lost,
        ).toBe(1);
        expect(
          countStates(
            log,
            log.filter(one => one !== event),
          ).lost,
        ).toBe(1);
      }
      if (last.length > 1) expect(countStates(log, last.toReversed()).repeated).toBe(last.length - 1);
    }),
  );
});
