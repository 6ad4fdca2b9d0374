import {
  createRemoteJWKSet,
  errors,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from 'jose';
import { LRUCache } from 'lru-cache';
import type { Actor } from '../../commands/decider.ts';
import type { Config } from '../../config.ts';
import { parseId } from '../../ids.ts';
import { codedError, unauthenticated } from '../../graphql/coded-error.ts';
import type { Identity } from '../../graphql/context.ts';
import { type AuthenticationFailure, headerFault, TokenFault, verificationFault } from './token-fault.ts';

/** Longer headers are rejected unread, because the time to verify a token grows with its length. */
const maxHeaderLength = 8_192;
const maxSubjectLength = 200;
/** Allowed clock difference between issuer and server, for `nbf` and `exp`. */
export const clockToleranceSeconds = 5;
/**
 * How long a verified token is cached, and how long a key set is cached. So a key that is withdrawn is rejected after
 * at most twice this time.
 */
const cacheMs = 60_000;
const maxCachedTokens = 10_000;

/**
 * Authenticates an `Authorization` header; undefined without one. The result is no promise if the token is cached, as
 * most are.
 * @throws (rejects) UNAUTHENTICATED, UNAVAILABLE if the keys cannot be fetched
 */
export type Identify = (authorization: string | undefined) => Identity | undefined | Promise<Identity>;

/**
 * @param callerIdPrefix prefix of the ids of callers with the role `customer`
 * @param explains whether errors say what is wrong with the token: in development
 * @param failed called for each token that is not accepted
 */
export function openIdentity(
  { key, issuer, audience }: Config['auth'],
  callerIdPrefix: string,
  explains = false,
  failed: (kind: AuthenticationFailure) => void = () => undefined,
): Identify {
  const options: JWTVerifyOptions = {
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ['exp', 'sub'],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  const verify =
    key.type === 'jwks'
      ? verifyByKeySet(createRemoteJWKSet(new URL(key.url), { cacheMaxAge: cacheMs }), options)
      : verifyBySecret(new TextEncoder().encode(key.secret), options);

  const cache = new LRUCache<string, Identity>({ max: maxCachedTokens, ttl: cacheMs });

  async function verifyAndCache(authorization: string): Promise<Identity> {
    try {
      const identity = identityOf(await verify(tokenOf(authorization)), callerIdPrefix);
      cache.set(authorization, identity);
      return identity;
    } catch (error) {
      failed(error instanceof TokenFault ? error.kind : 'keys_unavailable');
      throw error instanceof TokenFault ? unauthenticated(explains ? error.message : undefined) : error;
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

function verifyBySecret(secret: Uint8Array, options: JWTVerifyOptions) {
  return async (token: string): Promise<JWTPayload> => {
    try {
      return (await jwtVerify(token, secret, { ...options, algorithms: ['HS256'] })).payload;
    } catch (error) {
      throw verificationFault(error);
    }
  };
}

function verifyByKeySet(keySet: JWTVerifyGetKey, options: JWTVerifyOptions) {
  return async (token: string): Promise<JWTPayload> => {
    try {
      return (await jwtVerify(token, keySet, { ...options, algorithms: ['RS256', 'ES256', 'EdDSA'] })).payload;
    } catch (error) {
      throw blamesToken(error)
        ? verificationFault(error)
        : codedError('UNAVAILABLE', 'Tokens cannot be verified at the moment.');
    }
  };
}

/** False if the key set could not be fetched or read: then the token may be valid. */
function blamesToken(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return false;
  return !(
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.code === 'ERR_JOSE_GENERIC'
  );
}

function identityOf({ sub, exp, role }: JWTPayload, callerIdPrefix: string): Identity {
  if (typeof exp !== 'number') throw new TokenFault('`exp` is not a number.');
  return { actor: actorOf(role, sub, callerIdPrefix), expiresAt: exp + clockToleranceSeconds };
}

function actorOf(role: unknown, subject: unknown, callerIdPrefix: string): Actor {
  if (
    typeof subject !== 'string' ||
    subject.length > maxSubjectLength ||
    !/^[^\p{C}\s](?:[^\p{C}]*[^\p{C}\s])?$/u.test(subject)
  ) {
    throw new TokenFault(`\`sub\` must be 1 to ${maxSubjectLength} printable characters.`);
  }
  if (role === 'staff' || role === 'operator') return { role, subject };
  if (role !== 'customer') throw new TokenFault('`role` must be "customer", "staff" or "operator".');
  if (parseId(callerIdPrefix, subject) === undefined) {
    throw new TokenFault(`\`sub\` must be a customer's id, which begins with \`${callerIdPrefix}_\`.`);
  }
  return { role, subject };
}
