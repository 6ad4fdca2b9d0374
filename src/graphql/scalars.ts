import { GraphQLScalarType } from 'graphql';
import { formatPosition, parsePosition, type Position } from '../event-store/position.ts';
import { badInput } from './coded-error.ts';
import { currencyCodes } from './currency-codes.ts';
import { parseDateTime } from './date-time.ts';

/** A scalar that is sent as a string. If it does not parse, the client gets BAD_USER_INPUT with the expected form. */
function textScalar<Internal>(options: {
  name: string;
  description: string;
  specifiedByURL?: string;
  expected: string;
  parse: (text: string) => Internal | undefined;
  print: (value: Internal) => string;
}): GraphQLScalarType<Internal, string> {
  const { name, description, specifiedByURL, expected, parse, print } = options;
  return new GraphQLScalarType<Internal, string>({
    name,
    description,
    specifiedByURL,
    parseValue: value => {
      const parsed = typeof value === 'string' ? parse(value) : undefined;
      if (parsed === undefined) throw badInput(`${name} has to be ${expected}.`);
      return parsed;
    },
    serialize: value => print(value as Internal),
  });
}

function whereMatches(pattern: RegExp): (text: string) => string | undefined {
  return text => (pattern.test(text) ? text : undefined);
}

const asIs = (text: string) => text;

export const DateTime = textScalar<Date | string>({
  name: 'DateTime',
  description: 'A date and time in UTC (RFC 3339).',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  expected: 'an RFC 3339 date-time, e.g. "2026-11-21T09:30:00Z"',
  parse: parseDateTime,
  // Rows contain dates as the database printed them, with its own offset.
  print: value => new Date(value).toISOString(),
});

export const DateScalar = textScalar({
  name: 'Date',
  description: 'A day in UTC, e.g. 2026-11-21.',
  expected: 'a day, e.g. "2026-11-21"',
  parse: text => (/^\d{4}-\d\d-\d\d$/.test(text) && parseDateTime(`${text}T00:00:00Z`) ? text : undefined),
  print: asIs,
});

export const Decimal = textScalar({
  name: 'Decimal',
  description: 'An exact decimal number as a string, e.g. "12.50".',
  expected: 'a decimal number as a string, e.g. "12.50"',
  parse: whereMatches(/^-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?$/),
  print: asIs,
});

export const CurrencyCode = textScalar({
  name: 'CurrencyCode',
  description: 'A currency code of ISO 4217, e.g. "EUR".',
  expected: 'an ISO 4217 code in upper case, e.g. "EUR"',
  parse: text => (currencyCodes.has(text) ? text : undefined),
  print: asIs,
});

export const IdempotencyKey = textScalar({
  name: 'IdempotencyKey',
  description:
    'A key of 1 to 128 characters that makes a command idempotent for its caller. It may contain A-Z a-z 0-9 . _ ~ : and -.',
  expected: '1 to 128 of the characters A-Z a-z 0-9 . _ ~ : -',
  parse: whereMatches(/^[\w.~:-]{1,128}$/),
  print: asIs,
});

export const PositionScalar = textScalar<Position>({
  name: 'Position',
  description: `A point in the log. Every mutation returns the position that its events reached, and every read model has the
position that it reflects. Pass it as \`atLeast\` to read your own writes. Pass it as \`after\` to continue with live
updates from there, with no gap and no repeat. Positions of one log can be compared as strings: the greater one is
the later one. A position of another log (a restored
database) is detected: queries and feeds of events fail with STALE_POSITION, other subscriptions send RESYNC. On lists
\`after\` is a cursor, not a position.`,
  expected: 'a position that the server has returned',
  parse: parsePosition,
  print: formatPosition,
});

export const SafeInt = new GraphQLScalarType<number, number>({
  name: 'SafeInt',
  description: 'An integer of at most 2^53 - 1.',
  parseValue: value => {
    if (!Number.isSafeInteger(value)) throw badInput('SafeInt has to be an integer of at most 2^53 - 1.');
    return value as number;
  },
  serialize: value => {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw new Error('SafeInt: beyond 2^53 - 1');
    return number;
  },
});

export const Json = new GraphQLScalarType<unknown, unknown>({ name: 'JSON', description: 'Any JSON value.' });
