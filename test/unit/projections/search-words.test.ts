import fc from 'fast-check';
import { expect, test } from 'vitest';
import { customerView } from '../../../src/customer/views/customer-view.ts';
import { foldText, missingWords, searchQueries, searchVector, wordsOf } from '../../../src/projections/search-words.ts';
import { erased } from '../../../src/projections/view.ts';

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

test.each([
  ['Straße', ['STRASSE', 'strasse', 'STRAẞE', 'STRA']],
  ['Κόσμος', ['ΚΟΣ', 'κόσμος', 'ΚΟΣΜΟΣ', 'κοσ']],
  ['ΟΔΥΣΣΕΥΣ Ελιά', ['ΟΔΥΣΣ', 'οδυσς', 'Οδυσσεύς', 'ελια']],
  ['Işık', ['ışık', 'IŞIK', 'isik', 'İŞİK', 'ISI']],
  ['Zusam\u00admen\u200bfassung', ['zusammenfassung', 'ZUSAMMENF']],
  ['zusammenfassung', ['Zusam\u00admen', '\ufeffzu\u2060sammen']],
  ['Ｃａｆé ﬁn', ['cafe', 'CAFE\u0301', 'FIN']],
  ['Ærøskøbing', ['ÆRØSKØB', 'ærøskøbing']],
  ['ᾳδω', ['ΑΙΔΩ', 'ᾼδω']],
] as const)('the text %j is found by each of %j', (written, searches) => {
  for (const search of searches)
    expect([search, missingWords(wordsOf(search), wordsOf(written))]).toEqual([search, []]);
});

test('a text is folded to the same in capitals and small letters, composed or not, in every script', () => {
  const same = (text: string) => {
    const folded = foldText(text);
    return [text.toUpperCase(), text.toLowerCase(), text.normalize('NFD'), text.normalize('NFC'), folded].filter(
      one => foldText(one) !== folded,
    );
  };
  const wrong: string[] = [];
  for (let code = 0; code <= 0x10ffff; code++) {
    if (code >= 0xac00 && code <= 0xd7a3) continue; // Hangul syllables: eleven thousand of one kind
    const letter = String.fromCodePoint(code);
    if (!/[\p{Cased}\p{M}]/u.test(letter) && letter === letter.normalize('NFKD')) continue;
    if (same(letter).length > 0) wrong.push(`${code.toString(16)} ${letter}`);
  }
  expect(wrong).toEqual([]);
  const special = fc.constantFrom(...'ΑΣσς ßẞSsıIİiŉﬁǅΐᾳᾼև'.split(''), '\u0345', '\u0307', '\u00ad');
  const text = fc.string({ unit: fc.oneof(special, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })) });
  fc.assert(
    fc.property(text, one => {
      expect(same(one)).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});

test('no input becomes more than words in a query', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), text => {
      for (const word of wordsOf(text)) expect(word).toMatch(/^[\p{L}\p{N}]+$/u);
    }),
  );
});

test('a long word is cut at a character boundary', () => {
  expect(wordsOf('𐐨'.repeat(100))).toEqual(['𐐨'.repeat(64)]);
});

test('the words of a row of any length fit into a tsvector', () => {
  const names = Array.from({ length: 100_000 }, (_, index) => `${'𐐨'.repeat(60)}${index}`);
  expect(Buffer.byteLength(searchVector(names.flatMap(wordsOf)))).toBeLessThan(2 ** 20);
});

test('the words of a vector are sorted by their bytes, for any letters', () => {
  const letter = fc.constantFrom('a', 'b', 'é', '名', 'ｱ', '𐐨'); // UTF-16 sorts the last two the other way round
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: letter, minLength: 1 })), words => {
      const sorted = [...words].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
      expect(searchVector(words)).toBe(sorted.map(word => `'${word}'`).join(' '));
    }),
  );
});

test('the last word is a prefix, the others are whole words', () => {
  expect(searchQueries(['ada', 'love'], ['', '@'])).toEqual([`'ada' | '@ada'`, `'love':* | '@love':*`]);
  expect(missingWords(['ada', 'love'], ['ada', 'lovelace'])).toEqual([]);
  expect(missingWords(['love', 'ada'], ['ada', 'lovelace'])).toEqual(['love']);
});

test('a customer whose personal data was erased has no words', () => {
  const row = { name: erased, email: erased } as Parameters<NonNullable<typeof customerView.search>>[0];
  expect(customerView.search?.(row)).toEqual([]);
});
