import {
  getVariableValues,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
} from 'graphql';

type Variables = Readonly<Record<string, unknown>>;

/** Approximate total length of the error messages about the variables of one request, beyond the first message. */
const maxMessageCharacters = 100_000;

/**
 * Coerces variables with graphql-js. Its error about an unknown field of an input object quotes the whole object:
 * fifty of them about one megabyte would be fifty megabytes. So the longer the variables are, the fewer errors are
 * returned.
 */
export function coerceVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: Pick<OperationDefinitionNode, 'variableDefinitions'>,
  values: Variables,
): ReturnType<typeof getVariableValues> {
  // The length is measured only for variables with an error: most have none.
  const first = getVariableValues(schema, variableDefinitions, values, { maxErrors: 1 });
  if (!first.errors) return first;
  const maxErrors = Math.min(50, Math.max(1, Math.floor(maxMessageCharacters / lengthOf(values))));
  return getVariableValues(schema, variableDefinitions, values, { maxErrors });
}

/** @returns length as JSON; Infinity if it is nested too deep for JSON.stringify() */
function lengthOf(values: Variables): number {
  try {
    return JSON.stringify(values).length;
  } catch {
    return Infinity;
  }
}

/** Coerces a value of one input type; undefined if graphql-js has to look at it. */
type Coerce = (value: unknown) => unknown;

/**
 * Compiles the coercion of an operation's variables: types are looked up once. It handles only the common case, that
 * all variables are given and valid; everything else, and all errors, is left to graphql-js.
 */
export function compileVariables(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
): (values: Variables) => ReturnType<typeof getVariableValues> {
  const { variableDefinitions = [] } = operation;
  const coerceAll = (values: Variables) => coerceVariables(schema, operation, values);
  const coercions = new Map<GraphQLInputType, Coerce>();
  const compiled: { readonly name: string; readonly coerce: Coerce }[] = [];
  for (const { variable, type: node } of variableDefinitions) {
    const type = typeFromAST(schema, node) as GraphQLInputType | undefined;
    if (type === undefined) return coerceAll;
    compiled.push({ name: variable.name.value, coerce: coercionOf(type, coercions) });
  }
  return values => {
    const coerced = Object.create(null) as Record<string, unknown>;
    try {
      for (const { name, coerce } of compiled) {
        const value = Object.hasOwn(values, name) ? coerce(values[name]) : undefined;
        // Null, too: it may be invalid, or have another meaning than an omitted variable.
        if (value === undefined || value === null) return coerceAll(values);
        coerced[name] = value;
      }
    } catch {
      return coerceAll(values);
    }
    return { coerced };
  };
}

function coercionOf(type: GraphQLInputType, coercions: Map<GraphQLInputType, Coerce>): Coerce {
  const known = coercions.get(type);
  if (known) return known;
  // An input type may contain itself: the recursion then finds this function, which calls the finished one.
  coercions.set(type, value => made(value));
  const made = makeCoercion(type, coercions);
  coercions.set(type, made);
  return made;
}

function makeCoercion(type: GraphQLInputType, coercions: Map<GraphQLInputType, Coerce>): Coerce {
  if (isNonNullType(type)) {
    const coerce = coercionOf(type.ofType, coercions);
    return value => (value === null ? undefined : coerce(value));
  }
  if (isListType(type)) {
    const coerce = coercionOf(type.ofType, coercions);
    return value => (value === null ? null : coerceList(value, coerce));
  }
  if (isInputObjectType(type)) return type.isOneOf ? () => undefined : objectCoercion(type, coercions);
  return value => (value === null ? null : (type.parseValue(value) as unknown));
}

function coerceList(value: unknown, coerce: Coerce): unknown {
  if (!Array.isArray(value)) return undefined;
  const items: unknown[] = [];
  for (const item of value) {
    const one = coerce(item);
    if (one === undefined) return undefined;
    items.push(one);
  }
  return items;
}

function objectCoercion(type: GraphQLInputObjectType, coercions: Map<GraphQLInputType, Coerce>): Coerce {
  const fields = Object.values(type.getFields()).map(field => ({
    name: field.name,
    // An omitted nullable field is also omitted in the result.
    required: isNonNullType(field.type),
    defaultValue: field.defaultValue,
    coerce: coercionOf(field.type, coercions),
  }));
  return value => {
    if (value === null) return null;
    if (typeof value !== 'object' || Array.isArray(value)) return undefined;
    const values = value as Variables;
    // A plain object, as graphql-js makes it. V8 would store an object without a prototype as a dictionary and look
    // up each field by name.
    const coerced: Record<string, unknown> = {};
    let knownFields = 0;
    for (const { name, required, defaultValue, coerce } of fields) {
      const one = Object.hasOwn(values, name) ? values[name] : undefined;
      if (one === undefined) {
        if (defaultValue !== undefined) coerced[name] = defaultValue;
        else if (required) return undefined;
        continue;
      }
      knownFields++;
      const result = coerce(one);
      if (result === undefined) return undefined;
      coerced[name] = result;
    }
    // If the value has more fields, one of them is unknown.
    return knownFields === Object.keys(values).length ? coerced : undefined;
  };
}
