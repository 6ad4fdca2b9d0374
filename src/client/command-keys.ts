export type Variables = Record<string, unknown>;

/**
 * - `no`: nothing in it is a command
 * - `keyed`: each command has an idempotency key, so that it may be sent again
 * - `once`: a command has none
 */
export type Commands = 'no' | 'keyed' | 'once';

/**
 * Gives each command of a document a key where it has none, so that an answer that was lost can be asked for again. It
 * knows commands by their `input: $variable`; one whose input stands in the document itself is left as it is.
 * @param variables are changed
 */
export function keyCommands(query: string, variables: Variables): Commands {
  const inputs = [...query.matchAll(/\binput\s*:\s*(?:\$(\w+)|\{)/g)].map(([, name]) => name);
  if (inputs.length === 0) return 'no';
  // Two commands under one key would be one command.
  let keyed = new Set(inputs).size === inputs.length;
  for (const name of inputs) {
    const input = name === undefined ? undefined : variables[name];
    if (name !== undefined && input !== null && typeof input === 'object' && keyed) {
      variables[name] = { ...input, idempotencyKey: (input as Variables)['idempotencyKey'] ?? newKey() };
    } else keyed = false;
  }
  return keyed ? 'keyed' : 'once';
}

/** Not randomUUID(): browsers have that over HTTPS only. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');
}
