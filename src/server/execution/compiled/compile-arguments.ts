import { type FieldNode, getArgumentValues, type GraphQLField, Kind, type ValueNode, visit } from 'graphql';
import type { Field } from './field.ts';

type Variables = Readonly<Record<string, unknown>>;

/**
 * Compiles the arguments of a field: constant values are computed once, and so is the list of variables that it uses.
 */
export function compileArguments(definition: GraphQLField<unknown, unknown>, node: FieldNode): Field['args'] {
  const computeAll = (variables: Variables): Record<string, unknown> => getArgumentValues(definition, node, variables);
  const variableArgs = variableArguments(definition, node);
  if (variableArgs === undefined) return computeAll;
  let constantArgs: Record<string, unknown>;
  try {
    const rest = (node.arguments ?? []).filter(({ value }) => value.kind !== Kind.VARIABLE);
    const others = definition.args.filter(({ name }) => variableArgs.every(one => one.name !== name));
    constantArgs = getArgumentValues({ ...definition, args: others }, { ...node, arguments: rest });
  } catch {
    return computeAll; // graphql-js throws it again for each request, at the field
  }
  if (variableArgs.length === 0) return () => constantArgs;
  return variables => {
    const args = { ...constantArgs };
    for (const { name, variable } of variableArgs) {
      // Own properties only, as in graphql-js: a variable may have the name of a property that every object inherits.
      const value = Object.hasOwn(variables, variable) ? variables[variable] : undefined;
      // graphql-js handles variables that are null or omitted: there may be a default, or an error.
      if (value === undefined || value === null) return computeAll(variables);
      args[name] = value;
    }
    return args;
  };
}

/** The arguments whose whole value is a variable; undefined if a variable occurs inside a value. */
function variableArguments(
  { args }: GraphQLField<unknown, unknown>,
  node: FieldNode,
): readonly { readonly name: string; readonly variable: string }[] | undefined {
  const variableArgs: { name: string; variable: string }[] = [];
  for (const { name, value } of node.arguments ?? []) {
    if (value.kind !== Kind.VARIABLE) {
      if (hasVariables(value)) return undefined;
    } else if (args.some(arg => arg.name === name.value))
      variableArgs.push({ name: name.value, variable: value.name.value });
  }
  return variableArgs;
}

function hasVariables(value: ValueNode): boolean {
  let found = false;
  visit(value, {
    Variable() {
      found = true;
    },
  });
  return found;
}
