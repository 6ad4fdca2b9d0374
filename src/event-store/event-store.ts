import { LRUCache } from 'lru-cache';
import type { Database } from '../database.ts';
import type { AppendOutcome, AppendRequest } from './append-events.ts';
import { openAppender } from './appender.ts';
import type { EventTypes } from './event-types.ts';
import { keyedHash, seal, type SealedData } from './personal-data.ts';
import { personalKey } from './personal-keys.ts';
import { readLog } from './read-log.ts';
import { readStream, type StreamPart, type StreamRead } from './read-stream.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { type FoldedStream, openSnapshots } from './snapshots.ts';

const cachedKeys = 10_000;
/** A key that was emptied leaves the memory of every node within this time, ms. */
const keyLifetime = 60_000;

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
  /** Seals personal data of one stream with its subject's key. */
  seal(subject: string, streamId: string, personal: object): Promise<SealedData>;
  /** A command's hash, keyed for whoever the command has personal data of; see keyedHash(). */
  keyedHash(subject: string, commandHash: string): Promise<string>;
}

/** @param onAppended told after each call that stored events, of how many commands; only a hint */
export function openEventStore(
  database: Database,
  types: EventTypes,
  onAppended: (commands: number) => void,
): EventStore {
  // A key that was thrown away may live on here for sealing only: what it seals, nobody can open.
  const keys = new LRUCache<string, Uint8Array>({ max: cachedKeys, ttl: keyLifetime, ttlAutopurge: false });

  async function keyOf(subject: string): Promise<Uint8Array> {
    const known = keys.get(subject);
    if (known) return known;
    const key = await personalKey(database, subject);
    keys.set(subject, key);
    return key;
  }

  return {
    append: openAppender(database, onAppended),
    readStream: (part, commandId) => readStream(database, types, part, commandId),
    saveSnapshot: openSnapshots(database),
    readLog: (after, limit) => readLog(database, types, after, limit),
    seal: async (subject, streamId, personal) => ({ subject, sealed: seal(await keyOf(subject), streamId, personal) }),
    keyedHash: async (subject, commandHash) => keyedHash(await keyOf(subject), commandHash),
  };
}
