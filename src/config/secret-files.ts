import { readFileSync } from 'node:fs';

/** Settings that contain a secret: `NAME_FILE` may be the path of a file with the value. */
export const secretNames = [
  'AUTH_JWT_SECRET',
  'DATABASE_URL',
  'DATABASE_MIGRATE_URL',
  'REDIS_URL',
  'REDIS_SENTINELS',
  'STAFF_TOKEN',
  'CUSTOMER_TOKEN',
] as const;

export type SecretName = (typeof secretNames)[number];

export interface SecretsRead {
  /** The environment with the contents of the files. */
  readonly values: Readonly<Record<string, string>>;
  /** One line for each file that cannot be used. */
  readonly problems: readonly string[];
}

/**
 * Reads the secrets that are in files. White space around a value, such as a trailing line break, does not belong to it.
 * @param env without blanks
 * @param names only these are read: a process needs no file of a secret that it does not use
 */
export function readSecretFiles(
  env: Readonly<Record<string, string>>,
  names: readonly SecretName[] = secretNames,
): SecretsRead {
  const values = { ...env };
  const problems: string[] = [];
  for (const name of names) {
    const path = env[`${name}_FILE`];
    if (path === undefined) continue;
    if (env[name] !== undefined) problems.push(`${name}, ${name}_FILE: set one of them, not both`);
    else {
      const { value, problem } = readSecret(path);
      if (problem === undefined) values[name] = value;
      else problems.push(`${name}_FILE: ${problem}`);
    }
  }
  return { values, problems };
}

function readSecret(path: string): { readonly value: string; readonly problem?: string } {
  try {
    const value = readFileSync(path, 'utf8').trim();
    return value === '' ? { value, problem: `${path} is empty: write the secret into it` } : { value };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { value: '', problem: `${path} can't be read (${code}): name a readable file with the secret` };
  }
}
