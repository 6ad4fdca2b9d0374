import type { Database } from '../../database/database.ts';

/** One file of events to write. */
export interface EventFile {
  readonly database: Database;
  readonly path: string;
  /** Position before its first event. */
  readonly after: number;
  readonly to: number;
  /** Called with the number of events written since the last call. */
  readonly add: (events: number) => void;
}
