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

/** Characters that the messages about one request's variables may have together, roughly, beyond what the first needs. */
const mostCharacters = 100_000;

/**
 * graphql-js's own coercion. Each of its errors about a member that an input type does not have quotes the whole object:
 * fifty of them about one megabyte were fifty megabytes. So the longer the variables are, the fewer errors are told.
 */
export function coerceVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: Pick<OperationDefinitionNode, 'variableDefinitions'>,
  given: Variables,
): ReturnType<typeof getVariableValues> {
  const maxErrors = Math.min(50, Math.max(1, Math.floor(mostCharacters / lengthOf(given))));
  return getVariableValues(schema, variableDefinitions, given, { maxErrors });
}

/** As JSON; of what is nested too deep for that, nothing is known. */
function lengthOf(given: Variables): number {
  try {
    return JSON.stringify(given).length;
  } catch {
    return Infinity;
  }
}

/** What a given value is as its type has it; undefined where there is anything to say of it. */
type Read = (value: unknown) => unknown;

/**
 * An operation's variables, each by what its type was looked up to be, once. Where all are given and good, that is all
 * there is to see; whatever else there is, and what is wrong with it, graphql-js says.
 */
export function compileVariables(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
): (given: Variables) => ReturnType<typeof getVariableValues> {
  const { variableDefinitions = [] } = operation;
  const whole = (given: Variables) => coerceVariables(schema, operation, given);
  const reads = new Map<GraphQLInputType, Read>();
  const all: { readonly name: string; readonly read: Read }[] = [];
  for (const { variable, type: node } of variableDefinitions) {
    const type = typeFromAST(schema, node) as GraphQLInputType | undefined;
    if (type === undefined) return whole;
    all.push({ name: variable.name.value, read: readOf(type, reads) });
  }
  return given => {
    const coerced = Object.create(null) as Record<string, unknown>;
    try {
      for (const { name, read } of all) {
        const value = Object.hasOwn(given, name) ? read(given[name]) : undefined;
        // Null too: it may be refused, or meant otherwise than one that is not given.
        if (value === undefined || value === null) return whole(given);
        coerced[name] = value;
      }
    } catch {
      return whole(given);
    }
    return { coerced };
  };
}

function readOf(type: GraphQLInputType, reads: Map<GraphQLInputType, Read>): Read {
  const known = reads.get(type);
  if (known) return known;
  // An input type may hold itself: then this is what it finds of itself.
  reads.set(type, value => made(value));
  const made = makeRead(type, reads);
  reads.set(type, made);
  return made;
}

function makeRead(type: GraphQLInputType, reads: Map<GraphQLInputType, Read>): Read {
  if (isNonNullType(type)) {
    const read = readOf(type.ofType, reads);
    return value => (value === null ? undefined : read(value));
  }
  if (isListType(type)) {
    const read = readOf(type.ofType, reads);
    return value => (value === null ? null : listRead(value, read));
  }
  if (isInputObjectType(type)) return type.isOneOf ? () => undefined : objectRead(type, reads);
  return value => (value === null ? null : (type.parseValue(value) as unknown));
}

function listRead(value: unknown, read: Read): unknown {
  if (!Array.isArray(value)) return undefined;
  const items: unknown[] = [];
  for (const item of value) {
    const one = read(item);
    if (one === undefined) return undefined;
    items.push(one);
  }
  return items;
}

function objectRead(type: GraphQLInputObjectType, reads: Map<GraphQLInputType, Read>): Read {
  const fields = Object.values(type.getFields()).map(field => ({
    name: field.name,
    // What is left out of a nullable field stands nowhere: no read is asked.
    required: isNonNullType(field.type),
    defaultValue: field.defaultValue,
    read: readOf(field.type, reads),
  }));
  return value => {
    if (value === null) return null;
    if (typeof value !== 'object' || Array.isArray(value)) return undefined;
    const given = value as Variables;
    // With a prototype, as graphql-js gives it: V8 looks each field of one without up by its name.
    const coerced: Record<string, unknown> = {};
    let taken = 0;
    for (const { name, required, defaultValue, read } of fields) {
      const one = Object.hasOwn(given, name) ? given[name] : undefined;
      if (one === undefined) {
        if (defaultValue !== undefined) coerced[name] = defaultValue;
        else if (required) return undefined;
        continue;
      }
      taken++;
      const as = read(one);
      if (as === undefined) return undefined;
      coerced[name] = as;
    }
    // More than those: a field that the type has not.
    return taken === Object.keys(given).length ? coerced : undefined;
  };
}
