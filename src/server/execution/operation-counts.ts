import type { GraphQLError, OperationTypeNode } from 'graphql';
import { type ErrorCode, isErrorCode } from '../../graphql/error-codes.ts';
import type { TraceOrigin } from '../../telemetry/tracing.ts';
import { exceededLimit, type LimitName } from '../limits/limit-names.ts';

declare module '../../graphql/dependencies.ts' {
  interface Dependencies {
    /** Undefined: nothing is counted. */
    readonly counts?: OperationCounts;
  }
}

/** Counts for metrics. Each function is called when its event happens. */
export interface OperationCounts {
  /** A subscription started. @returns called at its end */
  readonly subscribed: () => () => void;
  /** A group of subscriptions that share their frames was made. @returns called at its end */
  readonly grouped: () => () => void;
  /**
   * A frame was delivered to a subscriber.
   * @param origin the request whose event the frame is about, if there is one
   * @param startMs when the frame was made, ms since the epoch
   */
  readonly delivered: (kind: string, origin: TraceOrigin | undefined, startMs: number) => void;
  /** A frame was made, for any number of subscribers. */
  readonly executed: () => void;
  /** A request held the event loop for more than a second. */
  readonly held?: () => void;
  /** An operation was answered; a subscription was started, or rejected. */
  readonly operated?: (type: CountedType, code: CountedCode, milliseconds: number) => void;
  /** A request or a socket was rejected because of the named limit. */
  readonly refused: (limit: LimitName) => void;
}

/** `unknown`: the request was rejected before it was clear which operation it is. */
export type CountedType = `${OperationTypeNode}` | 'unknown';

/** `OK`, or the code of the first error of the response. */
export type CountedCode = 'OK' | ErrorCode;

/**
 * Counts an operation that was answered.
 * @param errors those of the response
 */
export function countOperation(
  counts: OperationCounts | undefined,
  type: CountedType,
  errors: readonly GraphQLError[] | undefined,
  milliseconds: number,
): void {
  const [error] = errors ?? [];
  if (error === undefined) {
    counts?.operated?.(type, 'OK', milliseconds);
    return;
  }
  const { code } = error.extensions;
  counts?.operated?.(type, isErrorCode(code) ? code : 'INTERNAL', milliseconds);
  const limit = exceededLimit(error);
  if (limit !== undefined) counts?.refused(limit);
}
