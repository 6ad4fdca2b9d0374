import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { noteOpen } from './left-open.ts';

/** A key of an issuer. */
export interface IssuerKey {
  readonly jwk: JWK;
  /** A token that no cache knows. */
  token(claims: JWTPayload, expires?: string): Promise<string>;
}

/** An identity provider: a discovery document, and a key set that a test changes. */
export interface Issuer {
  /** As AUTH_ISSUER has it. */
  readonly url: string;
  /** Makes a key that is not published yet. */
  newKey(): Promise<IssuerKey>;
  /** Replaces the key set. */
  publish(...keys: readonly IssuerKey[]): void;
  /** Times at which the key set was requested, of performance.now(). */
  readonly requests: readonly number[];
  close(): Promise<void>;
}

/** @param names the issuer that its document names; default: itself */
export async function startIssuer(names?: string): Promise<Issuer> {
  let published: readonly IssuerKey[] = [];
  const requests: number[] = [];
  let tokens = 0;
  const server = createServer((request, response) => {
    if (request.url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer: names ?? url, jwks_uri: `${url}/keys` }));
      return;
    }
    if (request.url !== '/keys') {
      response.end('<html>');
      return;
    }
    requests.push(performance.now());
    response.end(JSON.stringify({ keys: published.map(({ jwk }) => jwk) }));
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    note.closed();
    server.closeAllConnections();
    await new Promise(closed => server.close(closed));
  };
  const note = noteOpen('issuer', close);

  async function newKey(): Promise<IssuerKey> {
    const kid = crypto.randomUUID();
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    return {
      jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' },
      token: (claims, expires = '1h') =>
        new SignJWT({ iss: url, jti: `${++tokens}`, ...claims })
          .setProtectedHeader({ alg: 'ES256', kid })
          .setExpirationTime(expires)
          .sign(privateKey),
    };
  }

  return {
    url,
    newKey,
    publish: (...keys) => {
      published = keys;
    },
    requests,
    close,
  };
}
