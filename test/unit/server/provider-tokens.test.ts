// Access tokens in the shapes that Auth0, Keycloak, Amazon Cognito and Microsoft Entra ID give them, with the settings of
// docs/operating/identity.md. Only the signature is ours.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { GraphQLError } from 'graphql';
import { describe, expect, test } from 'vitest';
import { parseId } from '../../../src/ids.ts';
import { openIdentity } from '../../../src/server/authentication/identity.ts';
import { authSettings } from '../../support/auth-settings.ts';
import { startServer } from './mini-server.ts';

const text = readFileSync('docs/operating/identity.md', 'utf8');

/** The settings that the docs have under the provider's title. */
function documented(provider: string): Record<string, string> {
  const section = text.split(/^### /m).find(part => part.startsWith(`${provider}\n`)) ?? '';
  const block = /```sh\n([^`]*)```/.exec(section)?.[1] ?? '';
  return Object.fromEntries(
    block
      .split('\n')
      .flatMap(line => [/^([A-Z_]+)='?([^']*)'?$/.exec(line)?.slice(1) ?? []])
      .filter(({ length }) => length > 0) as [string, string][],
  );
}

const now = Math.floor(Date.now() / 1000);
const times = { iat: now, exp: now + 3600 };

interface Provider {
  readonly name: string;
  /** The path of the issuer behind its host. */
  readonly path: string;
  /** Whether its keys name their algorithm, as the real ones do. */
  readonly alg: string | undefined;
  readonly header: object;
  /** Claims of a person who works in the shop, of an operator, and of a customer. */
  readonly staff: JWTPayload;
  readonly operator: JWTPayload;
  readonly customer: JWTPayload;
  readonly subjects: readonly [staff: string, operator: string, customer: string];
  /** A valid token of the same issuer that is not for this server. */
  readonly foreign: JWTPayload;
}

const auth0: JWTPayload = {
  sub: 'auth0|64b7c1f2a9e5d3b8c0f41a27',
  aud: ['https://api.shop.example.com', 'https://shop.eu.auth0.com/userinfo'],
  azp: 'kTqR2vX8mZ4nB7cJ1sW9yL3pF6dH0gAe',
  scope: 'openid profile email',
  ...times,
};
const keycloak: JWTPayload = {
  jti: 'onrtac:5e1a9a3c-7d1d-4c2f-9c57-0f3f6a1b2c3d',
  aud: ['shop-api', 'account'],
  sub: '8f14e45f-ceea-467f-a0e6-9b2d5a1c3e77',
  typ: 'Bearer',
  azp: 'shop-web',
  sid: '0b7c2d9e-1f4a-4b6c-8d3e-2a5f7c9b1e04',
  acr: '1',
  'allowed-origins': ['https://shop.example.com'],
  realm_access: { roles: ['offline_access', 'default-roles-shop', 'uma_authorization'] },
  resource_access: { account: { roles: ['manage-account', 'view-profile'] } },
  scope: 'openid email profile',
  email_verified: true,
  name: 'Sam Staff',
  preferred_username: 'sam',
  email: 'sam@example.com',
  ...times,
};
const cognito: JWTPayload = {
  sub: 'f3b4c8d2-30a1-70e5-9d6b-5f0e2a7c4b19',
  client_id: '5k2v8m1q7t4n9c3x6z0b2h5j8l',
  origin_jti: '2d9c4e7f-8a1b-4c3d-9e5f-6a7b8c9d0e1f',
  event_id: '7c1e9a3b-5d2f-4e6a-8b0c-1d3f5a7c9e2b',
  token_use: 'access',
  scope: 'aws.cognito.signin.user.admin openid',
  auth_time: now,
  jti: '4a6c8e0f-2b1d-4f3e-9a5c-7b9d1f3e5a7c',
  username: 'f3b4c8d2-30a1-70e5-9d6b-5f0e2a7c4b19',
  ...times,
};
const entra: JWTPayload = {
  aud: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
  nbf: now,
  aio: 'AXQAi/8IAAAAh1x2',
  azp: '444d7f2c-1a5b-4e3c-8d6f-9b0a1c2d3e4f',
  azpacr: '0',
  name: 'Sam Staff',
  oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
  preferred_username: 'sam@shop.example.com',
  rh: 'I',
  scp: 'access_as_user',
  sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
  tid: '72f988bf-86f1-41af-91ab-2d7cd011db47',
  uti: 'fqiBqXLPj0eQa82S-IYFAA',
  ver: '2.0',
  ...times,
};

const providers: readonly Provider[] = [
  {
    name: 'Auth0',
    path: '/',
    alg: 'RS256',
    header: { typ: 'JWT' },
    staff: { ...auth0, 'https://shop.example.com/roles': ['shop-staff'] },
    operator: { ...auth0, 'https://shop.example.com/roles': ['shop-staff', 'shop-admins'] },
    customer: {
      ...auth0,
      'https://shop.example.com/roles': [],
      'https://shop.example.com/customer_id': 'cus_3c0d5f1e-7a2b-5c4d-9e6f-8a1b2c3d4e5f',
    },
    subjects: [
      'auth0|64b7c1f2a9e5d3b8c0f41a27',
      'auth0|64b7c1f2a9e5d3b8c0f41a27',
      'cus_3c0d5f1e-7a2b-5c4d-9e6f-8a1b2c3d4e5f',
    ],
    foreign: { ...auth0, 'https://shop.example.com/roles': ['shop-admins'], aud: 'https://other.example.com' },
  },
  {
    name: 'Keycloak',
    path: '/realms/shop',
    alg: 'RS256',
    header: { typ: 'JWT' },
    staff: { ...keycloak, realm_access: { roles: ['offline_access', 'shop-staff'] } },
    operator: { ...keycloak, realm_access: { roles: ['shop-admins', 'default-roles-shop'] } },
    customer: keycloak,
    subjects: ['sam', 'sam', 'cus_8f14e45f-ceea-467f-a0e6-9b2d5a1c3e77'],
    foreign: { ...keycloak, aud: 'account' },
  },
  {
    name: 'Amazon Cognito',
    path: '/eu-central-1_AbCdEf123',
    alg: 'RS256',
    header: {},
    staff: { ...cognito, 'cognito:groups': ['shop-staff'] },
    operator: { ...cognito, 'cognito:groups': ['shop-admins', 'shop-staff'] },
    customer: cognito,
    subjects: [
      'f3b4c8d2-30a1-70e5-9d6b-5f0e2a7c4b19',
      'f3b4c8d2-30a1-70e5-9d6b-5f0e2a7c4b19',
      'cus_f3b4c8d2-30a1-70e5-9d6b-5f0e2a7c4b19',
    ],
    // An id token: it is for the front end, and its `aud` is the client.
    foreign: { ...cognito, token_use: 'id', aud: '5k2v8m1q7t4n9c3x6z0b2h5j8l', client_id: undefined },
  },
  {
    name: 'Microsoft Entra ID',
    path: '/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0',
    alg: undefined,
    header: { typ: 'JWT' },
    staff: { ...entra, roles: ['Shop.Staff'] },
    operator: { ...entra, roles: ['Shop.Admin'] },
    customer: entra,
    subjects: ['sam@shop.example.com', 'sam@shop.example.com', 'cus_690222be-ff1a-4d56-abd1-7e4f7d38e474'],
    foreign: { ...entra, aud: '00000003-0000-0000-c000-000000000000', roles: ['Shop.Admin'] },
  },
];

describe.each(providers)('$name', provider => {
  async function issuer() {
    const kid = 'current';
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig', ...(provider.alg && { alg: provider.alg }) };
    const host = await startServer(
      createServer((request, response) => {
        const discovery = `${provider.path.replace(/\/$/, '')}/.well-known/openid-configuration`;
        if (request.url === discovery) response.end(JSON.stringify({ issuer: url, jwks_uri: `${host}/keys` }));
        else if (request.url === '/keys') response.end(JSON.stringify({ keys: [jwk] }));
        else response.writeHead(404).end();
      }),
    );
    const url = `${host.replace(/\/$/, '')}${provider.path}`;
    const auth = authSettings({ ...documented(provider.name), AUTH_JWT_SECRET: undefined, AUTH_ISSUER: url });
    const identify = openIdentity(auth, 'cus', true);
    return async (claims: JWTPayload) => {
      const token = new SignJWT({ ...claims, iss: url }).setProtectedHeader({ alg: 'RS256', kid, ...provider.header });
      return identify(`Bearer ${await token.sign(privateKey)}`);
    };
  }

  test('tokens fit as they are, with the settings of the docs: the role comes from a group, and a customer has an id', async () => {
    const identify = await issuer();
    const [staff, operator, customer] = provider.subjects;
    expect((await identify(provider.staff))?.actor).toEqual({ role: 'staff', subject: staff });
    expect((await identify(provider.operator))?.actor).toEqual({ role: 'operator', subject: operator });
    expect((await identify(provider.customer))?.actor).toEqual({ role: 'customer', subject: customer });
  });

  test('a token of the same issuer for another server is rejected', async () => {
    const identify = await issuer();
    const error = await identify(provider.foreign).then(
      () => undefined,
      (error: unknown) => error as GraphQLError,
    );
    expect(error?.extensions['code']).toBe('UNAUTHENTICATED');
    expect(error?.message).toMatch(/audience|has no `client_id`/);
  });

  test('the settings are those of the docs, with the issuer as a URL', () => {
    expect(documented(provider.name)['AUTH_ISSUER']).toMatch(/^https:\/\//);
    expect(documented(provider.name)['AUTH_ISSUER']?.endsWith('/')).toBe(provider.path === '/');
  });
});

test('a token is decoded by the command of the docs', () => {
  const [, script = ''] = /^node -p "(.+)" "\$TOKEN"$/m.exec(text) ?? [];
  const token = `x.${Buffer.from('{"sub":"ä?>"}').toString('base64url')}.x`;
  expect(execFileSync(process.execPath, ['-p', script, token], { encoding: 'utf8' })).toBe('{"sub":"ä?>"}\n');
});

test('the Action of the docs gives a user of Auth0 the groups, and always the same id of a customer', async () => {
  const [, code = ''] = /```js\n([^`]*(?:`[^`]+`[^`]*)*)```/.exec(text) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'orderstream-action-'));
  const file = join(folder, 'action.cjs');
  await writeFile(file, code);
  const action = createRequire(import.meta.url)(file) as {
    onExecutePostLogin(event: object, api: object): Promise<void>;
  };
  await rm(folder, { recursive: true });
  const claimsFor = async (userId: string) => {
    const claims: Record<string, unknown> = {};
    const setCustomClaim = (name: string, value: unknown) => (claims[name] = value);
    const event = { user: { user_id: userId }, authorization: { roles: ['shop-staff'] } };
    await action.onExecutePostLogin(event, { accessToken: { setCustomClaim } });
    return claims;
  };
  const claims = await claimsFor('auth0|64b7c1f2a9e5d3b8c0f41a27');
  expect(claims).toEqual({
    'https://shop.example.com/roles': ['shop-staff'],
    'https://shop.example.com/customer_id': expect.any(String),
  });
  expect(parseId('cus', claims['https://shop.example.com/customer_id'] as string)).toBeDefined();
  expect(await claimsFor('auth0|64b7c1f2a9e5d3b8c0f41a27')).toEqual(claims);
  expect(await claimsFor('auth0|another')).not.toEqual(claims);
});
