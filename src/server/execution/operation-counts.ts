import type { TraceOrigin } from '../../telemetry/tracing.ts';

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
  /** A request was rejected because of the named limit. */
  readonly refused: (limit: string) => void;
}
