import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql';

/**
 * Ids of the samples, by the name of the field or argument that takes them (`order`, `customer`, `product`, `line`);
 * and a number.
 */
export type Ids = Readonly<Record<string, string>>;

/**
 * A value for each required argument, and for no other: it names the customer's own data wherever it names something.
 */
export function requiredOf(field: GraphQLField<unknown, unknown>, ids: Ids) {
  const required = field.args.filter(isRequired);
  return {
    declared: required.map(({ name, type }) => `$${name}: ${String(type)}`).join(', '),
    passed: required.map(({ name }) => `${name}: $${name}`).join(', '),
    variables: Object.fromEntries(given(required, field.name, ids)),
  };
}

function isRequired({ type, defaultValue }: GraphQLArgument | GraphQLInputField): boolean {
  return isNonNullType(type) && defaultValue === undefined;
}

function given(inputs: readonly (GraphQLArgument | GraphQLInputField)[], field: string, ids: Ids) {
  return inputs.filter(isRequired).map(({ name, type }) => [name, sample(type, name, field, ids)] as const);
}

function sample(type: GraphQLInputType, name: string, field: string, ids: Ids): unknown {
  if (isNonNullType(type)) return sample(type.ofType, name, field, ids);
  if (isListType(type)) return [sample(type.ofType, name, field, ids)];
  if (isInputObjectType(type)) {
    if (type.isOneOf) return { version: 99 };
    return Object.fromEntries(given(Object.values(type.getFields()), field, ids));
  }
  switch (type.name) {
    case 'ID':
      return ids[name.replace(/Id$/, '')] ?? ids[field.replace(/[A-Z].*/, '')] ?? ids['order'];
    case 'Int':
      return 1;
    case 'Date':
      return name === 'to' ? '2999-12-31' : '2000-01-01';
    case 'CurrencyCode':
      return 'EUR';
    case 'Decimal':
      return '1.00';
    default:
      if (name === 'view') return 'order_view';
      return name === 'number' ? ids['number'] : name === 'email' ? 'x@example.org' : crypto.randomUUID();
  }
}
