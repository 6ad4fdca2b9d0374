export type Variables = Record<string, unknown>;

/**
 * - `no`: the document contains no command
 * - `keyed`: each command has an idempotency key, so it may be retried
 * - `once`: a command has no key
 */
export type Commands = 'no' | 'keyed' | 'once';

/**
 * Adds a key to each command of a document that has none, so that it can be retried after a lost response. It
 * recognises commands by their `input: $variable`; a command whose input is written in the document itself stays
 * unchanged.
 * @param variables are changed
 */
export function keyCommands(query: string, variables: Variables): Commands {
  const inputs = [...query.matchAll(/\binput\s*:\s*(?:\$(\w+)|\{)/g)].map(([, name]) => name);
  if (inputs.length === 0) return 'no';
  // Two commands under one key would count as one command.
  let keyed = new Set(inputs).size === inputs.length;
  for (const name of inputs) {
    const input = name === undefined ? undefined : variables[name];
    if (name !== undefined && input !== null && typeof input === 'object' && keyed) {
      variables[name] = { ...input, idempotencyKey: (input as Variables)['idempotencyKey'] ?? newKey() };
    } else keyed = false;
  }
  return keyed ? 'keyed' : 'once';
}

/** Not randomUUID(): browsers offer it over HTTPS only. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');
}
