import fc from 'fast-check';
import { expect, test } from 'vitest';
import { customerView } from '../../src/customer/views/customer-view.ts';
import { missingWords, searchQueries, searchVector, wordsOf } from '../../src/projections/search.ts';
import { erased } from '../../src/projections/view.ts';

test.each([
  ['Ada Lovelace', ['ada', 'lovelace']],
  ['  K7Q2-9XF4 ', ['k7q2', '9xf4']],
  ["O'Neill & Söhne, Århus", ['o', 'neill', 'sohne', 'arhus']],
  ['a.b/c:d@e.example 1.5 -7', ['a', 'b', 'c', 'd', 'e', 'example', '1', '5', '7']],
  ['名前 ЖУК İstanbul', ['名前', 'жук', 'istanbul']],
  [`!&|<->():*'"\\`, []],
  ['\0\ud800', []],
  ['', []],
] as const)('the words of %j are its letters and digits, in lower case and without accents', (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});

test('nothing that anybody types becomes more than words in a query', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), text => {
      for (const word of wordsOf(text)) expect(word).toMatch(/^[\p{L}\p{N}]+$/u);
    }),
  );
});

test('a word of any length is cut where a letter ends', () => {
  expect(wordsOf('𐐨'.repeat(100))).toEqual(['𐐨'.repeat(64)]);
});

test('however much is written in a row, its words fit into a tsvector', () => {
  const names = Array.from({ length: 100_000 }, (_, index) => `${'𐐨'.repeat(60)}${index}`);
  expect(Buffer.byteLength(searchVector(names.flatMap(wordsOf)))).toBeLessThan(2 ** 20);
});

test('the words of a vector are sorted by their bytes, whatever letters they have', () => {
  const letter = fc.constantFrom('a', 'b', 'é', '名', 'ｱ', '𐐨'); // UTF-16 has the last two the other way round
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: letter, minLength: 1 })), words => {
      const sorted = [...words].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
      expect(searchVector(words)).toBe(sorted.map(word => `'${word}'`).join(' '));
    }),
  );
});

test('the last word is the beginning of one, the others are whole', () => {
  expect(searchQueries(['ada', 'love'], ['', '@'])).toEqual([`'ada' | '@ada'`, `'love':* | '@love':*`]);
  expect(missingWords(['ada', 'love'], ['ada', 'lovelace'])).toEqual([]);
  expect(missingWords(['love', 'ada'], ['ada', 'lovelace'])).toEqual(['love']);
});

test('a customer whose personal data was erased has no words', () => {
  const row = { name: erased, email: erased } as Parameters<NonNullable<typeof customerView.search>>[0];
  expect(customerView.search?.(row)).toEqual([]);
});
