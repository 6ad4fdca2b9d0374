import { describe, expect, test } from 'vitest';
import { idIssues, textIssues } from '../../../src/graphql/text-input.ts';

const path = ['input', 'name'];

describe('text of people', () => {
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
  ])('%j is fine', text => {
    expect(textIssues(path, text, 20)).toEqual([]);
  });

  test.each([
    ['a\u0000b', "name can't have control characters in it."],
    ['a\nb', "name can't have control characters in it."],
    ['a\u0085b', "name can't have control characters in it."],
    ['\ud800', "name can't have control characters in it."],
    ['a\udc00b', "name can't have control characters in it."],
    ['', "name can't be empty."],
    [' \u00a0 ', "name can't be empty."],
    ['x'.repeat(21), 'name can have at most 20 characters.'],
    ['😀'.repeat(21), 'name can have at most 20 characters.'],
    ['x'.repeat(1_000_000), 'name can have at most 20 characters.'],
  ])('%j is not', (text, message) => {
    expect(textIssues(path, text, 20)).toEqual([{ path, message }]);
  });
});

describe('ids in input', () => {
  const uuid = '00000000-0000-4000-8000-00000000000a';
  test('an id is of its kind, in lower case', () => {
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
