import { randomUUID } from 'node:crypto';
import { v5, v7 } from 'uuid';

/** `<kind>_<uuid>` in lower case. Only one spelling is valid: two spellings of one id would be two streams. */
const pattern = /^([a-z]{3})_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Creates a random id, e.g. `evt_…`. */
export function newId(kind: string): string {
  return `${kind}_${randomUUID()}`;
}

/**
 * Creates a command id: the time-ordered UUID of RFC 9562 (version 7). Ids of the same time are neighbours in the
 * log's index of command ids. Random ids would change every page of that index, and PostgreSQL writes a whole page
 * the first time that it changes after a checkpoint.
 */
export function newCommandId(): string {
  return v7();
}

/** Returns the text if it is a well-formed id of this kind, otherwise undefined. */
export function parseId(kind: string, text: string): string | undefined {
  return kindOfId(text) === kind ? text : undefined;
}

/** Returns the kind of a well-formed id, otherwise undefined. */
export function kindOfId(text: string): string | undefined {
  return pattern.exec(text)?.[1];
}

/**
 * Derives an id from a name: the same namespace and name always give the same id, so a repeated command creates no
 * second aggregate.
 * @param namespace UUID
 */
export function deriveId(kind: string, namespace: string, name: string): string {
  return `${kind}_${uuidV5(namespace, name)}`;
}

/**
 * The name-based UUID of RFC 9562 (version 5, SHA-1). Stored ids and command ids are derived with it: its result must
 * never change.
 */
export function uuidV5(namespace: string, name: string): string {
  // As bytes: of texts, `v5` rejects a namespace of an unknown version, and a name with half a surrogate pair.
  return v5(Buffer.from(name), Buffer.from(namespace.replaceAll('-', ''), 'hex'));
}
