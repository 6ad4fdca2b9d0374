/** An amount of the API. */
export interface Amount {
  readonly amount: string;
  readonly currency: string;
}

const language = document.documentElement.lang || 'en';
const moneyFormats = new Map<string, Intl.NumberFormat>();
const count = new Intl.NumberFormat(language);
const time = new Intl.DateTimeFormat(language, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});
const dayAndTime = new Intl.DateTimeFormat(language, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hour12: false,
});

/** Exact: the amount stays a decimal text. @returns a dash for the total of an order without a currency */
export function moneyText({ amount, currency }: Amount): string {
  if (currency === 'XXX') return '–';
  let format = moneyFormats.get(currency);
  if (format === undefined) {
    format = new Intl.NumberFormat(language, { style: 'currency', currency });
    moneyFormats.set(currency, format);
  }
  return format.format(amount as `${number}`);
}

export function countText(value: number): string {
  return count.format(value);
}

/** @param one the noun, in the singular: its plural ends with s */
export function countedText(value: number, one: string): string {
  return `${countText(value)} ${one}${value === 1 ? '' : 's'}`;
}

/** A time of today as 14:03:59, of another day with the day. */
export function momentText(iso: string): string {
  const moment = new Date(iso);
  return moment.toDateString() === new Date().toDateString() ? time.format(moment) : dayAndTime.format(moment);
}

export function clockText(ms: number): string {
  return time.format(ms);
}

/** Number of hex digits at the start of a position: the number of its event in the log. */
const eventDigits = 13;

/** The number of a position's event, to show and to compare: positions themselves are opaque. */
export function eventNumber(position: string): number {
  return Number.parseInt(position.slice(0, eventDigits), 16);
}
