import { createHash, randomUUID } from 'node:crypto';

/** `<kind>_<uuid>` in lower case. Ids that say the same in another spelling would be two streams, so there is one spelling. */
const pattern = /^([a-z]{3})_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A fresh id of a kind, e.g. `evt`. */
export function newId(kind: string): string {
  return `${kind}_${randomUUID()}`;
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
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6); // version 5
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8); // variant of the RFC
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
