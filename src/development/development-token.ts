import { SignJWT } from 'jose';
import type { Actor } from '../commands/decider.ts';
import type { Config } from '../config.ts';

/**
 * Signs a token with the development key, valid for 30 days.
 * @returns undefined if a key is configured: then this server issues no tokens
 */
export async function developmentToken(auth: Config['auth'], actor: Actor): Promise<string | undefined> {
  const { key, issuer, audience } = auth;
  if (key.type !== 'development') return undefined;
  const claims = {
    role: actor.role,
    ...(issuer === undefined ? {} : { iss: issuer }),
    ...(audience === undefined ? {} : { aud: audience }),
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(actor.subject)
    .setExpirationTime('30d')
    .sign(new TextEncoder().encode(key.secret));
}
