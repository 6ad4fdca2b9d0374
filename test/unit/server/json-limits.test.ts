import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkJsonLevels, checkJsonText } from '../../../src/server/limits/json-limits.ts';

const codeOf = (check: () => void): unknown => {
  try {
    check();
    return undefined;
  } catch (error) {
    return (error as { readonly extensions: { readonly code: unknown } }).extensions.code;
  }
};
const lists = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const objects = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

test('100 levels are accepted, 101 are not, of lists and of objects, as text and as values', () => {
  for (const nested of [lists, objects]) {
    expect(codeOf(() => checkJsonText(nested(100)))).toBeUndefined();
    expect(codeOf(() => checkJsonLevels(JSON.parse(nested(100))))).toBeUndefined();
    expect(codeOf(() => checkJsonText(nested(101)))).toBe('BAD_USER_INPUT');
    expect(codeOf(() => checkJsonLevels(JSON.parse(nested(101))))).toBe('BAD_USER_INPUT');
    expect(codeOf(() => checkJsonText(nested(100_000)))).toBe('BAD_USER_INPUT');
  }
});

test('30,000 values are accepted, more are not', () => {
  expect(codeOf(() => checkJsonText(JSON.stringify(Array.from({ length: 30_000 }, () => 1))))).toBeUndefined();
  expect(codeOf(() => checkJsonText(JSON.stringify(Array.from({ length: 30_001 }, () => 1))))).toBe('LIMIT_EXCEEDED');
});

test('an object with 500 members is accepted, one with more is not, wherever it is', () => {
  const object = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 1]));
  const around: ((one: object) => unknown)[] = [one => one, one => ({ a: 1, b: [1, one], c: 2 }), one => [one, one]];
  for (const wrap of around) {
    for (const [count, code] of [
      [500, undefined],
      [501, 'LIMIT_EXCEEDED'],
    ] as const) {
      const value = wrap(object(count));
      expect(codeOf(() => checkJsonText(JSON.stringify(value)))).toBe(code);
      expect(codeOf(() => checkJsonLevels(value))).toBe(code);
    }
  }
});

test('the content of a string is neither a level nor a value', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('[', '{', ',', '"', '\\', 'x') }), { maxLength: 20 }),
      texts => {
        const padded = [...texts, '[{,'.repeat(20_000)];
        expect(codeOf(() => checkJsonText(JSON.stringify(padded)))).toBeUndefined();
      },
    ),
  );
});

test.each(['"', '"\\', `${'['.repeat(60)}"${'['.repeat(60)}`, `"${'\\'.repeat(200_000)}`])(
  'a text that is not JSON is left to the parser: %#',
  text => {
    expect(codeOf(() => checkJsonText(text.padEnd(200)))).toBeUndefined();
  },
);
