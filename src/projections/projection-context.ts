import type { Database } from '../database/database.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { ProjectorRowCache } from './projector-row-cache.ts';
import type { StreamName } from './projection-events.ts';
import type { Views } from './view.ts';

/** The parts that folding needs in addition to the events. */
export interface Projection {
  readonly database: Database;
  readonly store: Pick<EventStore, 'readStream'>;
  readonly views: Views;
  /** Cached rows that need not be read back; without a cache, all rows are read. */
  readonly kept?: ProjectorRowCache;
  /** Called for each stream that is parked. */
  readonly onParked?: (stream: StreamName, error: unknown) => void;
}
