import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { GraphQLError } from 'graphql';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { openIdentity } from '../../../src/server/authentication/identity.ts';
import { authSettings, keySetSettings } from '../../support/auth-settings.ts';
import { customerToken, staffToken, testSecret, token } from '../../support/tokens.ts';
import { startServer } from './mini-server.ts';

const customerId = 'cus_00000000-0000-4000-8000-000000000001';
const strictly = authSettings({ AUTH_ISSUER: 'https://login.example', AUTH_AUDIENCE: 'orders' });
const identify = openIdentity(authSettings(), 'cus');
const strict = openIdentity(strictly, 'cus');

const codeOf = async (identified: ReturnType<typeof identify>) =>
  Promise.resolve(identified).then(
    identity => identity,
    (error: unknown) => [(error as GraphQLError).message, (error as GraphQLError).extensions],
  );
const unauthenticated = ['This needs a valid token.', { code: 'UNAUTHENTICATED' }];

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const inAnHour = Math.floor(Date.now() / 1000) + 3600;
const staffClaims = { sub: 'anna', role: 'staff', exp: inAnHour };

/** A token signed with the right key, with any claims. */
const signed = (claims: JWTPayload, alg = 'HS256') =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(testSecret));

describe('identity by secret', () => {
  test('without a header there is no identity; a valid token gives its subject, until it expires', async () => {
    expect(await identify(undefined)).toBeUndefined();
    expect(await identify(`Bearer ${await signed(staffClaims)}`)).toEqual({
      actor: { role: 'staff', subject: 'anna' },
      expiresAt: inAnHour + 5,
    });
    expect(await identify(`bearer ${await customerToken(customerId)}`)).toMatchObject({
      actor: { role: 'customer', subject: customerId },
    });
  });

  test.each<[string, () => Promise<string> | string]>([
    ['an empty header', () => ''],
    ['no scheme', () => staffToken()],
    ['another scheme', async () => `Basic ${await staffToken()}`],
    ['no token', () => 'Bearer '],
    ['two tokens', async () => `Bearer ${await staffToken()} ${await staffToken()}`],
    ['alg none', () => `Bearer ${encode({ alg: 'none' })}.${encode(staffClaims)}.`],
    ['alg NoNe', () => `Bearer ${encode({ alg: 'NoNe' })}.${encode(staffClaims)}.x`],
    ['another algorithm of the same family', async () => `Bearer ${await signed(staffClaims, 'HS512')}`],
    ['another secret', async () => `Bearer ${await staffToken({ secret: 'another secret, of 32 bytes and more' })}`],
    [
      'changed claims',
      async () => (await bearer()).replace(/\.[^.]+\./, `.${encode({ ...staffClaims, sub: 'eve' })}.`),
    ],
    ['a cut signature', async () => (await bearer()).slice(0, -2)],
    ['a critical extension', async () => `Bearer ${await critical()}`],
    ['no exp', async () => `Bearer ${await signed({ sub: 'anna', role: 'staff' })}`],
    ['exp in the past', async () => `Bearer ${await signed({ ...staffClaims, exp: inAnHour - 3606 })}`],
    ['exp that is not a number', () => `Bearer ${forged({ ...staffClaims, exp: 'never' })}`],
    ['exp beyond the range of dates', async () => `Bearer ${await signed({ ...staffClaims, exp: -1e20 })}`],
    ['nbf beyond the range of dates', async () => `Bearer ${await signed({ ...staffClaims, nbf: 1e300 })}`],
    ['nbf in the future', async () => `Bearer ${await signed({ ...staffClaims, nbf: inAnHour })}`],
    ['no sub', async () => `Bearer ${await signed({ role: 'staff', exp: inAnHour })}`],
    ['sub that is not a string', () => `Bearer ${forged({ ...staffClaims, sub: { not: '' } })}`],
    ['an empty sub', async () => `Bearer ${await signed({ ...staffClaims, sub: '' })}`],
    ['sub with a line break', async () => `Bearer ${await signed({ ...staffClaims, sub: 'anna\nroot' })}`],
    ['sub that is too long', async () => `Bearer ${await signed({ ...staffClaims, sub: 'a'.repeat(201) })}`],
    ['no role', async () => `Bearer ${await signed({ sub: 'anna', exp: inAnHour })}`],
    ['another role', async () => `Bearer ${await token({ sub: 'anna', role: 'admin' })}`],
    ['a list without a role', async () => `Bearer ${await token({ sub: 'anna', role: ['admin', 7, null] })}`],
    ['a role inside of a list of lists', async () => `Bearer ${await token({ sub: 'anna', role: [['staff']] })}`],
    [
      'the name of a property of every object',
      async () => `Bearer ${await token({ sub: 'anna', role: 'constructor' })}`,
    ],
    ['a customer by name', async () => `Bearer ${await token({ sub: 'anna', role: 'customer' })}`],
    [
      'a customer with the id of something else',
      async () => `Bearer ${await customerToken(customerId.replace('cus', 'ord'))}`,
    ],
    ['a customer in upper case', async () => `Bearer ${await customerToken(customerId.replace('cus_0', 'cus_A'))}`],
    ['10 KB', async () => `Bearer ${await signed({ ...staffClaims, filler: 'x'.repeat(8_000) })}`],
  ])('%s is rejected with the same message', async (_what, header) => {
    expect(await codeOf(identify(await header()))).toEqual(unauthenticated);
  });

  test('clocks may differ by 5 s: `nbf` and `iat` may be ahead, `exp` over, and the identity ends 5 s after `exp`', async () => {
    const now = Math.floor(Date.now() / 1000);
    const skewed = await signed({ ...staffClaims, nbf: now + 4, iat: now + 4, exp: now - 1 });
    expect(await identify(`Bearer ${skewed}`)).toEqual({
      actor: { role: 'staff', subject: 'anna' },
      expiresAt: now + 4,
    });
    for (const claims of [{ nbf: now + 30 }, { exp: now - 6 }]) {
      expect(await codeOf(identify(`Bearer ${await signed({ ...staffClaims, ...claims })}`))).toEqual(unauthenticated);
    }
  });

  test('in development the rejection says what is wrong with the token', async () => {
    const explaining = openIdentity(strictly, 'cus', true);
    const now = Math.floor(Date.now() / 1000);
    const good = { ...staffClaims, iss: 'https://login.example', aud: 'orders' };
    expect(await explaining(`Bearer ${await signed(good)}`)).toBeDefined();
    const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
    for (const [header, why] of [
      [await signed(good), '`Bearer ` is missing before it'],
      [`Basic ${await signed(good)}`, 'send `Authorization: Bearer <token>`'],
      ['Bearer abc', 'it is malformed'],
      ['Bearer a.b.c', 'it is malformed'],
      [`Bearer ${encode({ alg: 'none' })}.${encode(good)}.`, 'it is malformed'],
      [`Bearer ${encode({ alg: 'none' })}.${encode(good)}.x`, 'it is unsigned'],
      [`Bearer ${await signed(good, 'HS512')}`, 'signed by another algorithm'],
      [`Bearer ${(await signed(good)).slice(0, -4)}AAAA`, 'its signature was not made with the configured key'],
      [`Bearer ${await signed({ ...good, exp: now - 60 })}`, `it expired at ${iso(now - 60)}`],
      [`Bearer ${await signed({ ...good, nbf: now + 60 })}`, `it is not valid before ${iso(now + 60)}`],
      [`Bearer ${await signed({ ...good, exp: -1e20 })}`, 'it expired at -100000000000000000000 s after 1970'],
      [`Bearer ${await signed({ ...good, nbf: 1e300 })}`, 'it is not valid before 1e+300 s after 1970'],
      [`Bearer ${await signed({ ...good, iss: 'https://other.example' })}`, 'its issuer (`iss`) is not AUTH_ISSUER'],
      [`Bearer ${await signed({ ...good, aud: 'mail' })}`, 'its audience (`aud`) is not AUTH_AUDIENCE'],
      [`Bearer ${await signed({ sub: 'anna', exp: now + 60 })}`, 'it has no `iss`'],
      [`Bearer ${await signed({ ...good, sub: '' })}`, '`sub` must be 1 to 200'],
      [`Bearer ${await signed({ ...good, role: 'admin' })}`, '`role` must be "customer", "staff" or "operator"'],
      [`Bearer ${await signed({ ...good, role: 'customer' })}`, "a customer's id"],
      [`Bearer ${'x'.repeat(9_000)}`, 'longer than 8192'],
    ] as const) {
      const [message, extensions] = (await codeOf(explaining(header))) as [string, object];
      expect(message).toMatch(/^This needs a valid token: ./);
      expect(message).toContain(why);
      expect(message.length).toBeLessThan(120);
      expect(extensions).toEqual({ code: 'UNAUTHENTICATED' });
    }
  });

  test('each of several secrets verifies tokens; a token of any other secret is rejected', async () => {
    const secrets = ['the new secret, of 32 bytes and more', 'the old secret, of 32 bytes and more'];
    const rotating = openIdentity(authSettings({ AUTH_JWT_SECRET: secrets.join('\n') }), 'cus');
    for (const secret of secrets) {
      expect(await rotating(`Bearer ${await staffToken({ secret })}`)).toMatchObject({ actor: { subject: 'anna' } });
    }
    for (const secret of [testSecret, secrets.join('\n')]) {
      expect(await codeOf(rotating(`Bearer ${await staffToken({ secret })}`))).toEqual(unauthenticated);
    }
  });

  test('issuer and audience must be the configured ones', async () => {
    const ok = { issuer: 'https://login.example', audience: 'orders' };
    expect(await strict(`Bearer ${await staffToken(ok)}`)).toBeDefined();
    for (const options of [
      {},
      { ...ok, issuer: 'https://evil.example' },
      { ...ok, audience: 'mail' },
      { issuer: ok.issuer },
    ]) {
      expect(await codeOf(strict(`Bearer ${await staffToken(options)}`))).toEqual(unauthenticated);
    }
  });

  const bearer = async () => `Bearer ${await signed(staffClaims)}`;
  const critical = () =>
    new SignJWT(staffClaims)
      .setProtectedHeader({ alg: 'HS256', crit: ['exotic'], exotic: true })
      .sign(new TextEncoder().encode(testSecret), { crit: { exotic: true } });
  /** Signed here, because jose signs no claims of a wrong type. */
  const forged = (claims: object) => {
    const head = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
    return `${head}.${createHmac('sha256', testSecret).update(head).digest('base64url')}`;
  };
});

