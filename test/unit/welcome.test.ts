import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { openIdentity } from '../../src/graphql/identity.ts';
import { sampleCustomerId } from '../../src/seed.ts';
import { welcome } from '../../src/welcome.ts';
import { testSecret } from '../support/tokens.ts';

const url = 'http://127.0.0.1:4000';

test.each([
  ['nothing', {}],
  ['an issuer and an audience', { AUTH_ISSUER: 'https://login.example.com', AUTH_AUDIENCE: 'orders' }],
])('with %s configured, the printed tokens let staff and the first customer in for 30 days', async (_what, env) => {
  const config = loadConfig(env);
  const text = await welcome(config, url);
  const identify = openIdentity(config.auth);
  const identities = ['staff', 'customer'].map(async role => {
    const [, token = ''] = new RegExp(`^ +${role} +(\\S+)$`, 'm').exec(text ?? '') ?? [];
    return identify(`Bearer ${token}`);
  });
  const days = 24 * 3_600;
  const now = Date.now() / 1_000;
  expect(await Promise.all(identities)).toEqual([
    { actor: { role: 'staff', subject: 'staff' }, expiresAt: expect.closeTo(now + 30 * days, -2) },
    { actor: { role: 'customer', subject: sampleCustomerId }, expiresAt: expect.closeTo(now + 30 * days, -2) },
  ]);
});

test('where a key is configured, no token is given away', async () => {
  expect(await welcome(loadConfig({ AUTH_JWT_SECRET: testSecret }), url)).toBeUndefined();
  expect(await welcome(loadConfig({ AUTH_JWKS_URL: 'https://login.example.com/keys' }), url)).toBeUndefined();
});

test('on a database of the user’s own, which may hold nothing to order, no line is offered to paste', async () => {
  const text = await welcome(loadConfig({ DATABASE_URL: 'postgresql://localhost/orders' }), url);
  expect(text).toContain(`${url}/graphql`);
  expect(text).not.toMatch(/^(?:curl|node) /m);
});

test('where nothing but trusted documents is served, neither GraphiQL nor a line that would be refused is offered', async () => {
  const text = await welcome(loadConfig({ TRUSTED_DOCUMENTS: 'a.json', TRUSTED_DOCUMENTS_ONLY: 'on' }), url);
  expect(text).toMatch(/^ +staff +\S+$/m);
  expect(text).not.toMatch(/GraphiQL|^(?:curl|node) /m);
});
