import { LRUCache } from 'lru-cache';
import type { Database } from '../database/database.ts';
import type { AppendRequest } from './append-events.ts';
import { fingerprintOf, keyedHash, seal, type SealedData } from './personal-data.ts';
import { findKey, personalKey } from './personal-keys.ts';

const maxCachedKeys = 10_000;
/** After a key was deleted, every node drops it from memory within this time. */
const keyLifetimeMs = 60_000;

/** Encrypts with one key of one subject. A request uses only one sealer, so that its append checks one key. */
export interface Sealer {
  seal(streamId: string, personal: object): SealedData;
  /** The hash of a command that contains personal data of the subject; see keyedHash(). */
  keyedHash(commandHash: string): string;
}

export interface Sealers {
  /** The sealer of a subject, from the cache if possible. The key is created if there is none. */
  of(subject: string): Promise<Sealer>;
  /** The same as Sealer.keyedHash(), but with the stored key; undefined if there is none. */
  keyedHash(subject: string, commandHash: string): Promise<string | undefined>;
  /** Removes the keys of a request from the cache, because the database does not have them. */
  forget(request: AppendRequest): void;
}

/**
 * Caches the keys for encryption. If the database was restored or has failed over while this process runs, it may
 * lack a cached key, and data encrypted with it could never be read. So the encrypted data contains the fingerprint
 * of its key, and each statement that calls append_events() checks that this key is stored.
 */
export function openSealers(database: Database): Sealers {
  // A deleted key may remain here, because it is used only for encryption: no reader can decrypt its data.
  const cache = new LRUCache<string, Sealer>({ max: maxCachedKeys, ttl: keyLifetimeMs, ttlAutopurge: false });

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
