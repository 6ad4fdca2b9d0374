import { describe, expect, test } from 'vitest';
import { idIssues, textIssues } from '../../../src/graphql/text-input.ts';
import { currencyIssues } from '../../../src/product/graphql/currency-issues.ts';

const path = ['input', 'name'];

describe('text input', () => {
  test.each([
    ['Anna'],
    ['Ængström 北京'],
    ['👩‍👩‍👧'.repeat(2)],
    ['  spaces stay  '],
    ['e\u0301 is not made é'],
    ['x'.repeat(20)],
    ['😀'.repeat(20)],
    [undefined],
    [null],
  ])('%j is accepted', text => {
    expect(textIssues(path, text, 20)).toEqual([]);
  });

  test.each([
    ['a\u0000b', "name can't have control characters in it."],
    ['a\nb', "name can't have line breaks in it."],
    ['a\rb', "name can't have line breaks in it."],
    ['a\u2028b', "name can't have line breaks in it."],
    ['a\tb', "name can't have control characters in it."],
    ['a\u0085b', "name can't have control characters in it."],
    ['\ud800', "name can't have control characters in it."],
    ['a\udc00b', "name can't have control characters in it."],
    ['', "name can't be empty."],
    [' \u00a0 ', "name can't be empty."],
    ['\n', "name can't be empty."],
    ['\u200b\u200d\u2060\ufeff\u00ad', "name can't be empty."],
    ['\u3164', "name can't be empty."],
    ['\u115f\u1160\uffa0', "name can't be empty."],
    ['\u2800 \u2800', "name can't be empty."],
    ['\u0301', "name can't be empty."],
    ['\u202e\u2066', "name can't be empty."],
    ['\u{e0041}\ufe0f', "name can't be empty."],
    ['x'.repeat(21), 'name can have at most 20 characters.'],
    ['😀'.repeat(21), 'name can have at most 20 characters.'],
    ['x'.repeat(1_000_000), 'name can have at most 20 characters.'],
    // A text that is too long is not examined further, because that takes time for each character.
    [' '.repeat(41), 'name can have at most 20 characters.'],
  ])('%j is rejected', (text, message) => {
    expect(textIssues(path, text, 20)).toEqual([{ path, message }]);
  });
});

test('a text of several lines has line breaks and tabs, and no other control characters', () => {
  const lines = { lines: true };
  for (const text of ['a\nb', 'a\r\n\r\nb\n', '\ta', 'one line']) expect(textIssues(path, text, 20, lines)).toEqual([]);
  const message = "name can't have control characters in it.";
  for (const text of ['a\u0000b', 'a\u001b[31m', 'a\u000bb', 'a\u0085b', '\ud800'])
    expect(textIssues(path, text, 20, lines)).toEqual([{ path, message }]);
  expect(textIssues(path, ' \n\u200b', 20, lines)).toEqual([{ path, message: "name can't be empty." }]);
});

test('a code that is no currency of trade is rejected in a price', () => {
  for (const currency of ['EUR', 'JPY', 'XAF', 'XCD', 'XPF', null, undefined])
    expect(currencyIssues(path, currency)).toEqual([]);
  for (const currency of ['XXX', 'XTS', 'XAU', 'XDR']) {
    const message = `Products can't be priced in ${currency}: use the code of a currency, like EUR.`;
    expect(currencyIssues(path, currency)).toEqual([{ path, message }]);
  }
});

describe('ids in input', () => {
  const uuid = '00000000-0000-4000-8000-00000000000a';
  test('an id has the prefix of its kind, in lower case', () => {
    expect(idIssues(path, 'ord', `ord_${uuid}`)).toEqual([]);
    expect(idIssues(path, 'ord', undefined)).toEqual([]);
    for (const id of [
      '',
      uuid,
      `prd_${uuid}`,
      `ORD_${uuid}`,
      `ord_${uuid.toUpperCase()}`,
      `ord_${uuid}\n`,
      ` ord_${uuid}`,
    ]) {
      expect(idIssues(path, 'ord', id)).toEqual([{ path, message: 'name has to be `ord_<uuid>` in lower case.' }]);
    }
  });
});
