import { execute, type ExecutionArgs, type ExecutionResult, getOperationAST, type GraphQLError } from 'graphql';
import { isCacheable } from './cached-responses.ts';
import { coerceVariables, compileOperation, type ObjectCache } from './compiled/compile-operation.ts';
import type { Context } from '../../graphql/context.ts';
import { presentError } from './present-error.ts';

/** An operation, with the context for its resolvers. */
export interface OperationArgs extends ExecutionArgs {
  readonly contextValue: Context;
}

/**
 * Executes an operation. It never throws: all errors are in the result, and clients may see them. The result is no
 * promise if no resolver returns one.
 * @param cache of finished objects; undefined: the result is plain data
 */
export function executeDocument(args: OperationArgs, cache?: ObjectCache): ExecutionResult | Promise<ExecutionResult> {
  const { schema, document, operationName, contextValue } = args;
  try {
    const compiled = compileOperation(schema, document, operationName, isCacheable);
    const result = compiled ? compiled.execute(args, cache) : executeUncompiled(args);
    return result instanceof Promise ? presentWhenSettled(result, contextValue) : presentResult(result, contextValue);
  } catch (error) {
    return errorResult(error, contextValue);
  }
}

/**
 * Executes with graphql-js. It reports every error about variables, each with the whole value, so we coerce them
 * first, with a limit.
 */
function executeUncompiled(args: OperationArgs): ExecutionResult | Promise<ExecutionResult> {
  const errors = variableErrors(args);
  return errors ? { errors } : execute(args);
}

/** Errors of the variables; undefined if there are none, or if the operation does not exist. */
export function variableErrors(args: OperationArgs): readonly GraphQLError[] | undefined {
  const { schema, document, operationName, variableValues } = args;
  const operation = getOperationAST(document, operationName);
  return operation ? coerceVariables(schema, operation, variableValues ?? {}).errors : undefined;
}

function presentWhenSettled(result: Promise<ExecutionResult>, context: Context): Promise<ExecutionResult> {
  return result.then(
    settled => presentResult(settled, context),
    (error: unknown) => errorResult(error, context),
  );
}

/** The logger is created only here: that takes longer than everything else in this file. */
function errorResult(error: unknown, context: Context): ExecutionResult {
  return { errors: [presentError(error, context.logger)] };
}

export function presentResult(result: ExecutionResult, context: Context): ExecutionResult {
  if (!result.errors) return result;
  return { ...result, errors: result.errors.map(error => presentError(error, context.logger)) };
}
