/**
 * Money is an integer count of a currency's smallest unit, from 0 to 2^53 - 1. Decimal strings exist only at the API;
 * fractions are never stored as floats.
 */

/** ISO 4217's code for "no currency": a total has it until the first price sets a currency. */
export const noCurrency = 'XXX';

/** Codes for which ISO 4217 defines no smallest unit: metals, units of account, tests (XTS) and no currency (XXX). */
const notTraded = 'XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX';

/** Whether prices can be in this currency. */
export function isTraded(currency: string): boolean {
  return !notTraded.split(' ').includes(currency);
}

// Permanent: stored amounts are in these units, so a changed entry would change the value of stored orders.
const exponents: ReadonlyMap<string, number> = new Map([
  // Currencies without a smaller unit, or for which ISO 4217 defines none.
  ...exponentOf(0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'),
  ...exponentOf(0, notTraded),
  ...exponentOf(3, 'BHD IQD JOD KWD LYD OMR TND'),
  ...exponentOf(4, 'CLF UYW'),
]);

function exponentOf(exponent: number, currencies: string): [string, number][] {
  return currencies.split(' ').map(currency => [currency, exponent]);
}

/** Number of decimals of a currency: 2 by default. */
export function decimalsOf(currency: string): number {
  return exponents.get(currency) ?? 2;
}

/**
 * Converts a decimal string to an integer of the currency's smallest unit. Extra zeros are allowed: "100.00" JPY is
 * 100.
 * @returns undefined if the string is no non-negative decimal, has more decimals than the currency, or exceeds 2^53 -
 * 1 units
 */
export function parseAmount(amount: string, currency: string): number | undefined {
  const [, whole, fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(amount) ?? [];
  const decimals = decimalsOf(currency);
  if (whole === undefined || /[^0]/.test(fraction.slice(decimals))) return undefined;
  const minorUnits = Number(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  return Number.isSafeInteger(minorUnits) ? minorUnits : undefined;
}

/** Converts to a decimal string with all decimals of the currency: 1250 EUR is "12.50", 1250 JPY is "1250". */
export function formatAmount(minorUnits: number | bigint, currency: string): string {
  const decimals = decimalsOf(currency);
  const digits = String(minorUnits).padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
