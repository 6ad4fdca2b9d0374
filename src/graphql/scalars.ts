import { GraphQLScalarType } from 'graphql';
import { formatPosition, parsePosition, type Position } from '../event-store/position.ts';
import { badInput } from './coded-error.ts';
import { currencyCodes } from './currency-codes.ts';
import { parseDateTime } from './date-time.ts';

/** A scalar of the form of a string: what does not parse is the client's mistake, said with what was expected. */
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
  description: 'RFC 3339 date-time in UTC.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  expected: 'an RFC 3339 date-time, e.g. "2026-11-21T09:30:00Z"',
  parse: parseDateTime,
  // Rows have what the database printed, in its own offset.
  print: value => new Date(value).toISOString(),
});

export const DateScalar = textScalar({
  name: 'Date',
  description: 'Day in UTC, e.g. 2026-11-21.',
  expected: 'a day, e.g. "2026-11-21"',
  parse: text => (/^\d{4}-\d\d-\d\d$/.test(text) && parseDateTime(`${text}T00:00:00Z`) ? text : undefined),
  print: asIs,
});

export const Decimal = textScalar({
  name: 'Decimal',
  description: 'Exact decimal number as a string, e.g. "12.50".',
  expected: 'a decimal number as a string, e.g. "12.50"',
  parse: whereMatches(/^-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?$/),
  print: asIs,
});

export const CurrencyCode = textScalar({
  name: 'CurrencyCode',
  description: 'ISO 4217 code, e.g. "EUR".',
  expected: 'an ISO 4217 code in upper case, e.g. "EUR"',
  parse: text => (currencyCodes.has(text) ? text : undefined),
  print: asIs,
});

export const IdempotencyKey = textScalar({
  name: 'IdempotencyKey',
  description: 'A URL- and log-safe key of 1-128 characters that makes a command idempotent for its caller.',
  expected: '1 to 128 of the characters A-Z a-z 0-9 . _ ~ : -',
  parse: whereMatches(/^[\w.~:-]{1,128}$/),
  print: asIs,
});

export const PositionScalar = textScalar<Position>({
  name: 'Position',
  description: `A point in the log. Every mutation returns the position that its events reached; every read model says the
position that it reflects. Give it back as \`atLeast\` to read your own writes, and as \`after\` to go on from there
with live updates, with no gap and no repeat. Positions of one log sort as strings, the greater one is the later;
one of another log (a restored database) is recognised and refused.`,
  expected: 'a position that an answer gave',
  parse: parsePosition,
  print: formatPosition,
});

export const SafeInt = new GraphQLScalarType<number, number>({
  name: 'SafeInt',
  description: 'Integer up to 2^53 - 1.',
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
