import { loadCallerSecrets } from '../config.ts';
import { usualUrl } from './server-url.ts';
import type { Bearer } from './simulate/api.ts';
import { signedPeople } from './simulate/people.ts';

/** The options of a command that calls the server for one person. */
export const callerOptions = {
  url: { type: 'string', default: usualUrl },
  token: { type: 'string' },
} as const;

export interface CallerOptions {
  readonly url: string;
  readonly token?: string | undefined;
}

/**
 * The person for whom a command acts: the bearer of the given token, or else a person whose token is signed here,
 * with AUTH_JWT_SECRET or with the development key.
 * @param token value of `--token`, with or without `Bearer`
 */
export function caller(env: NodeJS.ProcessEnv, role: 'staff' | 'customer', token?: string): Bearer {
  if (token !== undefined) {
    const bare = token.replace(/^Bearer\s+/i, '');
    const tokenHint = `give --token one with role ${role} that is valid now`;
    return { name: 'Customer', id: '', token: () => Promise.resolve(bare), tokenHint };
  }
  const { staff, customers } = signedPeople(env);
  const signed = role === 'staff' ? staff : (customers[0] ?? staff);
  const tokenHint = loadCallerSecrets(env).secret
    ? signed.tokenHint
    : `give one with role ${role} by --token, or set AUTH_JWT_SECRET to the server's`;
  return { ...signed, tokenHint };
}
