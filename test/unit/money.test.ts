import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalsOf, formatAmount, noCurrency, parseAmount } from '../../src/money.ts';

const currencies = ['EUR', 'USD', 'JPY', 'KRW', 'KWD', 'BHD', 'CLF', 'UYW', noCurrency];
const currency = fc.constantFrom(...currencies);
const minorUnits = fc.oneof(fc.maxSafeNat(), fc.nat({ max: 20_000 }));

describe('decimals of a currency', () => {
  it.each([
    ['EUR', 2],
    ['USD', 2],
    ['HUF', 2], // two by ISO 4217, although cash and CLDR use none
    ['JPY', 0],
    ['XAF', 0],
    ['ISK', 0],
    ['KWD', 3],
    ['TND', 3],
    ['CLF', 4],
    ['UYW', 4],
    ['XXX', 0],
    ['XAU', 0],
  ])('of %s are %i', (code, decimals) => {
    expect(decimalsOf(code)).toBe(decimals);
  });
});

describe('parseAmount', () => {
  it.each([
    ['12.50', 'EUR', 1250],
    ['12.5', 'EUR', 1250],
    ['12', 'EUR', 1200],
    ['0', 'EUR', 0],
    ['0.01', 'EUR', 1],
    ['12.500', 'EUR', 1250],
    ['1250', 'JPY', 1250],
    ['1250.00', 'JPY', 1250],
    ['1.234', 'KWD', 1234],
    ['1.2345', 'CLF', 12345],
    ['90071992547409.91', 'EUR', Number.MAX_SAFE_INTEGER],
    ['9007199254740991', 'JPY', Number.MAX_SAFE_INTEGER],
  ])('accepts %s %s', (amount, code, expected) => {
    expect(parseAmount(amount, code)).toBe(expected);
  });

  it.each([
    ['12.505', 'EUR'],
    ['12.5', 'JPY'],
    ['1.2345', 'KWD'],
    ['90071992547409.92', 'EUR'],
    ['9007199254740992', 'JPY'],
    ['9007199254740993', 'JPY'],
    ['1'.repeat(400), 'EUR'],
    ['-1', 'EUR'],
    ['+1', 'EUR'],
    ['', 'EUR'],
    ['.5', 'EUR'],
    ['5.', 'EUR'],
    ['1e3', 'EUR'],
    ['0x10', 'EUR'],
    ['1,5', 'EUR'],
    [' 1', 'EUR'],
    ['1\n', 'EUR'],
    ['١٢', 'EUR'],
    ['NaN', 'EUR'],
  ])('rejects %j %s', (amount, code) => {
    expect(parseAmount(amount, code)).toBeUndefined();
  });
});

describe('formatAmount', () => {
  it.each([
    [1250, 'EUR', '12.50'],
    [5, 'EUR', '0.05'],
    [0, 'EUR', '0.00'],
    [1250, 'JPY', '1250'],
    [0, noCurrency, '0'],
    [7, 'KWD', '0.007'],
    [12345, 'CLF', '1.2345'],
    [Number.MAX_SAFE_INTEGER, 'EUR', '90071992547409.91'],
  ])('prints %i %s as %s', (amount, code, printed) => {
    expect(formatAmount(amount, code)).toBe(printed);
  });

  it('prints what parseAmount parses, over the whole range', () => {
    fc.assert(
      fc.property(minorUnits, currency, (amount, code) => {
        expect(parseAmount(formatAmount(amount, code), code)).toBe(amount);
      }),
    );
  });
});
