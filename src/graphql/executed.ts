import { execute, type ExecutionArgs, type ExecutionResult } from 'graphql';
import type { Context } from './context.ts';
import { presentError } from './present-error.ts';

/** An operation with the context that its resolvers get. */
export interface OperationArgs extends ExecutionArgs {
  readonly contextValue: Context;
}

/** The answer, whatever went wrong: its errors are those that a client may see. */
export async function executed(args: OperationArgs): Promise<ExecutionResult> {
  try {
    return presented(await execute(args), args.contextValue);
  } catch (error) {
    return { errors: [presentError(error, args.contextValue.logger)] };
  }
}

export function presented(result: ExecutionResult, { logger }: Context): ExecutionResult {
  return result.errors ? { ...result, errors: result.errors.map(error => presentError(error, logger)) } : result;
}
