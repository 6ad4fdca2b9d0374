const pattern =
  /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * The moment that an RFC 3339 date-time says, to the millisecond; undefined where it is none, or where it is not in the
 * years 1 to 9999 of UTC: beyond them PostgreSQL does not read what JavaScript writes.
 */
export function parseDateTime(text: string): Date | undefined {
  const [, year, month, day] = pattern.exec(text.toUpperCase()) ?? [];
  if (year === undefined || !isDay(Number(year), Number(month), Number(day))) return undefined;
  const moment = new Date(text.toUpperCase());
  const utcYear = moment.getUTCFullYear();
  return utcYear >= 1 && utcYear <= 9999 ? moment : undefined;
}

/** `Date` alone takes 30 February for 2 March. */
function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
