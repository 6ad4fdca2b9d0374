import { createSourceEventStream, execute, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { formatPosition } from '../event-store/position.ts';
import type { Context } from './context.ts';
import { frames, type SourceEvent } from './frames.ts';
import { presentError } from './present-error.ts';

/** An operation with the context that its resolvers get. */
export interface OperationArgs extends ExecutionArgs {
  readonly contextValue: Context;
}

/** Executes a query or mutation: every transport does it here, so that all answer alike. */
export async function executeOperation(args: OperationArgs): Promise<ExecutionResult> {
  const answer = await executed(args);
  const { position } = args.contextValue.reflected;
  return position ? { ...answer, extensions: { ...answer.extensions, position: formatPosition(position) } } : answer;
}

/**
 * Subscribes: the source is opened once, and each of its events is then executed like a query of its own.
 * @returns the frames, or one answer with errors where there is nothing to subscribe to
 */
export async function subscribeToOperation(
  args: OperationArgs,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const { contextValue } = args;
  try {
    const source = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in source)) return presented(source, contextValue);
    const events = (source as AsyncIterable<SourceEvent>)[Symbol.asyncIterator]();
    return frames(contextValue, events, (event, context) =>
      executed({ ...args, rootValue: event, contextValue: context }),
    );
  } catch (error) {
    return { errors: [presentError(error, contextValue.logger)] };
  }
}

async function executed(args: OperationArgs): Promise<ExecutionResult> {
  try {
    return presented(await execute(args), args.contextValue);
  } catch (error) {
    return { errors: [presentError(error, args.contextValue.logger)] };
  }
}

function presented(result: ExecutionResult, { logger }: Context): ExecutionResult {
  return result.errors ? { ...result, errors: result.errors.map(error => presentError(error, logger)) } : result;
}
