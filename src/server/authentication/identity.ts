import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose';
import { LRUCache } from 'lru-cache';
import type { AuthKey, Config } from '../../config.ts';
import { codedError, unauthenticated } from '../../graphql/coded-error.ts';
import type { Identity } from '../../graphql/context.ts';
import { actorOf, checkAudience } from './claims.ts';
import { openKeySet, TooManyWaiting } from './key-set.ts';
import { keyLocation } from './locate-keys.ts';
import { type AuthenticationFailure, headerFault, KeysFault, TokenFault, verificationFault } from './token-fault.ts';

/** Longer headers are rejected unread, because the time to verify a token grows with its length. */
const maxHeaderLength = 8_192;
/** Allowed clock difference between issuer and server, for `nbf` and `exp`. */
export const clockToleranceSeconds = 5;
/**
 * How long a verified token is cached. A key set is cached for the same time, so a key that is withdrawn is rejected
 * after at most twice this time.
 */
const cacheMs = 60_000;
const maxCachedTokens = 10_000;

/**
 * Authenticates an `Authorization` header; undefined without one. The result is no promise if the token is cached, as
 * most are.
 * @throws (rejects) UNAUTHENTICATED, UNAVAILABLE if the keys cannot be fetched
 */
export type Identify = (authorization: string | undefined) => Identity | undefined | Promise<Identity>;

/** Verifies a token's signature and times. @returns its claims */
type Verify = (token: string) => Promise<JWTPayload>;

/**
 * @param callerIdPrefix prefix of the ids of callers with the role `customer`
 * @param explains whether errors say what is wrong with the token: in development
 * @param failed called for each token that is not accepted
 */
export function openIdentity(
  auth: Config['auth'],
  callerIdPrefix: string,
  explains = false,
  failed: (kind: AuthenticationFailure) => void = () => undefined,
): Identify {
  const { key, issuer, audiences, claims: settings } = auth;
  const verify = verifyBy(key, {
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ['exp'],
    ...(issuer === undefined ? {} : { issuer }),
  });
  const cache = new LRUCache<string, Identity>({ max: maxCachedTokens, ttl: cacheMs });

  async function verifyAndCache(authorization: string): Promise<Identity> {
    try {
      const claims = await verify(tokenOf(authorization));
      if (audiences.length > 0) checkAudience(claims, settings, audiences);
      if (typeof claims.exp !== 'number') throw new TokenFault('`exp` is not a number.');
      const expiresAt = claims.exp + clockToleranceSeconds;
      const identity = { actor: actorOf(claims, settings, callerIdPrefix), expiresAt };
      cache.set(authorization, identity);
      return identity;
    } catch (error) {
      if (error instanceof TokenFault) {
        failed(error.kind);
        throw unauthenticated(explains ? error.message : undefined);
      }
      if (!(error instanceof KeysFault)) throw error;
      failed(error.kind);
      throw codedError('UNAVAILABLE', error.message);
    }
  }

  return authorization => {
    if (authorization === undefined) return undefined;
    const cached = cache.get(authorization);
    return cached && Date.now() < cached.expiresAt * 1000 ? cached : verifyAndCache(authorization);
  };
}

function tokenOf(authorization: string): string {
  if (authorization.length > maxHeaderLength)
    throw new TokenFault(`it is longer than ${maxHeaderLength} characters.`, 'malformed');
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1];
  if (token === undefined) throw headerFault(authorization);
  return token;
}

// One kind of algorithm for each kind of key: a public key must never be used as an HMAC secret.

function verifyBy(key: AuthKey, options: JWTVerifyOptions): Verify {
  switch (key.type) {
    case 'development':
      return verifyBySecrets([key.secret], options);
    case 'secret':
      return verifyBySecrets(key.secrets, options);
    case 'jwks':
      return verifyByKeySet(
        openKeySet(() => Promise.resolve(key.url)),
        options,
      );
    case 'issuer':
      return verifyByKeySet(openKeySet(keyLocation(key.url)), options);
  }
}

function verifyBySecrets(secrets: readonly string[], options: JWTVerifyOptions): Verify {
  const keys = secrets.map(secret => new TextEncoder().encode(secret));
  return async token => {
    let fault: unknown;
    for (const key of keys) {
      try {
        return (await jwtVerify(token, key, { ...options, algorithms: ['HS256'] })).payload;
      } catch (error) {
        fault = error;
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) break;
      }
    }
    throw verificationFault(fault);
  };
}

function verifyByKeySet(keySet: JWTVerifyGetKey, options: JWTVerifyOptions): Verify {
  return async token => {
    try {
      return (await jwtVerify(token, keySet, { ...options, algorithms: ['RS256', 'ES256', 'EdDSA'] })).payload;
    } catch (error) {
      if (blamesToken(error)) throw verificationFault(error);
      throw new KeysFault(error instanceof TooManyWaiting ? 'too_many_waiting' : 'keys_unavailable', error);
    }
  };
}

/** False if the key set could not be fetched or read: then the token may be valid. */
function blamesToken(error: unknown): boolean {
  return error instanceof errors.JOSEError && !(error instanceof errors.JWKSInvalid);
}
