import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';

const ivBytes = 12;
const tagBytes = 16;
/** Bytes of a key's fingerprint: enough to distinguish the keys of one subject. */
export const fingerprintBytes = 8;

/** Personal data as it is stored in the log: it can't be read without the key of its subject. */
export interface SealedData {
  readonly subject: string;
  readonly sealed: string;
  /** Fingerprint of the key that encrypted the data, hex. Events of older releases have none. */
  readonly key?: string | undefined;
}

/**
 * Encrypts personal data with AES-256-GCM.
 * @param key 32 bytes, the key of the subject
 * @param streamId is authenticated with the data, so that it can't be decrypted as data of another stream
 * @returns iv, tag and ciphertext, base64
 */
export function seal(key: Uint8Array, streamId: string, personal: object): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(streamId));
  const ciphertext = Buffer.concat([cipher.update(JSON.stringify(personal), 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString('base64');
}

/**
 * Identifies a key without revealing it. A reader sees whether the data was encrypted with the stored key, and an
 * append checks that the key is still stored.
 * @param key 32 random bytes
 * @returns hex
 */
export function fingerprintOf(key: Uint8Array): string {
  return createHash('sha256')
    .update(key)
    .digest('hex')
    .slice(0, 2 * fingerprintBytes);
}

/**
 * Decrypts the personal data of one event.
 * @param key the stored key of the subject
 * @returns undefined if the data was encrypted with a key that is no longer stored: it is treated like erased data
 * @throws Error if the bytes were changed or belong to another stream: the log is damaged
 */
export function openPersonal(key: Uint8Array, streamId: string, personal: SealedData): object | undefined {
  if (personal.key !== undefined) {
    return personal.key === fingerprintOf(key) ? open(key, streamId, personal.sealed) : undefined;
  }
  // An older release stored the data without a fingerprint, so changed bytes look like a lost key. `verify` reports
  // such events.
  try {
    return open(key, streamId, personal.sealed);
  } catch (error) {
    if (Buffer.byteLength(personal.sealed, 'base64') <= ivBytes + tagBytes) throw error;
    return undefined;
  }
}

/**
 * Decrypts data that seal() has encrypted.
 * @throws Error if the bytes were changed, or belong to another stream or key
 */
export function open(key: Uint8Array, streamId: string, sealed: string): object {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes)).setAAD(Buffer.from(streamId));
  decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  const text = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString('utf8');
  return JSON.parse(text) as object;
}

/**
 * The hash of a command that contains personal data. Without the key of the subject, a guess of that data can't be
 * checked with it; if the key was deleted, it can't be checked at all. The hash is stored with events, so its form
 * may never change.
 * @param hash of the client's request, hex
 * @returns hex
 */
export function keyedHash(key: Uint8Array, hash: string): string {
  return createHmac('sha256', key).update(`command ${hash}`).digest('hex');
}
