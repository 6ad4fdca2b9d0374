import { hash, randomUUID } from 'node:crypto';

/** `<kind>_<uuid>` in lower case. Ids that say the same in another spelling would be two streams, so there is one spelling. */
const pattern = /^([a-z]{3})_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A fresh id of a kind, e.g. `evt`. */
export function newId(kind: string): string {
  return `${kind}_${randomUUID()}`;
}

/**
 * A fresh command id: RFC 9562's time-ordered UUID (version 7). Those of one time stand beside each other in the log's index
 * of them: with random ones every page of it is changed, and written whole after each checkpoint.
 */
export function newCommandId(): string {
  const milliseconds = Date.now().toString(16).padStart(12, '0');
  return `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}-7${randomUUID().slice(15)}`;
}

/** The text where it is a well-formed id of that kind, else undefined. */
export function parseId(kind: string, text: string): string | undefined {
  return kindOfId(text) === kind ? text : undefined;
}

/** The kind of a well-formed id, else undefined. */
export function kindOfId(text: string): string | undefined {
  return pattern.exec(text)?.[1];
}

/**
 * The id that a name always gives in a namespace, so that a repeat mints the same one.
 * @param namespace UUID
 */
export function deriveId(kind: string, namespace: string, name: string): string {
  return `${kind}_${uuidV5(namespace, name)}`;
}

/** RFC 9562's name-based UUID (SHA-1). Stored ids and command ids rest on it: its bytes may never change. */
export function uuidV5(namespace: string, name: string): string {
  const hex = hash('sha1', Buffer.concat([Buffer.from(namespace.replaceAll('-', ''), 'hex'), Buffer.from(name)]));
  const variant = ((parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16); // of the RFC
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
