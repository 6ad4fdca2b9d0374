const pattern =
  /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * The moment of an RFC 3339 date-time, to the millisecond. Undefined if the text is no such date-time, or if its year
 * in UTC is not from 1 to 9999: PostgreSQL can't read how JavaScript writes other years.
 */
export function parseDateTime(text: string): Date | undefined {
  const [, year, month, day] = pattern.exec(text.toUpperCase()) ?? [];
  if (year === undefined || !isDay(Number(year), Number(month), Number(day))) return undefined;
  const moment = new Date(text.toUpperCase());
  const utcYear = moment.getUTCFullYear();
  return utcYear >= 1 && utcYear <= 9999 ? moment : undefined;
}

/** Needed because `Date` turns 30 February into 2 March. */
function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
