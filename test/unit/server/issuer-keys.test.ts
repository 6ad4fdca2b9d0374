// An issuer that says where its keys are, and that is away at times.
import { createServer } from 'node:http';
import type { GraphQLError } from 'graphql';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openIdentity } from '../../../src/server/authentication/identity.ts';
import { checkIssuer } from '../../../src/server/authentication/locate-keys.ts';
import { StartError } from '../../../src/start-error.ts';
import { authSettings } from '../../support/auth-settings.ts';
import { logged, logger, startServer } from './mini-server.ts';

const pairs = await Promise.all(['first', 'second'].map(newPair));

let url: string;
let document: { status: number; body: object | string };
/** The keys by the path at which they are. */
let keys: Record<string, object[]>;
let requests: string[];
beforeEach(async () => {
  requests = [];
  keys = { '/keys': [pairs[0]!.jwk] };
  url = await startServer(
    createServer((request, response) => {
      const path = request.url ?? '';
      requests.push(path);
      const answer =
        path === '/.well-known/openid-configuration'
          ? document
          : { status: keys[path] ? 200 : 503, body: { keys: keys[path] } };
      const { status, body } = answer;
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    }),
  );
  document = { status: 200, body: { issuer: url, jwks_uri: `${url}/keys` } };
});
afterEach(() => {
  vi.restoreAllMocks();
});

const settings = (issuer = url) => authSettings({ AUTH_JWT_SECRET: undefined, AUTH_ISSUER: issuer });

test('while the issuer is away, a process starts, warns and blames no token; as soon as it answers, tokens are valid', async () => {
  const right = document;
  document = { status: 503, body: '' };
  logged.length = 0;
  await checkIssuer(settings(), logger);
  expect(logged).toMatchObject([{ level: 40, err: { message: expect.stringContaining('answers with status 503') } }]);
  await checkIssuer(settings('http://127.0.0.1:9'), logger);
  expect(logged).toHaveLength(2);

  const identify = openIdentity(settings(), 'cus');
  expect(await codeOf(identify(await token(0)))).toBe('UNAVAILABLE');
  document = right;
  expect(await identify(await token(0))).toMatchObject({ actor: { subject: 'anna' } });
});

test('an issuer that answers with anything else than where its keys are refuses the start', async () => {
  const secure = 'https://login.example.com';
  for (const [status, body, reason] of [
    [404, '', 'answers with status 404'],
    [301, '', 'answers with status 301'],
    [200, '<html>', 'is no discovery document'],
    [200, { issuer: 'https://other.example.com', jwks_uri: `${secure}/keys` }, 'document of another issuer'],
  ] as const) {
    document = { status, body };
    await expect(checkIssuer(settings(), logger)).rejects.toThrow(reason);
    await expect(checkIssuer(settings(), logger)).rejects.toThrow(StartError);
  }
  const body = { issuer: secure, jwks_uri: 'http://login.example.com/keys' };
  vi.spyOn(globalThis, 'fetch').mockResolvedValue(Response.json(body));
  await expect(checkIssuer(settings(secure), logger)).rejects.toThrow(
    /^AUTH_ISSUER: its jwks_uri is http:\/\/login\.example\.com\/keys: over http an attacker could replace the keys/,
  );
});

test('if the issuer moves its keys, a token of a new key is accepted; without its document, the last place is used', async () => {
  const identify = openIdentity(settings(), 'cus');
  expect(await identify(await token(0))).toBeDefined();
  keys = { '/moved': [pairs[1]!.jwk] };
  document.body = { issuer: url, jwks_uri: `${url}/moved` };
  expect(await identify(await token(1))).toBeDefined();

  document = { status: 503, body: '' };
  keys = { '/moved': pairs.map(({ jwk }) => jwk) };
  expect(await identify(await token(0))).toBeDefined();
  expect(requests.filter(path => path.startsWith('/.'))).toHaveLength(3);
});

let tokens = 0;

async function token(index: 0 | 1): Promise<string> {
  const { kid, privateKey } = pairs[index]!;
  const jwt = new SignJWT({ iss: url, sub: 'anna', role: 'staff', jti: `${++tokens}` });
  return `Bearer ${await jwt.setExpirationTime('1h').setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey)}`;
}

async function newPair(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } };
}

async function codeOf(identified: ReturnType<ReturnType<typeof openIdentity>>): Promise<unknown> {
  return Promise.resolve(identified).then(
    () => undefined,
    (error: unknown) => (error as GraphQLError).extensions['code'],
  );
}
