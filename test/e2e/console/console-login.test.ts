// One signs in to the console at the issuer: a real OpenID provider, the browser, and a server that knows it by discovery.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Provider from 'oidc-provider';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../support/app.ts';
import { launchChromium } from '../../support/chromium.ts';

const audience = 'urn:orders';
/** So short that the page renews its token within the test. */
const tokenSeconds = 8;

let provider: Server;
let app: TestApp;
let browser: Browser;
let dataDir: string;
/** Refresh tokens that the issuer has taken. */
let renewals = 0;

beforeAll(async () => {
  provider = createServer().listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const oidc = new Provider(issuer, {
    clients: [
      {
        client_id: 'console',
        token_endpoint_auth_method: 'none',
        application_type: 'native', // plain HTTP on this machine, at any port
        redirect_uris: ['http://127.0.0.1/signed-in'],
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    clientBasedCORS: () => true,
    cookies: { keys: ['a key of this test'] },
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: tokenSeconds,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    extraTokenClaims: (_context, token) => ({ role: 'accountId' in token ? roleOf(token.accountId) : undefined }),
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    issueRefreshToken: () => true,
    ttl: { RefreshToken: 3_600, IdToken: 60, Grant: 3_600, Session: 3_600, Interaction: 600 },
  });
  oidc.on('grant.success', context => {
    if (context.oidc.params?.['grant_type'] === 'refresh_token') renewals++;
  });
  const answer = oidc.callback();
  provider.on('request', (request, response) => void answer(request, response));
  dataDir = await mkdtemp(join(tmpdir(), 'orderstream-login-'));
  app = await startApp({
    DATA_DIR: dataDir,
    AUTH_JWT_SECRET: undefined,
    AUTH_JWKS_URL: `${issuer}/jwks`,
    AUTH_ISSUER: issuer,
    AUTH_AUDIENCE: audience,
    CONSOLE_OIDC_CLIENT_ID: 'console',
  });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await app.stop();
  provider.closeAllConnections();
  provider.close();
  await rm(dataDir, { recursive: true, force: true });
});

const roleOf = (account: unknown) => (account === 'olga' ? 'operator' : undefined);

async function open(path: string): Promise<{ page: Page; complaints: string[] }> {
  const page = await (await browser.newContext()).newPage();
  const complaints: string[] = [];
  await page.addInitScript(`addEventListener('securitypolicyviolation', event =>
    console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))`);
  page.on('console', message => {
    if (message.text().startsWith('policy: ')) complaints.push(message.text());
  });
  page.on('pageerror', error => complaints.push(String(error)));
  page.on('request', request => {
    if (/eyJ/.test(request.url())) complaints.push(`a token in ${request.url()}`);
  });
  await page.goto(app.url + path);
  return { page, complaints };
}

/** Fills in the issuer's own forms. */
async function signIn(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Sign in at 127.0.0.1' }).click();
  await page.locator('input[name=login]').fill(name);
  await page.locator('input[name=password]').fill('any');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

test('one signs in at the issuer, comes back to the same page with one’s role, and stays signed in as tokens expire', async () => {
  const { page, complaints } = await open('/views?parked=1');
  await signIn(page, 'olga');
  await page.getByRole('heading', { name: 'Read models', level: 1 }).waitFor();
  expect(page.url()).toBe(`${app.url}/views?parked=1`);
  // Only operators have it.
  await page
    .getByRole('button', { name: /^Rebuild/ })
    .first()
    .waitFor();

  const before = renewals;
  await expect.poll(() => renewals - before, { timeout: 60_000 }).toBeGreaterThanOrEqual(2);
  expect(await page.getByRole('dialog').count()).toBe(0);
  await page.getByText('Live', { exact: true }).first().waitFor();

  await page.reload();
  await page
    .getByRole('button', { name: /^Rebuild/ })
    .first()
    .waitFor();
  expect(await page.evaluate<number>('localStorage.length')).toBe(0);
  expect(complaints).toEqual([]);
});

test('a person without a role here reads that the server rejects the token', async () => {
  const { page } = await open('/');
  await signIn(page, 'nobody');
  await page.getByRole('alert').filter({ hasText: 'rejects' }).waitFor();
  await page.getByRole('button', { name: 'Sign in at 127.0.0.1' }).waitFor();
});

test('a person who refuses at the issuer comes back and reads why', async () => {
  const { page } = await open('/');
  await page.getByRole('button', { name: 'Sign in at 127.0.0.1' }).click();
  await page.getByRole('link', { name: /Cancel/ }).click();
  await page.getByRole('alert').filter({ hasText: 'Your login refused' }).waitFor();
  expect(new URL(page.url()).search).toBe('');
});

test('an answer that this tab did not ask for changes no sign-in', async () => {
  const { page } = await open('/signed-in?code=stolen&state=guessed');
  await page.getByRole('button', { name: 'Sign in at 127.0.0.1' }).waitFor();
  expect(await page.evaluate<number>('sessionStorage.length')).toBe(0);
  await page.goto(app.url);
  await signIn(page, 'olga');
  await page.getByRole('heading', { name: 'Orders', level: 1 }).waitFor();
  await page.goto(`${app.url}/signed-in?code=stolen&state=guessed`);
  await page.getByRole('link', { name: 'Go to the board' }).click();
  await page.getByRole('heading', { name: 'Orders', level: 1 }).waitFor();
});
