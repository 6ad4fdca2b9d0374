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
import { headerFault, TokenFault, verificationFault } from './token-fault.ts';

/** Longer ones are not looked at: what checks a token costs time for each byte. */
const longestHeader = 8_192;
const longestSubject = 200;
/** Clocks of issuer and server may differ by this: `nbf` may be ahead and `exp` over for so long. */
export const clockToleranceSeconds = 5;
/** A token that was found good is not checked again for so long, ms, nor is a key set asked for: twice that, and a key that is withdrawn is out. */
const trusted = 60_000;
const trustedTokens = 10_000;

/**
 * Who an `Authorization` header says is asking; undefined where there is none. No promise where that is known: most
 * requests come with a token that was checked before.
 * @throws (by the promise) UNAUTHENTICATED, UNAVAILABLE where the keys can't be fetched
 */
export type Identify = (authorization: string | undefined) => Identity | undefined | Promise<Identity>;

/** @param explains whether a refusal says what is wrong with the token: in development */
export function openIdentity({ key, issuer, audience }: Config['auth'], explains = false): Identify {
  const options: JWTVerifyOptions = {
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ['exp', 'sub'],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  const verify =
    key.type === 'jwks'
      ? verifyByKeySet(createRemoteJWKSet(new URL(key.url), { cacheMaxAge: trusted }), options)
      : verifyBySecret(new TextEncoder().encode(key.secret), options);

  const known = new LRUCache<string, Identity>({ max: trustedTokens, ttl: trusted });

  async function checked(authorization: string): Promise<Identity> {
    try {
      const identity = identityOf(await verify(tokenOf(authorization)));
      known.set(authorization, identity);
      return identity;
    } catch (error) {
      throw error instanceof TokenFault ? unauthenticated(explains ? error.message : undefined) : error;
    }
  }

  return authorization => {
    if (authorization === undefined) return undefined;
    const before = known.get(authorization);
    return before && Date.now() < before.expiresAt * 1000 ? before : checked(authorization);
  };
}

function tokenOf(authorization: string): string {
  if (authorization.length > longestHeader) throw new TokenFault(`it is longer than ${longestHeader} characters.`);
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1];
  if (token === undefined) throw headerFault(authorization);
  return token;
}

// One family of algorithms each: a public key must never be taken for an HMAC secret.

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
        : codedError('UNAVAILABLE', 'Tokens can not be checked just now.');
    }
  };
}

/** False where the key set could not be fetched or read: then nothing is known of the token. */
function blamesToken(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return false;
  return !(
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.code === 'ERR_JOSE_GENERIC'
  );
}

function identityOf({ sub, exp, role }: JWTPayload): Identity {
  if (typeof exp !== 'number') throw new TokenFault('`exp` is no number.');
  return { actor: actorOf(role, sub), expiresAt: exp + clockToleranceSeconds };
}

function actorOf(role: unknown, subject: unknown): Actor {
  if (
    typeof subject !== 'string' ||
    subject.length > longestSubject ||
    !/^[^\p{C}\s](?:[^\p{C}]*[^\p{C}\s])?$/u.test(subject)
  ) {
    throw new TokenFault(`\`sub\` has to be 1 to ${longestSubject} printable characters.`);
  }
  if (role === 'staff') return { role, subject };
  if (role !== 'customer') throw new TokenFault('`role` has to be "customer" or "staff".');
  if (parseId('cus', subject) === undefined)
    throw new TokenFault("`sub` has to be a customer's id, which begins with `cus_`.");
  return { role, subject };
}
