import { buildSchema, GraphQLScalarType, type GraphQLSchema, Kind, type ValueNode } from 'graphql';
import { codedError } from './coded-error.ts';
import { schemaText } from './schema-text.ts';

/** Resolves a field of Query or Mutation. */
export type Play<Context> = (field: string, args: object, context: Context) => unknown;

const scalars: { readonly [Name in string]: readonly [pattern: RegExp, expected: string] } = {
  Position: [/^[0-9a-f]{13}-[0-9a-f]{12}$/, 'a position that the server has returned'],
  IdempotencyKey: [/^[\w.~:-]{1,128}$/, '1 to 128 of the characters A-Z a-z 0-9 . _ ~ : -'],
  Decimal: [/^-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?$/, 'a decimal number as a string, e.g. "12.50"'],
  CurrencyCode: [/^[A-Z]{3}$/, 'an ISO 4217 code in upper case, e.g. "EUR"'],
  DateTime: [
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i,
    'an RFC 3339 date-time, e.g. "2026-11-21T09:30:00Z"',
  ],
};

let schema: GraphQLSchema | undefined;

/**
 * The schema, with the checks of its scalars. Its root fields call `play` of the context: so it is built once for all
 * servers, which takes longer than most tests.
 */
export function playedSchema(): GraphQLSchema {
  return (schema ??= build());
}

function build(): GraphQLSchema {
  const built = buildSchema(schemaText, { assumeValid: true });
  for (const type of [built.getQueryType(), built.getMutationType()]) {
    for (const [name, field] of Object.entries(type?.getFields() ?? {})) {
      field.resolve = (_root, args, context) =>
        (context as { play: Play<unknown> }).play(name, args as object, context);
    }
  }
  for (const [name, [pattern, expected]] of Object.entries(scalars)) {
    const scalar = built.getType(name);
    if (!(scalar instanceof GraphQLScalarType)) continue;
    const parseText = (value: unknown) => {
      if (typeof value === 'string' && pattern.test(value)) return value;
      throw codedError('BAD_USER_INPUT', `${name} has to be ${expected}.`);
    };
    const parseLiteral = (node: ValueNode) => parseText(node.kind === Kind.STRING ? node.value : undefined);
    scalar.parseValue = parseText;
    scalar.parseLiteral = parseLiteral;
    // Their names in graphql 17.
    Object.assign(scalar, { coerceInputValue: parseText, coerceInputLiteral: parseLiteral });
  }
  return built;
}
