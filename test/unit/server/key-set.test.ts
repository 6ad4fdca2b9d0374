// A key set whose keys change, and a key server that counts what it is asked.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { GraphQLError } from 'graphql';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Identify, openIdentity } from '../../../src/server/authentication/identity.ts';
import { minIntervalMs } from '../../../src/server/authentication/key-set.ts';
import { keySetSettings } from '../../support/auth-settings.ts';
import { startServer } from './mini-server.ts';

interface Key {
  readonly jwk: JWK;
  /** A new token, which no cache knows. */
  token(): Promise<string>;
}

let tokens = 0;

async function newKey(kid: string): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' },
    token: async () => {
      const jwt = new SignJWT({ sub: 'anna', role: 'staff', jti: `${++tokens}` });
      return `Bearer ${await jwt.setExpirationTime('1h').setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey)}`;
    },
  };
}

const now = performance.now.bind(performance);
let aheadMs: number;
let published: Key[];
let requests: number[];
let status: number;
/** Resolves when the server may answer. */
let released: Promise<unknown>;
/** Number of requests that the client has given up. */
let abandoned: number;
let url: string;
const [old, next, unpublished] = (await Promise.all(['old', 'new', 'unpublished'].map(newKey))) as [Key, Key, Key];

beforeEach(async () => {
  aheadMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);
  published = [old];
  requests = [];
  status = 200;
  released = Promise.resolve();
  abandoned = 0;
  url = await startServer(
    createServer((_request, response) => {
      requests.push(performance.now());
      response.on('close', () => {
        if (!response.writableFinished) abandoned++;
      });
      void released.then(() =>
        response.writeHead(status).end(JSON.stringify({ keys: published.map(({ jwk }) => jwk) })),
      );
    }),
  );
});
afterEach(() => {
  vi.restoreAllMocks();
});

test('a key that was published a moment ago is accepted from its first token on', async () => {
  const identify = openIdentity(keySetSettings(url), 'cus');
  expect(await identify(await old.token())).toMatchObject({ actor: { subject: 'anna' } });
  published = [old, next];
  const since = performance.now();
  expect(await identify(await next.token())).toMatchObject({ actor: { subject: 'anna' } });
  expect(performance.now() - since).toBeLessThan(5_000);
  expect(requests).toHaveLength(2);
});

test('a key is accepted although the key set was being read while it was published', async () => {
  const identify = openIdentity(keySetSettings(url), 'cus');
  const before = identify(await old.token());
  const during = identify(await next.token());
  published = [old, next];
  await before;
  // Whichever answer the first request got: the token waits for one that was sent after its arrival.
  expect(await during).toMatchObject({ actor: { subject: 'anna' } });
});

test('tokens with invented key ids are rejected, and cause no more than a request each two seconds', async () => {
  const identify = openIdentity(keySetSettings(url), 'cus');
  await identify(await old.token());
  const end = performance.now() + 2.5 * minIntervalMs;
  let rejected = 0;
  while (performance.now() < end) {
    const invented = await Promise.all(
      Array.from({ length: 20 }, (_, index) => newKey(`invented-${rejected + index}`)),
    );
    const codes = await Promise.all(invented.map(async key => codeOf(identify(await key.token()))));
    expect(new Set(codes)).toEqual(new Set(['UNAUTHENTICATED']));
    rejected += codes.length;
  }
  expect(rejected).toBeGreaterThanOrEqual(40);
  const gaps = requests.slice(1).map((time, index) => time - requests[index]!);
  expect(Math.min(...gaps)).toBeGreaterThan(minIntervalMs - 100);
  // The known key never waits.
  const since = requests.length;
  expect(await identify(await old.token())).toBeDefined();
  expect(requests).toHaveLength(since);
});

test('a thousand tokens with unknown key ids wait at the same time, and any further one is told to come again', async () => {
  const kinds: string[] = [];
  const identify = openIdentity(keySetSettings(url), 'cus', false, kind => kinds.push(kind));
  await identify(await old.token());
  kinds.length = 0;
  const tokens = await Promise.all(Array.from({ length: 1_010 }, () => unpublished.token()));
  const codes = await Promise.all(tokens.map(token => codeOf(identify(token))));
  expect(codes.filter(code => code === 'UNAVAILABLE')).toHaveLength(10);
  expect(codes.filter(code => code === 'UNAUTHENTICATED')).toHaveLength(1_000);
  // A flood of invented tokens is not counted as an outage of the key set.
  expect(kinds.filter(kind => kind === 'too_many_waiting')).toHaveLength(10);
  expect(kinds.filter(kind => kind === 'unknown_key')).toHaveLength(1_000);
  expect(kinds).toHaveLength(1_010);
  expect(requests).toHaveLength(2);
});

test('while the key server takes its time, tokens of known keys wait half a second at most, and the newer keys are used then', async () => {
  const identify = openIdentity(keySetSettings(url), 'cus');
  await identify(await old.token());
  const silence = new AbortController();
  released = once(silence.signal, 'abort');
  published = [next];
  advance(61_000);
  // The server answers no sooner than the tokens are accepted, and the request goes on.
  expect(await identify(await old.token())).toBeDefined();
  expect(await identify(await old.token())).toBeDefined();
  expect(requests).toHaveLength(2);
  expect(abandoned).toBe(0);
  silence.abort();
  await vi.waitFor(
    async () => {
      expect(await codeOf(identify(await old.token()))).toBe('UNAUTHENTICATED');
    },
    { timeout: 30_000 },
  );
  expect(await identify(await next.token())).toBeDefined();
  expect(requests.length).toBeLessThanOrEqual(3);
});

test('a withdrawn key is rejected when the key set is a minute old', async () => {
  const identify = openIdentity(keySetSettings(url), 'cus');
  await identify(await old.token());
  published = [next];
  advance(61_000);
  expect(await codeOf(identify(await old.token()))).toBe('UNAUTHENTICATED');
});

test('while the key server does not answer, known keys are used for an hour, and unknown keys are not blamed', async () => {
  const identify = openIdentity(keySetSettings(url), 'cus');
  await identify(await old.token());
  status = 503;
  advance(61_000);
  expect(await identify(await old.token())).toBeDefined();
  const asked = requests.length;
  expect(await identify(await old.token())).toBeDefined();
  expect(requests).toHaveLength(asked);
  expect(await codeOf(identify(await unpublished.token()))).toBe('UNAVAILABLE');
  advance(3_600_000);
  expect(await codeOf(identify(await old.token()))).toBe('UNAVAILABLE');
  status = 200;
  expect(await identify(await old.token())).toBeDefined();
});

/** Moves the clock of this process forward. */
function advance(ms: number): void {
  aheadMs += ms;
}

async function codeOf(identified: ReturnType<Identify>): Promise<unknown> {
  return Promise.resolve(identified).then(
    () => undefined,
    (error: unknown) => (error as GraphQLError).extensions['code'],
  );
}
