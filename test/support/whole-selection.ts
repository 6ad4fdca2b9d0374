import {
  getNamedType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';

/** A root field with variables for all its arguments, and every field below it that needs no argument. */
export function wholeOperation(
  schema: GraphQLSchema,
  kind: 'query' | 'mutation' | 'subscription',
  field: GraphQLField<unknown, unknown>,
): string {
  const declared = field.args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const passed = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  const [declaration, args] = field.args.length === 0 ? ['', ''] : [`(${declared})`, `(${passed})`];
  return `${kind}${declaration} { ${field.name}${args}${selection(schema, getNamedType(field.type), [])} }`;
}

/** @param path types above this one: none is selected again below itself */
function selection(schema: GraphQLSchema, type: GraphQLNamedType, path: readonly string[]): string {
  if (isLeafType(type)) return '';
  const below = [...path, type.name];
  if (isAbstractType(type)) {
    const members = schema.getPossibleTypes(type).filter(({ name }) => !path.includes(name));
    return ` { __typename ${members.map(one => `... on ${one.name}${selection(schema, one, below)}`).join(' ')} }`;
  }
  if (!isObjectType(type)) throw new Error(`${type.name} is no output type`);
  const fields = Object.values(type.getFields()).filter(field => {
    const inner = getNamedType(field.type);
    const members = isAbstractType(inner) ? schema.getPossibleTypes(inner) : [inner];
    return !field.args.some(isRequiredArgument) && members.some(({ name }) => !below.includes(name));
  });
  return ` { ${fields.map(field => field.name + selection(schema, getNamedType(field.type), below)).join(' ')} }`;
}
