import type { Database } from '../database/database.ts';
import type { AppendOutcome, AppendRequest } from './append-events.ts';
import { openAppender } from './appender.ts';
import type { EventTypes } from './event-types.ts';
import { openSealers, type Sealer } from './sealers.ts';
import { readLog } from './read-log.ts';
import { readStream, type StreamPart, type StreamRead } from './read-stream.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { type FoldedStream, openSnapshots } from './snapshots.ts';

/** The log, with the event types that its readers know. */
export interface EventStore {
  /** Appends one command's events; see openAppender(). `deadline` by performance.now(). */
  append(request: AppendRequest, deadline: number): Promise<AppendOutcome>;
  /** A stream, and what a command id has stored. */
  readStream(part: StreamPart, commandId?: string): Promise<StreamRead>;
  /** Has a folded aggregate stored before long, so that its stream need not be read from the start; see openSnapshots(). */
  saveSnapshot(folded: FoldedStream): void;
  /** Up to `limit` events after a point, oldest first. */
  readLog(after: number, limit: number): Promise<RecordedEvent[]>;
  /** What seals a subject's personal data. The append refuses what it sealed if the log does not have its key. */
  sealerOf(subject: string): Promise<Sealer>;
  /** A command's hash with the subject's key as it is stored now; undefined if there is none. See keyedHash(). */
  keyedHash(subject: string, commandHash: string): Promise<string | undefined>;
}

/** @param onAppended told after each call that stored events, of how many commands; only a hint */
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