describe('identity by key set', () => {
  async function keySet(status = 200) {
    const keys = await Promise.all(
      (['RS256', 'ES256', 'EdDSA'] as const).map(async alg => ({
        alg,
        ...(await generateKeyPair(alg, { extractable: true })),
      })),
    );
    const jwks = await Promise.all(
      keys.map(async ({ alg, publicKey }) => ({ ...(await exportJWK(publicKey)), alg, kid: alg })),
    );
    const url = await startServer(
      createServer((_request, response) =>
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ keys: jwks })),
      ),
    );
    return {
      keys,
      identify: openIdentity(keySetSettings(url), 'cus'),
    };
  }

  test('RS256, ES256 and EdDSA tokens of its keys are valid', async () => {
    const { keys, identify } = await keySet();
    for (const { alg, privateKey } of keys) {
      const jwt = await new SignJWT(staffClaims).setProtectedHeader({ alg, kid: alg }).sign(privateKey);
      expect(await identify(`Bearer ${jwt}`)).toMatchObject({ actor: { subject: 'anna' } });
    }
  });

  test('a public key is no HMAC secret; an unknown key and a key inside the token are not accepted', async () => {
    const { keys, identify } = await keySet();
    const pem = new TextEncoder().encode(await exportSPKI(keys[0]!.publicKey));
    const own = await generateKeyPair('RS256', { extractable: true });
    const jwk = await exportJWK(own.publicKey);
    const bad = [
      await new SignJWT(staffClaims).setProtectedHeader({ alg: 'HS256', kid: 'RS256' }).sign(pem),
      await new SignJWT(staffClaims).setProtectedHeader({ alg: 'RS256', kid: 'unknown' }).sign(own.privateKey),
      await new SignJWT(staffClaims).setProtectedHeader({ alg: 'RS256', kid: 'RS256' }).sign(own.privateKey),
      await new SignJWT(staffClaims).setProtectedHeader({ alg: 'RS256', jwk }).sign(own.privateKey),
      await new SignJWT(staffClaims).setProtectedHeader({ alg: 'PS256', kid: 'RS256' }).sign(await rsaPss()),
    ];
    for (const jwt of bad) expect(await codeOf(identify(`Bearer ${jwt}`))).toEqual(unauthenticated);
  });

  test('if keys cannot be fetched, the token is not blamed', async () => {
    const { keys, identify } = await keySet(500);
    const jwt = await new SignJWT(staffClaims)
      .setProtectedHeader({ alg: 'RS256', kid: 'RS256' })
      .sign(keys[0]!.privateKey);
    expect(await codeOf(identify(`Bearer ${jwt}`))).toMatchObject([expect.any(String), { code: 'UNAVAILABLE' }]);
    const nowhere = openIdentity(keySetSettings('http://127.0.0.1:9/'), 'cus');
    expect(await codeOf(nowhere(`Bearer ${jwt}`))).toMatchObject([expect.any(String), { code: 'UNAVAILABLE' }]);
  });

  const rsaPss = async () => (await generateKeyPair('PS256', { extractable: true })).privateKey;
});
