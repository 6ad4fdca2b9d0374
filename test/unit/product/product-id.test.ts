import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formerProductIdOf, productIdOf, shownSku } from '../../../src/product/product-id.ts';

test('the id of an SKU in capitals is the same in every release', () => {
  expect(productIdOf('TEA-SENCHA')).toBe('prd_e78d7fe0-6185-58aa-be07-af01828478dc');
  expect(productIdOf('11')).toBe('prd_0004fa50-5571-5b6f-a829-f3a9806875ec');
  expect(formerProductIdOf('TEA-SENCHA')).toBeUndefined();
});

test('an SKU in another spelling has a former id, which earlier releases gave it', () => {
  expect(formerProductIdOf('tea-sencha')).toBe('prd_fad833ed-350d-5c71-8644-e7ced8e7d01f');
});

test('an SKU is one product in every spelling, and another SKU is another product', () => {
  const spellings = ['CAFÉ-1', 'CAFE\u0301-1', 'café-1', ' Café-1\u00a0', 'CAF\u00ad\u200bÉ-1'];
  expect(new Set(spellings.map(productIdOf)).size).toBe(1);
  expect(productIdOf('CAFE-1')).not.toBe(productIdOf('CAFÉ-1'));
  expect(productIdOf('CAFÉ 1')).not.toBe(productIdOf('CAFÉ1'));
  expect(productIdOf('straße')).toBe(productIdOf('STRASSE'));
});

test('capitals, small letters and either form of Unicode make no difference, in any script', () => {
  const letters = fc.constantFrom(...'aAéßẞçÇİıiIΣσςΌǅŉﬁΐЖж名ａＡ𐐨-1 '.split(/(?:)/u), '\u0301', '\u0307');
  fc.assert(
    fc.property(
      fc.string({ unit: fc.oneof(letters, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })) }),
      sku => {
        const id = productIdOf(sku);
        const composed = sku.normalize('NFC');
        // JavaScript converts an iota subscript into a capital letter at its place; a combining mark after it would
        // then belong to that letter.
        fc.pre(!/(?:[\u1f80-\u1fff]|\u0345)\p{M}/u.test(composed));
        expect(productIdOf(composed.toUpperCase())).toBe(id);
        expect(productIdOf(composed.toLowerCase())).toBe(id);
        expect(productIdOf(sku.normalize('NFD'))).toBe(id);
        expect(productIdOf(` ${composed} `)).toBe(id);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('an SKU is shown as it was first written, composed and without surrounding spaces', () => {
  expect(shownSku(' Cafe\u0301-1 ')).toBe('Café-1');
});
