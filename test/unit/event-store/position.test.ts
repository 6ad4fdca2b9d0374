import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatPosition,
  parsePosition,
  positionHashBytes,
  samePosition,
  startOfLog,
} from '../../../src/event-store/position.ts';

const point = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 52 - 1 }));
const hash = fc
  .uint8Array({ minLength: positionHashBytes, maxLength: positionHashBytes })
  .map(bytes => Buffer.from(bytes).toString('hex'));
const position = fc.record({ point, hash });

describe('a position', () => {
  test('can be parsed from its printed form', () => {
    fc.assert(
      fc.property(position, one => {
        expect(parsePosition(formatPosition(one))).toEqual(one);
      }),
    );
  });

  test('sorts as text in the order of the log', () => {
    fc.assert(
      fc.property(position, position, (one, other) => {
        fc.pre(one.point !== other.point);
        expect(formatPosition(one) < formatPosition(other)).toBe(one.point < other.point);
      }),
    );
  });

  test('before the first event is point 0 without a hash, and every other position is after it', () => {
    expect(formatPosition(startOfLog)).toBe('0000000000000-000000000000');
    expect(formatPosition(startOfLog) < formatPosition({ point: 1, hash: 'abcdefabcdef' })).toBe(true);
  });

  test.each([
    ['', 'nothing'],
    ['0000000000001', 'no hash'],
    ['0000000000001-abcdefabcde', 'a hash that is too short'],
    ['0000000000001-abcdefabcdef0', 'a hash that is too long'],
    ['000000000001-abcdefabcdef', 'a point that is too short'],
    ['10000000000001-abcdefabcdef', 'a point that is too long'],
    ['0000000000001-ABCDEFABCDEF', 'capitals'],
    ['0000000000001_abcdefabcdef', 'another sign between'],
    ['000000000000g-abcdefabcdef', 'no hexadecimal number'],
    ['0000000000001-abcdefabcdef\n', 'something behind it'],
  ])('is not %j: %s', token => {
    expect(parsePosition(token)).toBeUndefined();
  });

  test('equals another one if both point and hash are equal', () => {
    const one = { point: 7, hash: 'abcdefabcdef' };
    expect(samePosition(one, { ...one })).toBe(true);
    expect(samePosition(one, { ...one, point: 8 })).toBe(false);
    expect(samePosition(one, { ...one, hash: 'abcdefabcdee' })).toBe(false);
    expect(samePosition(one, { point: 8, hash: 'abcdefabcdee' })).toBe(false);
  });
});
