import type { Admission } from '../server/limits/admission.ts';
import type { HandleCommand } from '../commands/handle-command.ts';
import type { Position } from '../event-store/position.ts';
import type { Hub } from '../live/hub.ts';
import type { SharedReads } from '../live/shared-reads.ts';
import type { ReadSource } from '../projections/read-entities.ts';
import type { TraceOrigin, Tracing } from '../telemetry/tracing.ts';

/** Told of what is to be counted. */
export interface Counts {
  /** @returns ends it */
  readonly subscribed: () => () => void;
  /** Of subscriptions that share their frames. @returns ends it */
  readonly grouped: () => () => void;
  /** @param origin of the request that the frame is news of, where it is of one; `start` in ms since the epoch */
  readonly delivered: (kind: string, origin: TraceOrigin | undefined, start: number) => void;
  /** A frame was made, for however many. */
  readonly executed: () => void;
  /** A request held the event loop for more than a second. */
  readonly held?: () => void;
  /** Somebody was refused, by that limit. */
  readonly refused: (limit: string) => void;
}

/** What app.ts opened and resolvers work with. Slices declare what they need beside it (`declare module`). */
export interface Dependencies {
  readonly source: ReadSource;
  /** What lists and feeds read when they are woken, once for all who are at the same place. */
  readonly sharedReads: SharedReads;
  readonly handle: HandleCommand;
  readonly counts?: Counts;
  readonly admission?: Admission;
  readonly tracing?: Tracing | undefined;
  /** Tells which streams have grown, before the views know. */
  readonly logHub: Hub<never>;
  /** Resolves when this node has seen the views reach a position, or after that many ms. */
  readonly reached: (position: Position, timeout: number) => Promise<void>;
}
