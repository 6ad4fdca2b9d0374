import { createSourceEventStream, type ExecutionResult } from 'graphql';
import { formatPosition } from '../event-store/position.ts';
import type { Callers } from './callers.ts';
import { executed, type OperationArgs, presented } from './executed.ts';
import type { Frame } from '../live/frame.ts';
import { frames } from './frames.ts';
import type { Payload } from './payload.ts';
import { presentError } from './present-error.ts';
import type { SharedExecution } from './shared-execution.ts';

/** Executes a query or mutation: every transport does it here, so that all answer alike. */
export async function executeOperation(args: OperationArgs): Promise<ExecutionResult> {
  const { parts, reflected, logger } = args.contextValue;
  let cost: number | undefined;
  try {
    cost = parts.admission?.admit(args);
  } catch (error) {
    return { errors: [presentError(error, logger)] };
  }
  const answer = await executed(args);
  const { position } = reflected;
  if (!position && cost === undefined) return answer;
  return {
    ...answer,
    extensions: { ...answer.extensions, ...(position && { position: formatPosition(position) }), cost },
  };
}

/** What a node's subscriptions have in common. */
export interface Subscribing {
  readonly shared: SharedExecution;
  readonly callers: Callers;
}

/**
 * Subscribes: the source is opened for this subscriber, by their own rights; what it yields is executed once for all
 * who ask the same and may see the same.
 * @returns the frames, or one answer with errors where there is nothing to subscribe to
 */
export async function subscribeToOperation(
  args: OperationArgs,
  { shared, callers }: Subscribing,
): Promise<AsyncIterableIterator<Payload> | ExecutionResult> {
  const { contextValue } = args;
  let close: (() => void) | undefined;
  try {
    contextValue.parts.admission?.admit(args);
    close = callers.openSubscription(contextValue.viewer);
    const source = await createSourceEventStream(args);
    if (Symbol.asyncIterator in source) {
      const events = (source as AsyncIterable<Frame>)[Symbol.asyncIterator]();
      return frames(contextValue, events, shared.join(args), close);
    }
    close();
    return presented(source, contextValue);
  } catch (error) {
    close?.();
    return { errors: [presentError(error, contextValue.logger)] };
  }
}
