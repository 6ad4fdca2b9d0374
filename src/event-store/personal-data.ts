import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';

const ivBytes = 12;
const tagBytes = 16;
/** Bytes of a key's fingerprint: enough to tell two keys of one subject apart. */
export const fingerprintBytes = 8;

/** Personal data as the log keeps it: unreadable without the key of the one it is about. */
export interface SealedData {
  readonly subject: string;
  readonly sealed: string;
  /** Fingerprint of the key that sealed it, hex. Events that older releases stored have none. */
  readonly key?: string | undefined;
}

/**
 * Seals personal data with AES-256-GCM.
 * @param key 32 bytes, the subject's own
 * @param streamId bound to the sealed bytes, so that they open in no other stream
 * @returns iv, tag and ciphertext, base64
 */
export function seal(key: Uint8Array, streamId: string, personal: object): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(streamId));
  const ciphertext = Buffer.concat([cipher.update(JSON.stringify(personal), 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString('base64');
}

/**
 * Names a key without telling anything of it: a reader sees that data was sealed with another key than the one at hand,
 * and the append that the key still exists.
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
 * Opens sealed data of one event.
 * @param key of the subject, as it is stored now
 * @returns undefined if the data was sealed with a key that is not stored any more: it reads like erased data
 * @throws if the bytes were changed, or belong to another stream: the log is damaged
 */
export function openPersonal(key: Uint8Array, streamId: string, personal: SealedData): object | undefined {
  if (personal.key !== undefined) {
    return personal.key === fingerprintOf(key) ? open(key, streamId, personal.sealed) : undefined;
  }
  // An older release stored it, without a fingerprint: changed bytes then look like a lost key. `verify` reports those.
  try {
    return open(key, streamId, personal.sealed);
  } catch (error) {
    if (Buffer.byteLength(personal.sealed, 'base64') <= ivBytes + tagBytes) throw error;
    return undefined;
  }
}

/**
 * Opens what seal() made.
 * @throws where the bytes were changed, or belong to another stream or key: a broken log, not a thrown-away key
 */
export function open(key: Uint8Array, streamId: string, sealed: string): object {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes)).setAAD(Buffer.from(streamId));
  decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  const text = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString('utf8');
  return JSON.parse(text) as object;
}

/**
 * The hash of a command that has personal data in it, so that nobody confirms a guess at that data by it: not without
 * the subject's key, and by nothing once the key is thrown away. Stored with events, so that its form may never change.
 * @param hash hex, over what the client asked for
 * @returns hex
 */
export function keyedHash(key: Uint8Array, hash: string): string {
  return createHmac('sha256', key).update(`command ${hash}`).digest('hex');
}
