import { describe, expect, it } from 'vitest';
import { productDecider } from '../../../src/product/decider.ts';
import type { ChangeProduct } from '../../../src/product/domain/commands.ts';
import type { ProductEvent } from '../../../src/product/domain/events.ts';
import { given } from '../../support/given.ts';

const add = { type: 'AddProduct', productId: 'prd_1', sku: 'MUG', name: 'Mug', price: 1250, currency: 'EUR' } as const;
const added: ProductEvent = {
  type: 'ProductAdded',
  data: { sku: 'MUG', name: 'Mug', price: 1250, currency: 'EUR', available: true },
};
const listed = { status: 'Listed', ...added.data };
const fold = (events: readonly ProductEvent[]) => events.reduce(productDecider.evolve, productDecider.initialState);

describe('a product', () => {
  it('is added once, available', () => {
    given(productDecider, []).when(add).then([added]);
    given(productDecider, [added]).when(add).thenRejected('PRODUCT_ALREADY_EXISTS', ['input', 'productId']);
    expect(fold([added])).toEqual(listed);
  });

  it('is not added under an SKU that another product has from an earlier release', () => {
    const again = { ...add, isAddedBefore: true } as const;
    given(productDecider, []).when(again).thenRejected('PRODUCT_ALREADY_EXISTS', ['input', 'productId']);
  });

  const changes: [string, Omit<ChangeProduct, 'type'>][] = [
    ['name', { name: 'Big mug' }],
    ['price', { price: 0, currency: 'EUR' }],
    ['price in another currency', { price: 1400, currency: 'USD' }],
    ['availability', { available: false }],
    ['name, price and availability', { name: 'Cup', price: 1, currency: 'JPY', available: false }],
  ];
  it.each(changes)('changes its %s and nothing else', (_, change) => {
    const command = { type: 'ChangeProduct', ...change } as ChangeProduct;
    const changed = { type: 'ProductChanged', data: change } as ProductEvent;
    given(productDecider, [added]).when(command).then([changed]);
    expect(fold([added, changed])).toEqual({ ...listed, ...change });
  });

  it('stores nothing about unchanged fields', () => {
    const decision = productDecider.decide({ type: 'ChangeProduct', available: true }, fold([added]));
    expect(JSON.parse(JSON.stringify(decision))).toEqual({
      type: 'accepted',
      events: [{ type: 'ProductChanged', data: { available: true } }],
    });
  });

  it('can become available again', () => {
    const withdrawn: ProductEvent = { type: 'ProductChanged', data: { available: false } };
    const back: ProductEvent = { type: 'ProductChanged', data: { available: true } };
    expect(fold([added, withdrawn, back])).toEqual(listed);
  });

  it('must exist to be changed', () => {
    expect(() => given(productDecider, []).when({ type: 'ChangeProduct', name: 'Cup' })).toThrow('ChangeProduct');
    expect(() => fold([{ type: 'ProductChanged', data: { name: 'Cup' } }])).toThrow('ProductChanged');
  });

  it('is visible to everyone and contains no personal data', () => {
    expect(productDecider.isVisibleTo(fold([added]), { role: 'customer', subject: 'cus_1' })).toBe(true);
    expect(productDecider.subject(fold([added]))).toBeUndefined();
  });

  it('starts only with AddProduct, and has no older schema version', () => {
    expect(productDecider.creates(add)).toBe(true);
    expect(productDecider.creates({ type: 'ChangeProduct' })).toBe(false);
    expect(() => productDecider.upcast({ type: 'ProductAdded', data: {} }, 0)).toThrow('ProductAdded');
  });

  it('may be added and changed by staff', () => {
    expect(productDecider.rights).toEqual({ AddProduct: 'staff', ChangeProduct: 'staff' });
  });
});
