import { hash } from 'node:crypto';

/**
 * Tells a repeat of a command from another command under the same key: over what was asked, whatever order the input
 * was written in. Hex. Stored with each event, so that its form may never change.
 */
export function hashOfCommand(mutation: string, input: object): string {
  const { idempotencyKey: _, ...asked } = input as Readonly<Record<string, unknown>>;
  return hash('sha256', canonicalJson({ mutation, input: asked }) ?? '');
}

/** JSON.stringify() with each object's members in the order of their names. By hand: with a replacer it takes twice as long. */
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
