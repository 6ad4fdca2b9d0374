import type { Database } from '../database/database.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { ProjectorRowCache } from './projector-row-cache.ts';
import type { StreamName } from './retry-event.ts';
import type { Views } from './view.ts';

/** What folding needs beside the events. */
export interface Projection {
  readonly database: Database;
  readonly store: Pick<EventStore, 'readStream'>;
  readonly views: Views;
  /** Rows that need not be read back; without it, all rows are read. */
  readonly kept?: ProjectorRowCache;
  /** Called for each stream that is parked. */
  readonly onParked?: (stream: StreamName, error: unknown) => void;
}
