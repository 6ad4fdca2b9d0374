import type { Attributes } from '@opentelemetry/api';

/** Spans of one request across processes: whoever knows its correlation id adds to the same trace. */
export interface Tracing {
  /** Runs, and records how long it took and whether it failed. */
  span<Result>(
    name: string,
    about: { readonly correlationId: string; readonly first?: boolean; readonly attributes?: Attributes },
    run: () => Promise<Result>,
  ): Promise<Result>;
  /** Records what is over. `start` and `end` in ms since the epoch. */
  record(name: string, correlationId: string, start: number, end: number): void;
  /** Sends what is left. */
  close(): Promise<void>;
}
