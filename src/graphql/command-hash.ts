import { createHash } from 'node:crypto';

/**
 * Tells a repeat of a command from another command under the same key: over what was asked, whatever order the input
 * was written in. Hex. Stored with each event, so that its form may never change.
 */
export function hashOfCommand(mutation: string, input: object): string {
  const asked = Object.entries(input).filter(([name]) => name !== 'idempotencyKey');
  return createHash('sha256')
    .update(canonicalJson({ mutation, input: Object.fromEntries(asked) }))
    .digest('hex');
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (isPlainObject(inner) ? sortedByKey(inner) : inner));
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sortedByKey(object: object): object {
  return Object.fromEntries(Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1)));
}
