import { hash } from 'node:crypto';

/** Hashes that identify the command that was sent. Both are hex. */
export interface CommandHashes {
  readonly commandHash: string;
  /**
   * The hash that earlier releases stored for the same input, if the input contains nulls: they hashed a null as a
   * value.
   */
  readonly formerHash: string | undefined;
}

/**
 * Distinguishes a repeat of a command from another command under the same key. It hashes what was sent, independent
 * of the order of the fields. A null is hashed as if its field were left out. The hash is stored with each event, so
 * its form may never change.
 * @param defaults the values of fields that are left out: a null in such a field is hashed as its default
 */
export function hashesOfCommand(mutation: string, input: object, defaults: object = {}): CommandHashes {
  const { idempotencyKey: _, ...sent } = input as Readonly<Record<string, unknown>>;
  const asSent = canonicalJson({ mutation, input: sent }) ?? '';
  const commandHash = hash('sha256', asSent);
  // This is also true if a text contains `:null`. Then both hashes are the same, which does no harm.
  if (!asSent.includes(':null')) return { commandHash, formerHash: undefined };
  const withoutNulls = leaveOutNulls({ mutation, input: { ...sent, ...defaultsFor(sent, defaults) } });
  return { commandHash: hash('sha256', canonicalJson(withoutNulls) ?? ''), formerHash: commandHash };
}

/** The hash of a command that contains no nulls. */
export function hashOfCommand(mutation: string, input: object): string {
  return hashesOfCommand(mutation, input).commandHash;
}

function defaultsFor(sent: Readonly<Record<string, unknown>>, defaults: object): object {
  return Object.fromEntries(Object.entries(defaults).filter(([name]) => sent[name] === null));
}

function leaveOutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  if (Array.isArray(value)) return value.map(leaveOutNulls);
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, leaveOutNulls(member)]));
}

/** JSON.stringify() with the members of each object sorted by name. A replacer function would take twice as long. */
function canonicalJson(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(one => canonicalJson(one) ?? 'null').join()}]`;
  let members = '';
  for (const name of Object.keys(value).sort()) {
    const member = canonicalJson((value as Readonly<Record<string, unknown>>)[name]);
    if (member !== undefined) members += `${members === '' ? '' : ','}${JSON.stringify(name)}:${member}`;
  }
  return `{${members}}`;
}
