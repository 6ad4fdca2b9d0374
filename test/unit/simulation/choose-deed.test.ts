import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chooseDeed, type Deed, type OpenOrder, type Product } from '../../../src/simulation/choose-deed.ts';

const products: readonly Product[] = [
  { id: 'prd_tea', name: 'Tea', currency: 'EUR' },
  { id: 'prd_cup', name: 'Cup', currency: 'EUR' },
  { id: 'prd_yen', name: 'Yen', currency: 'JPY' },
];

const order: fc.Arbitrary<OpenOrder> = fc
  .record({
    id: fc.uuid(),
    number: fc.constant('K7Q2-9XF4'),
    customer: fc.nat(2),
    status: fc.constantFrom('DRAFT', 'DRAFT', 'SUBMITTED', 'CONFIRMED', 'SHIPPED'),
    lines: fc.array(
      fc.record({ id: fc.uuid(), productName: fc.constant('Tea'), quantity: fc.integer({ min: 1, max: 30 }) }),
      { maxLength: 6 },
    ),
    currency: fc.constantFrom('EUR', 'JPY'),
  })
  .map(({ currency, ...rest }) => ({
    ...rest,
    total: { amount: '1.00', currency: rest.lines.length > 0 ? currency : 'XXX' },
  }));

// Unbiased, unlike fast-check's default: every action must occur.
const evenly = fc.noBias(fc.nat(999_999)).map(number => number / 1_000_000);
const chance = fc.array(evenly, { minLength: 20, maxLength: 20 });

function next(numbers: readonly number[]): () => number {
  let used = 0;
  return () => numbers[used++ % numbers.length]!;
}

/** What the order's state lets its customer or staff do, by the rule table. */
const allowed: { readonly [Status in OpenOrder['status']]: readonly Deed['type'][] } = {
  DRAFT: ['add', 'change', 'remove', 'submit', 'cancel'],
  SUBMITTED: ['confirm', 'cancel'],
  CONFIRMED: ['ship', 'cancel'],
  SHIPPED: ['deliver'],
};

it('chooses only what the rules allow, with valid quantities and currencies', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(order, { maxLength: 14 }), chance, (orders, numbers) => {
      const deed = chooseDeed({ customers: 3, products, orders }, next(numbers));
      expect(deed).toBeDefined();
      seen.add(deed!.type);
      if (deed!.type === 'create') {
        expect([0, 1, 2]).toContain(deed!.customer);
        expect(new Set(deed!.items.map(({ product }) => product.id)).size).toBe(deed!.items.length);
        expect(new Set(deed!.items.map(({ product }) => product.currency)).size).toBe(1);
        expect(deed!.items.every(({ quantity }) => isQuantity(quantity))).toBe(true);
        return;
      }
      const { status, lines, total } = deed!.order;
      expect(orders).toContain(deed!.order);
      expect(allowed[status]).toContain(deed!.type);
      if (deed!.type === 'add') {
        expect(isQuantity(deed!.quantity)).toBe(true);
        expect([deed!.product.currency, 'XXX']).toContain(total.currency);
      }
      if (deed!.type === 'change')
        expect(isQuantity(deed!.quantity) && deed!.quantity !== deed!.line.quantity).toBe(true);
      if (deed!.type === 'change' || deed!.type === 'remove') expect(lines).toContain(deed!.line);
      if (deed!.type === 'remove') expect(lines.length).toBeGreaterThan(1);
      if (deed!.type === 'submit') expect(lines.length).toBeGreaterThan(0);
    }),
    { numRuns: 2_000 },
  );
  expect([...seen].sort()).toEqual(
    ['create', ...new Set(Object.values(allowed).flat())].sort((one, other) => (one < other ? -1 : 1)),
  );
});

it('finds nothing to do without an order and without a product', () => {
  expect(chooseDeed({ customers: 3, products: [], orders: [] }, Math.random)).toBeUndefined();
});

it('starts no more orders than a viewer can follow', () => {
  const draft = {
    number: 'K7Q2-9XF4',
    customer: 0,
    status: 'DRAFT',
    lines: [],
    total: { amount: '0', currency: 'XXX' },
  } as const;
  const orders = Array.from({ length: 12 }, (_, index) => ({ ...draft, id: `ord_${index}` }));
  for (let run = 0; run < 500; run++) {
    expect(chooseDeed({ customers: 3, products, orders }, Math.random)?.type).not.toBe('create');
  }
});

function isQuantity(quantity: number): boolean {
  return Number.isInteger(quantity) && quantity >= 1 && quantity <= 5;
}
