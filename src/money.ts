/**
 * Money is a whole number of a currency's smallest unit, from 0 to 2^53 - 1. Decimal strings exist at the edge only;
 * floats with a fraction exist nowhere.
 */

/** ISO 4217's "no currency": what a total is in before anything set one. */
export const noCurrency = 'XXX';

/** Codes for which ISO 4217 defines no smallest unit: metals, units of account, tests (XTS) and no currency (XXX). */
const notTraded = 'XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX';

/** Whether something can be priced in it. */
export function isTraded(currency: string): boolean {
  return !notTraded.split(' ').includes(currency);
}

// Permanent: amounts are stored in these units, so to edit an entry would change the worth of stored orders.
const exponents: ReadonlyMap<string, number> = new Map([
  // no smaller unit, or none that ISO 4217 defines
  ...exponentOf(0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'),
  ...exponentOf(0, notTraded),
  ...exponentOf(3, 'BHD IQD JOD KWD LYD OMR TND'),
  ...exponentOf(4, 'CLF UYW'),
]);

function exponentOf(exponent: number, currencies: string): [string, number][] {
  return currencies.split(' ').map(currency => [currency, exponent]);
}

/** Decimals of a currency's amounts: 2 unless ISO 4217 says otherwise. */
export function decimalsOf(currency: string): number {
  return exponents.get(currency) ?? 2;
}

/**
 * The amount in the currency's smallest unit; undefined where the string is no plain non-negative decimal, is finer
 * than that unit, or exceeds 2^53 - 1 units. Zeros beyond the unit are no finer: "100.00" JPY is 100.
 */
export function parseAmount(amount: string, currency: string): number | undefined {
  const [, whole, fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(amount) ?? [];
  const decimals = decimalsOf(currency);
  if (whole === undefined || /[^0]/.test(fraction.slice(decimals))) return undefined;
  const minorUnits = Number(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  return Number.isSafeInteger(minorUnits) ? minorUnits : undefined;
}

/** The amount as a decimal string with all of its currency's decimals: 1250 EUR is "12.50", 1250 JPY is "1250". */
export function formatAmount(minorUnits: number | bigint, currency: string): string {
  const decimals = decimalsOf(currency);
  const digits = String(minorUnits).padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
