import type { Database } from '../database/database.ts';
import type { AppendOutcome, AppendRequest } from './append-events.ts';
import { openAppender } from './appender.ts';
import type { EventTypes } from './event-types.ts';
import { openSealers, type Sealer } from './sealers.ts';
import { readLog } from './read-log.ts';
import { readStream, type StreamPart, type StreamRead } from './read-stream.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { type FoldedStream, openSnapshots } from './snapshots.ts';

/** The log, and the event types that its readers know. */
export interface EventStore {
  /** Appends the events of one command; see openAppender(). `deadline` is a time of performance.now(). */
  append(request: AppendRequest, deadline: number): Promise<AppendOutcome>;
  /** Reads a stream, and the result that was stored under a command id. */
  readStream(part: StreamPart, commandId?: string): Promise<StreamRead>;
  /** Stores a folded aggregate later, so that its stream need not be read from the start; see openSnapshots(). */
  saveSnapshot(folded: FoldedStream): void;
  /** At most `limit` events after a point, oldest first. */
  readLog(after: number, limit: number): Promise<RecordedEvent[]>;
  /**
   * The sealer of a subject's personal data. The append rejects data that was encrypted with a key that is not in the
   * database.
   */
  sealerOf(subject: string): Promise<Sealer>;
  /** The hash of a command, keyed with the stored key of the subject; undefined if there is no key. See keyedHash(). */
  keyedHash(subject: string, commandHash: string): Promise<string | undefined>;
}

/** @param onAppended called after each call that stored events, with the number of commands; only a hint */
export function openEventStore(
  database: Database,
  types: EventTypes,
  onAppended: (commands: number) => void,
): EventStore {
  const sealers = openSealers(database);
  const append = openAppender(database, onAppended);

  return {
    append: async (request, deadline) => {
      const outcome = await append(request, deadline);
      if (outcome.outcome === 'key-lost') sealers.forget(request);
      return outcome;
    },
    readStream: (part, commandId) => readStream(database, types, part, commandId),
    saveSnapshot: openSnapshots(database),
    readLog: (after, limit) => readLog(database, types, after, limit),
    sealerOf: subject => sealers.of(subject),
    keyedHash: (subject, commandHash) => sealers.keyedHash(subject, commandHash),
  };
}
