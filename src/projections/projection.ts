import type { Database } from '../database.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { KeptRows } from './kept-rows.ts';
import type { StreamName } from './retry-event.ts';
import type { Views } from './view.ts';

/** What folding needs beside the events. */
export interface Projection {
  readonly database: Database;
  readonly store: Pick<EventStore, 'readStream'>;
  readonly views: Views;
  /** What need not be read back; left out, all is. */
  readonly kept?: KeptRows;
  /** Told of each stream that can't be folded on. */
  readonly onParked?: (stream: StreamName, error: unknown) => void;
}
