import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
} from 'graphql';
import { schema } from '../../../src/schema.ts';

/** Texts that break out of a string if they are pasted into SQL, JSON, a search, a path or a template. */
export const texts = [
  `'; DROP TABLE events; --`,
  `' OR '1'='1`,
  `') UNION SELECT secret FROM customer_keys --`,
  `'||pg_sleep(9)||'`,
  `1; SELECT pg_sleep(9)`,
  `$$; TRUNCATE order_view; $$`,
  String.raw`\'; DELETE FROM checkpoints; --`,
  `", "role": "staff", "x": "`,
  `{"$gt": ""}`,
  `a:* & !b | <->`,
  `%' AND 1=0 --`,
  '${process.exit(1)}{{7*7}}',
  '../../../../etc/passwd\u0000.json',
  '\u0000',
  '\ud800',
  '__proto__',
  'a'.repeat(20_000),
] as const;

/** Values that are no strings, in place of a string. */
export const objects = [{ $ne: null }, [`' OR 1=1 --`], { toString: 'x' }, { __proto__: { role: 'staff' } }] as const;

type Kind = 'query' | 'mutation' | 'subscription';

export interface Injection {
  readonly kind: Kind;
  /** e.g. `createOrder.input.reference` */
  readonly where: string;
  readonly document: string;
  /** The operation with the value in its place, and valid values elsewhere. */
  readonly variables: (value: unknown) => Record<string, unknown>;
}

/** One entry for each place of the schema that takes a string of any type. @param known existing ids, by type prefix */
export function injections(known: Readonly<Record<string, string>>): Injection[] {
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const;
  return roots.flatMap(([kind, type]) =>
    Object.values(type?.getFields() ?? {}).flatMap(field => ofField(kind, field, known)),
  );
}

function ofField(
  kind: Kind,
  field: GraphQLField<unknown, unknown>,
  known: Readonly<Record<string, string>>,
): Injection[] {
  const declared = field.args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const passed = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  const selection = isCompositeType(getNamedType(field.type)) ? ' { __typename }' : '';
  const document = `${kind}${declared && ` (${declared})`} { ${field.name}${passed && `(${passed})`}${selection} }`;
  return field.args.flatMap(argument =>
    places(argument.type).map(path => ({
      kind,
      document,
      where: [field.name, argument.name, ...path].join('.'),
      variables: (value: unknown) => ({
        ...Object.fromEntries(
          field.args.filter(isNeeded).map(({ name, type }) => [name, sample(type, name, field.name, known)]),
        ),
        [argument.name]: placed(argument.type, path, value, field.name, known),
      }),
    })),
  );
}

/** Paths to the places of strings. */
function places(type: GraphQLInputType): string[][] {
  if (isNonNullType(type) || isListType(type)) return places(type.ofType);
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).flatMap(({ name, type: inner }) =>
      places(inner).map(path => [name, ...path]),
    );
  }
  return isScalarType(type) && !['Int', 'Float', 'Boolean', 'SafeInt'].includes(type.name) ? [[]] : [];
}

function placed(
  type: GraphQLInputType,
  path: readonly string[],
  value: unknown,
  field: string,
  known: Readonly<Record<string, string>>,
): unknown {
  if (isNonNullType(type)) return placed(type.ofType, path, value, field, known);
  if (isListType(type)) return [placed(type.ofType, path, value, field, known)];
  const [name, ...rest] = path;
  if (name === undefined || !isInputObjectType(type)) return value;
  const inner = type.getFields()[name]!;
  return {
    ...(type.isOneOf ? {} : needed(type, field, known)),
    [name]: placed(inner.type, rest, value, field, known),
  };
}

function isNeeded({ type, defaultValue }: GraphQLArgument | GraphQLInputField): boolean {
  return isNonNullType(type) && defaultValue === undefined;
}

function needed(
  type: GraphQLInputObjectType,
  field: string,
  known: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const inputs = Object.values(type.getFields()).filter(isNeeded);
  return Object.fromEntries(inputs.map(input => [input.name, sample(input.type, input.name, field, known)]));
}

/** A valid value with only the required fields. */
function sample(type: GraphQLInputType, name: string, field: string, known: Readonly<Record<string, string>>): unknown {
  if (isNonNullType(type)) return sample(type.ofType, name, field, known);
  if (isListType(type)) return [sample(type.ofType, name, field, known)];
  if (isInputObjectType(type)) return needed(type, field, known);
  if (isEnumType(type)) return type.getValues()[0]?.name;
  switch (type.name) {
    case 'ID':
      return known[name.replace(/Id$/, '')] ?? known[field.replace(/[A-Z].*/, '')] ?? known['order'];
    case 'Int':
      return 1;
    case 'Date':
      return '2026-01-01';
    case 'DateTime':
      return '2026-01-01T00:00:00Z';
    case 'CurrencyCode':
      return 'EUR';
    case 'Decimal':
      return '1.00';
    default:
      return name === 'email' ? 'x@example.org' : 'x';
  }
}
