import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { beforeEach, expect, test } from 'vitest';
import { openGraphiQL } from '../../../src/development/graphiql.ts';
import { logger, startServer } from '../server/mini-server.ts';

interface Got {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const evil = '</script><script>alert(1)</script>';

let url: string;
/** Number of requested pages, and the query string of the last one. */
let loads: { times: number; query: string };

beforeEach(async () => {
  loads = { times: 0, query: '' };
  const graphiql = openGraphiQL({
    logger,
    pageOf: query => {
      loads = { times: loads.times + 1, query: query.toString() };
      return Promise.resolve({
        title: 'Mini',
        heading: 'Mini',
        tabs: [
          {
            query: `# load ${loads.times} ${evil}`,
            variables: { id: evil },
            headers: { Authorization: 'Bearer other' },
          },
        ],
        headers: { Authorization: 'Bearer token' },
        fresh: [],
      });
    },
  });
  url = await startServer(
    createServer((asked, response) => {
      if (!graphiql(asked, response)) response.end('not mine');
    }),
  );
});

/** The response as it is sent, still compressed, unlike that of fetch. */
function get(path: string, headers: Readonly<Record<string, string>> = browser, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, { method, headers }, response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asked.on('error', reject).end();
  });
}

/** Paths of the page's files. */
async function assetPaths(): Promise<string[]> {
  const { body } = await get('/graphql');
  return [...new Set(body.toString('utf8').match(/\/graphql\/page\/[^"]+/g))];
}

test('a browser gets the page, generated anew for each load', async () => {
  const { status, headers, body } = await get('/graphql?watch=it');
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(body.toString('utf8')).toContain('# load 1');
  expect(loads).toEqual({ times: 1, query: 'watch=it' });
  expect((await get('/graphql')).body.toString('utf8')).toContain('# load 2');
});

test.each([
  ['a GET that accepts JSON', '/graphql', { accept: 'application/json' }, 'GET'],
  ['a GET that accepts anything', '/graphql', { accept: '*/*' }, 'GET'],
  ['a stream of events', '/graphql', { accept: 'text/event-stream' }, 'GET'],
  ['a POST, also from a browser', '/graphql', browser, 'POST'],
  ['another path', '/healthz', browser, 'GET'],
  ['a path that only begins with it', '/graphqlx', browser, 'GET'],
])('%s is passed to the next handler', async (_what, path, headers, method) => {
  expect((await get(path, headers, method)).body.toString('utf8')).toBe('not mine');
});

test('no text in a tab can break out of its place in the page', async () => {
  const text = (await get('/graphql')).body.toString('utf8');
  expect(text).not.toContain('<script>alert');
  const [, given = ''] = /<script type="application\/json" id="page">(.*?)<\/script>/s.exec(text) ?? [];
  expect(JSON.parse(given)).toMatchObject({
    headers: JSON.stringify({ Authorization: 'Bearer token' }, null, 2),
    tabs: [
      {
        query: `# load 1 ${evil}`,
        variables: JSON.stringify({ id: evil }, null, 2),
        headers: JSON.stringify({ Authorization: 'Bearer other' }, null, 2),
      },
    ],
  });
});

test('the page may load from and connect to this server alone, and no other page may embed it', async () => {
  const { headers } = await get('/graphql');
  const policy = String(headers['content-security-policy']).split('; ');
  expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'", "connect-src 'self'"]));
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy.join(' ')).not.toMatch(/https?:|\*/);
});

test('its files are compressed as the browser accepts, with the same content', async () => {
  const paths = await assetPaths();
  expect(paths).toHaveLength(6);
  let [plain, sent] = [0, 0];
  for (const path of paths) {
    const [identity, gzip, brotli] = await Promise.all([
      get(path, {}),
      get(path, { 'accept-encoding': 'gzip, deflate' }),
      get(path, { 'accept-encoding': 'gzip, deflate, br, zstd' }),
    ]);
    expect(identity.headers['content-encoding']).toBeUndefined();
    expect(gzip.headers['content-encoding']).toBe('gzip');
    expect(brotli.headers['content-encoding']).toBe('br');
    expect(gunzipSync(gzip.body).equals(identity.body)).toBe(true);
    expect(brotliDecompressSync(brotli.body).equals(identity.body)).toBe(true);
    for (const { status, headers, body } of [identity, gzip, brotli]) {
      expect(status).toBe(200);
      expect(headers['content-length']).toBe(`${body.length}`);
      expect(headers['content-type']).toMatch(/^text\/(javascript|css); charset=utf-8$/);
      expect(headers.vary).toContain('Accept-Encoding');
    }
    plain += identity.body.length;
    sent += brotli.body.length;
  }
  expect(plain).toBeGreaterThan(8_000_000);
  expect(sent).toBeLessThan(2_500_000);
});

test('an encoding that the browser rejects is not sent', async () => {
  const [path = ''] = await assetPaths();
  const { headers } = await get(path, { 'accept-encoding': 'br;q=0, gzip;q=0.5' });
  expect(headers['content-encoding']).toBe('gzip');
});

test('a browser caches its files for ever, and a conditional request gets 304', async () => {
  const [path = ''] = await assetPaths();
  const gzip = { 'accept-encoding': 'gzip' };
  const first = await get(path, gzip);
  expect(first.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  const tag = String(first.headers.etag);
  expect(await get(path, { ...gzip, 'if-none-match': tag })).toMatchObject({ status: 304, body: Buffer.alloc(0) });
  // A cached file in one encoding does not match another encoding.
  expect((await get(path, { 'accept-encoding': 'br', 'if-none-match': tag })).status).toBe(200);
});

test('a file of another version is not found', async () => {
  const [path = ''] = await assetPaths();
  expect((await get(path.replace(/page\/./, 'page/_'))).status).toBe(404);
  expect((await get('/graphql/page/')).status).toBe(404);
});
