import type { Erasure, ErasureOrder } from '../commands/erase-personal-data.ts';
import type { HandleCommand } from '../commands/handle-command.ts';
import type { Hub } from '../live/hub.ts';
import type { SharedReads } from '../live/shared-reads.ts';
import type { ReadSource } from '../projections/read-entities.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { LiveViews } from './live-views.ts';

/** What app.ts creates for the resolvers. Slices and the server declare what they add (`declare module`). */
export interface Dependencies {
  readonly source: ReadSource;
  /** The same with the row cache of this process. Only for queries: subscribers are notified of changes by new rows. */
  readonly cachedSource: ReadSource;
  /** Reads of lists and feeds: subscribers that are woken at the same position share one read. */
  readonly sharedReads: SharedReads;
  readonly handle: HandleCommand;
  /** False: no erasure list is kept, which production requires. */
  readonly mayErase: boolean;
  /** Completes the erasure of a subject whose own stream records it already. */
  readonly erase: (order: Omit<ErasureOrder, 'emptyKey'>) => Promise<Erasure | undefined>;
  readonly tracing?: Tracing | undefined;
  /** Notifies subscribers of new events in a stream, before the views reflect them. */
  readonly logHub: Hub<never>;
  /** Notifies subscribers of changed rows, when the views reflect them. */
  readonly liveViews: LiveViews;
}
