import { expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../../src/config.ts';

const secret = 'k'.repeat(32);

test.each([
  ['no role', 'shop-admins', 'must map values to roles'],
  ['an empty role', 'shop-admins=', 'must map values to roles'],
  ['a role that does not exist', 'shop-admins=admin', 'must map values to roles'],
  ['an empty value', '=staff', 'must map values to roles'],
  ['one good pair and one without a role', 'shop-admins=operator,shop-staff', 'must map values to roles'],
  ['a value of white space', 'shop-admins=operator, =staff', 'must map values to roles'],
  ['a comma at its end', 'shop-admins=operator,', 'must map values to roles'],
  ['two equals signs', 'shop=admins=operator', 'must map values to roles'],
  ['a value with two roles', 'shop=operator,shop=staff', 'names a value twice'],
  ['staff for everybody', '*=staff', 'must not give * more than customer'],
])('a map of roles with %s is refused', (_what, map, problem) => {
  const load = () => loadConfig({ AUTH_JWT_SECRET: secret, AUTH_ROLE_MAP: map });
  expect(load).toThrow(ConfigError);
  expect(load).toThrow(new RegExp(`^AUTH_ROLE_MAP: ${problem.replaceAll('*', '\\*')}[^\n]*$`));
});

test.each(['orders,', 'orders,,reports', ', orders'])('an empty audience is refused: %s', AUTH_AUDIENCE => {
  expect(() => loadConfig({ AUTH_JWT_SECRET: secret, AUTH_AUDIENCE })).toThrow(
    /^AUTH_AUDIENCE: must be audiences[^\n]*$/,
  );
});

test('claims of the development key cannot be changed, because the commands sign such tokens', () => {
  expect(() => loadConfig({ AUTH_ROLE_CLAIM: 'roles' })).toThrow(
    /^AUTH_ROLE_CLAIM: set AUTH_JWT_SECRET, AUTH_JWKS_URL or AUTH_ISSUER too: [^\n]+$/,
  );
});

test('an issuer that is a URL says where its keys are, unless they are given', () => {
  const AUTH_ISSUER = 'https://login.example.com/';
  const keyOf = (env: object) => loadConfig({ AUTH_ISSUER, ...env }).auth.key;
  expect(keyOf({})).toEqual({ type: 'issuer', url: AUTH_ISSUER });
  expect(keyOf({ AUTH_JWKS_URL: 'https://keys.example.com' })).toMatchObject({ type: 'jwks' });
  expect(keyOf({ AUTH_JWT_SECRET: secret })).toMatchObject({ type: 'secret' });
  expect(keyOf({ AUTH_ISSUER: 'the shop' })).toMatchObject({ type: 'development' });
});

test('secrets are one a line; the first signs the tokens of the commands', () => {
  const AUTH_JWT_SECRET = `${secret}\r\n  ${'o'.repeat(32)} \n`;
  expect(loadConfig({ AUTH_JWT_SECRET }).auth.key).toEqual({ type: 'secret', secrets: [secret, 'o'.repeat(32)] });
  expect(() => loadConfig({ AUTH_JWT_SECRET: `${secret}\nshort` })).toThrow(/^AUTH_JWT_SECRET: must have 32 bytes/);
});
