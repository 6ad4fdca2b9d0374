import { LRUCache } from 'lru-cache';
import type { Database } from '../database/database.ts';
import type { AppendRequest } from './append-events.ts';
import { fingerprintOf, keyedHash, seal, type SealedData } from './personal-data.ts';
import { findKey, personalKey } from './personal-keys.ts';

const cachedKeys = 10_000;
/** A key that was emptied leaves the memory of every node within this time. */
const keyLifetimeMs = 60_000;

/** Seals with one key of one subject. All of a request is sealed by one sealer, so that its append tests one key. */
export interface Sealer {
  seal(streamId: string, personal: object): SealedData;
  /** A command's hash, if the command has personal data of the subject; see keyedHash(). */
  keyedHash(commandHash: string): string;
}

export interface Sealers {
  /** The subject's sealer, from the cache if it is there; its key is made if there is none yet. */
  of(subject: string): Promise<Sealer>;
  /** As Sealer.keyedHash(), but by the key that is stored now; undefined if there is none. */
  keyedHash(subject: string, commandHash: string): Promise<string | undefined>;
  /** Drops the keys that a request was sealed with: the log does not have them. */
  forget(request: AppendRequest): void;
}

/**
 * Caches the keys that seal. A cached key may be one that the log does not have any more, if the database was restored
 * under this process or has failed over: nothing may be stored that it sealed, or its data could never be read. So the
 * sealed data names its key, and append_events is only called in a statement that finds the key stored.
 */
export function openSealers(database: Database): Sealers {
  // A key that was thrown away may stay here for sealing only: what it seals can't be opened by any reader.
  const cache = new LRUCache<string, Sealer>({ max: cachedKeys, ttl: keyLifetimeMs, ttlAutopurge: false });

  return {
    async of(subject) {
      const cached = cache.get(subject);
      if (cached) return cached;
      const sealer = sealerWith(subject, await personalKey(database, subject));
      cache.set(subject, sealer);
      return sealer;
    },
    async keyedHash(subject, commandHash) {
      const key = await findKey(database, subject);
      return key && keyedHash(key, commandHash);
    },
    forget({ events }) {
      for (const { personal } of events) if (personal) cache.delete(personal.subject);
    },
  };
}

function sealerWith(subject: string, key: Uint8Array): Sealer {
  const fingerprint = fingerprintOf(key);
  return {
    seal: (streamId, personal) => ({ subject, sealed: seal(key, streamId, personal), key: fingerprint }),
    keyedHash: commandHash => keyedHash(key, commandHash),
  };
}
