import type { Amount } from '../parts/format.ts';

/** The sales of one day, also of a day without sales. */
export interface DayOfSales {
  /** E.g. 2026-11-21, in UTC. */
  readonly date: string;
  readonly orderCount: number;
  readonly itemCount: number;
  readonly revenue: Amount;
}

export const ranges = { '7': '7 days', '30': '30 days', '90': '90 days', '365': 'Year' } as const;
export type Range = keyof typeof ranges;

const dayMs = 86_400_000;

/** @returns the first and the last day of the last `days` days, today included, in UTC */
export function daysUntil(now: Date, days: number): { readonly from: string; readonly to: string } {
  return { from: dayOf(now.getTime() - (days - 1) * dayMs), to: dayOf(now.getTime()) };
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Adds the days that the API leaves out, because nothing was sold on them. */
export function everyDay(
  { from, to }: { readonly from: string; readonly to: string },
  sold: readonly DayOfSales[],
  currency: string,
): DayOfSales[] {
  const known = new Map(sold.map(day => [day.date, day]));
  const days: DayOfSales[] = [];
  for (let ms = Date.parse(from); ms <= Date.parse(to); ms += dayMs) {
    const date = dayOf(ms);
    days.push(known.get(date) ?? { date, orderCount: 0, itemCount: 0, revenue: { amount: '0', currency } });
  }
  return days;
}

/** Decimals of the sum: those of the currency with the most decimals. */
const decimals = 4;

/** The exact sum of amounts in one currency. */
export function sumOf(amounts: readonly Amount[], currency: string): Amount {
  const units = amounts.reduce((sum, { amount }) => {
    const [whole = '0', part = ''] = amount.split('.');
    return sum + BigInt(whole + part.padEnd(decimals, '0'));
  }, 0n);
  const digits = String(units).padStart(decimals + 1, '0');
  return { amount: `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`, currency };
}
