import { execute, type ExecutionArgs, type ExecutionResult, getOperationAST, type GraphQLError } from 'graphql';
import { compiledOperation } from './compiled/compile-operation.ts';
import type { Context } from '../../graphql/context.ts';
import { presentError } from './present-error.ts';
import { coerceVariables } from './compiled/coerce-variables.ts';

/** An operation with the context that its resolvers get. */
export interface OperationArgs extends ExecutionArgs {
  readonly contextValue: Context;
}

/**
 * The answer, whatever went wrong: its errors are those that a client may see. No promise where no resolver has one.
 */
export function executeDocument(args: OperationArgs): ExecutionResult | Promise<ExecutionResult> {
  const { schema, document, operationName, contextValue } = args;
  try {
    const compiled = compiledOperation(schema, document, operationName);
    const result = compiled ? compiled.execute(args) : executeUncompiled(args);
    return result instanceof Promise ? presentedLater(result, contextValue) : presentResult(result, contextValue);
  } catch (error) {
    return failed(error, contextValue);
  }
}

/** By graphql-js, which says as much as it can of variables that are wrong: these are looked at before. */
function executeUncompiled(args: OperationArgs): ExecutionResult | Promise<ExecutionResult> {
  const errors = variableErrors(args);
  return errors ? { errors } : execute(args);
}

/** What is wrong with the variables that came; undefined if nothing is, or if there is no such operation. */
export function variableErrors(args: OperationArgs): readonly GraphQLError[] | undefined {
  const { schema, document, operationName, variableValues } = args;
  const operation = getOperationAST(document, operationName);
  return operation ? coerceVariables(schema, operation, variableValues ?? {}).errors : undefined;
}

function presentedLater(result: Promise<ExecutionResult>, context: Context): Promise<ExecutionResult> {
  return result.then(
    settled => presentResult(settled, context),
    (error: unknown) => failed(error, context),
  );
}

/** The context's logger is made only now: that takes longer than all else here. */
function failed(error: unknown, context: Context): ExecutionResult {
  return { errors: [presentError(error, context.logger)] };
}

export function presentResult(result: ExecutionResult, context: Context): ExecutionResult {
  if (!result.errors) return result;
  return { ...result, errors: result.errors.map(error => presentError(error, context.logger)) };
}
