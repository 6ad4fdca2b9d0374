import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../support/app.ts';
import { startMigratedPostgres } from '../../support/migrated-postgres.ts';
import { servingRole } from '../../support/serving-role.ts';

const html = { accept: 'text/html,application/xhtml+xml' };
const development = { AUTH_JWT_SECRET: undefined };
let dataDir: string;
let app: TestApp;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'orderstream-console-'));
  app = await startApp({ DATA_DIR: dataDir, ...development });
});
afterAll(async () => {
  await app.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = html) => fetch(app.url + path, { headers });

/** With a path and a host that fetch() would correct. */
async function rawGet(path: string, headers: Record<string, string>) {
  const { port } = new URL(app.url);
  const sent = request({ host: '127.0.0.1', port, path, headers }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks = (await response.toArray()) as Buffer[];
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

async function assetPaths(): Promise<string[]> {
  return [...(await (await get('/')).text()).matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
}

describe('the page', () => {
  test.each(['/', '/orders/K7Q2-9XF4', '/new', '/?q=tea', '/orders/a%20b'])('is at %s, for browsers', async path => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toContain('<div id="root">');
  });

  test.each(['/orders', '/orders/a/b', '/nowhere'])('says at %s that there is no such page', async path => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('<div id="root">');
  });

  test('is not sent to programs: they get the same line of text as without it', async () => {
    for (const accept of ['*/*', 'application/json', 'text/plain']) {
      const response = await get('/', { accept });
      expect([response.status, await response.text()]).toEqual([404, 'GraphQL is at /graphql\n']);
    }
    expect((await fetch(app.url, { method: 'POST', headers: html })).status).toBe(404);
  });

  test('may run only its own scripts and styles, connect only to its server, and be in no frame', async () => {
    const { headers } = await get('/');
    const policy = headers.get('content-security-policy') ?? '';
    const directives = new Map(policy.split('; ').map(one => [one.split(' ')[0], one.split(' ').slice(1).join(' ')]));
    expect(Object.fromEntries(directives)).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'connect-src': "'self'",
      'img-src': "'self' data:",
      'font-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  });

  test('has no token and no script of its own text', async () => {
    const text = await (await get('/')).text();
    expect(text).not.toMatch(/eyJ|<style|style=| on[a-z]+=/);
    expect([...text.matchAll(/<script(?![^>]*src=)/g)]).toEqual([]);
  });

  test('is asked for again with each load, and not sent again if it is the same', async () => {
    const first = await get('/');
    const tag = first.headers.get('etag')!;
    expect(first.headers.get('cache-control')).toBe('no-cache');
    const again = await get('/', { ...html, 'if-none-match': tag });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  test('answers HEAD with the headers of GET and no body', async () => {
    const head = await fetch(app.url, { method: 'HEAD', headers: html });
    const page = await get('/');
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    for (const name of ['content-type', 'content-length', 'etag', 'content-security-policy']) {
      expect(head.headers.get(name)).toBe(page.headers.get(name));
    }
  });

  test('is not served under the name of another host: a page there could act with a development token', async () => {
    const answer = await rawGet('/', { ...html, host: 'evil.example' });
    expect(answer.status).toBe(421);
    expect(answer.body.toString()).not.toContain('<div');
  });
});

describe('an asset', () => {
  test('is cached for ever, and is compressed by the build', async () => {
    const paths = await assetPaths();
    expect(paths.some(path => path.endsWith('.js'))).toBe(true);
    for (const path of paths) {
      const plain = await rawGet(path, { 'accept-encoding': 'identity' });
      expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(plain.headers['x-content-type-options']).toBe('nosniff');
      const brotli = await rawGet(path, { 'accept-encoding': 'gzip, deflate, br' });
      expect(brotli.headers['content-encoding']).toBe('br');
      expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true);
      const gzip = await rawGet(path, { 'accept-encoding': 'gzip, br;q=0' });
      expect(gzip.headers['content-encoding']).toBe('gzip');
      expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
      const same = await rawGet(path, { 'accept-encoding': 'br', 'if-none-match': brotli.headers.etag! });
      expect([same.status, same.body.length]).toEqual([304, 0]);
    }
  });

  test.each([
    '/assets/../server.json',
    '/assets/..%2fserver.json',
    '/assets/%2e%2e/server.json',
    '/assets/....//server.json',
    '/../package.json',
    '/server.json',
    '/assets/',
    '/assets/none.js',
    '//assets/none.js',
  ])('is only what the build wrote there: %s is no file', async path => {
    const answer = await rawGet(path, {});
    expect(answer.status).toBe(404);
    expect(answer.body.toString()).toBe('GraphQL is at /graphql\n');
  });
});

test('GraphQL, GraphiQL and the probes stay where they are', async () => {
  expect(await (await get('/graphql')).text()).toContain('<noscript>GraphiQL');
  expect((await get('/healthz')).status).toBe(200);
  expect((await get('/readyz')).status).toBe(200);
  const answer = await get('/graphql?query={__typename}', { accept: 'application/json' });
  expect(await answer.json()).toEqual({ data: { __typename: 'Query' } });
});

describe('in production', () => {
  async function production(env: Record<string, string>) {
    const server = await startMigratedPostgres();
    const serving = await servingRole(server.url);
    const started = await startApp({
      NODE_ENV: 'production',
      DATABASE_URL: serving.url,
      AUTH_ISSUER: 'https://login.example.com',
      AUTH_AUDIENCE: 'orderstream',
      ...env,
    });
    return {
      url: started.url,
      end: async () => {
        await started.stop();
        await server.remove();
      },
    };
  }

  test('the console is off, unless CONSOLE=on', async () => {
    const { url, end } = await production({});
    const response = await fetch(url, { headers: html });
    expect([response.status, await response.text()]).toEqual([404, 'GraphQL is at /graphql\n']);
    await end();
  });

  test('with CONSOLE=on the page asks for a token, signs none, and its documents are trusted', async () => {
    const { url, end } = await production({ CONSOLE: 'on', TRUSTED_DOCUMENTS_ONLY: 'on' });
    const text = await (await fetch(url, { headers: html })).text();
    expect(text).toContain('name="orderstream-sign-in" content="token"');
    const counts = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'query Anything { viewer { role } }' }),
    });
    expect(await counts.json()).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    await end();
  });
});
