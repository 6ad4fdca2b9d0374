import type { HandleCommand } from '../commands/handle-command.ts';
import type { Position } from '../event-store/position.ts';
import type { Hub } from '../live/hub.ts';
import type { SharedReads } from '../live/shared-reads.ts';
import type { ReadSource } from '../projections/read-entities.ts';
import type { Tracing } from '../telemetry/tracing.ts';

/** What app.ts opened and resolvers work with. Slices and the server declare what they add to it (`declare module`). */
export interface Dependencies {
  readonly source: ReadSource;
  /** Reads of lists and feeds: those that are woken at the same position share one. */
  readonly sharedReads: SharedReads;
  readonly handle: HandleCommand;
  readonly tracing?: Tracing | undefined;
  /** Notifies of streams that have grown, before the views reflect it. */
  readonly logHub: Hub<never>;
  /** Resolves when the views have reached a position on this node, or after the timeout. */
  readonly reached: (position: Position, timeoutMs: number) => Promise<void>;
}
