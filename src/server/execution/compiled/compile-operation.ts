import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type FragmentDefinitionNode,
  getOperationAST,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from 'graphql';
import { compileVariables } from './coerce-variables.ts';
import { executeFields, executeSerially } from './execute-fields.ts';
import type { Fields } from './field.ts';
import { FieldsCompiler } from './fields-compiler.ts';
import { isPromise } from './is-promise.ts';
import type { IsCacheable, ObjectCache } from './object-cache.ts';
import { Run, type RunOperation } from './run.ts';

// The one entry of this folder. The folder imports nothing of ours: another executor can take its place.
export { coerceVariables } from './coerce-variables.ts';
export type { IsCacheable, ObjectCache } from './object-cache.ts';

/** An operation whose fields and types were looked up once. */
export interface CompiledOperation {
  /**
   * @param cache undefined: all fields are executed, and the result is plain data
   * @returns no promise if no resolver returns one
   */
  execute(args: ExecutionArgs, cache?: ObjectCache): ExecutionResult | Promise<ExecutionResult>;
}

const compiled = new WeakMap<OperationDefinitionNode, CompiledOperation | 'uncompiled'>();

/**
 * Compiles an operation of a validated document, once. Its execution behaves as graphql-js's: the same resolvers,
 * errors at the same places, and the same nulls. Only the collection of fields and the lookup of types, most of the
 * work of graphql-js, are done beforehand.
 * @param isCacheable for the caches that the operation is executed with
 * @returns undefined if graphql-js has to execute it: directives on selections, introspection, and operations that
 * are invalid
 */
export function compileOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  isCacheable: IsCacheable,
): CompiledOperation | undefined {
  const operation = getOperationAST(document, operationName);
  if (!operation) return undefined;
  let known = compiled.get(operation);
  if (known === undefined) {
    known = compile(schema, document, operation, isCacheable) ?? 'uncompiled';
    compiled.set(operation, known);
  }
  return known === 'uncompiled' ? undefined : known;
}

function compile(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  isCacheable: IsCacheable,
): CompiledOperation | undefined {
  const root = schema.getRootType(operation.operation);
  if (!root || !canCompile(document)) return undefined;
  const fragments: Record<string, FragmentDefinitionNode> = {};
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  const fields = new FieldsCompiler(schema, fragments, isCacheable).fields(root, [operation.selectionSet]);
  const plan: Plan = { schema, operation, fragments, fields, variables: compileVariables(schema, operation) };
  return { execute: (args, cache) => execute(plan, args, cache) };
}

/**
 * Whether the fields of the response do not depend on variables (no directives), and none is introspection of the
 * schema.
 */
function canCompile(document: DocumentNode): boolean {
  let isSupported = true;
  visit(document, {
    Field({ name, alias, directives }) {
      if (name.value === '__schema' || name.value === '__type' || alias?.value === '__proto__') isSupported = false;
      if (directives && directives.length > 0) isSupported = false;
    },
    FragmentSpread({ directives }) {
      if (directives && directives.length > 0) isSupported = false;
    },
    InlineFragment({ directives }) {
      if (directives && directives.length > 0) isSupported = false;
    },
  });
  return isSupported;
}

interface Plan extends RunOperation {
  readonly fields: Fields;
  readonly variables: ReturnType<typeof compileVariables>;
}

function execute(
  plan: Plan,
  args: ExecutionArgs,
  cache: ObjectCache | undefined,
): ExecutionResult | Promise<ExecutionResult> {
  const { operation } = plan;
  const fields = plan.fields.all;
  const variables = plan.variables(args.variableValues ?? {});
  if (variables.errors) return { errors: variables.errors };
  const run = new Run(plan, args, variables.coerced, cache);
  try {
    const data =
      operation.operation === OperationTypeNode.MUTATION
        ? executeSerially(run, fields, args.rootValue)
        : executeFields(run, fields, args.rootValue, undefined);
    if (!isPromise(data)) return run.result(data);
    return data.then(
      one => run.result(one),
      (error: unknown) => run.failedResult(error),
    );
  } catch (error) {
    return run.failedResult(error);
  }
}
