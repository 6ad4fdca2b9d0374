import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Config, developmentSecret } from '../../../src/config.ts';
import { openGraphiQL } from '../../../src/development/graphiql.ts';
import { allowedHosts } from '../../../src/server/http/allowed-hosts.ts';
import { staffToken } from '../../support/tokens.ts';
import { touches } from '../graphql/mini-schema.ts';
import { auth, startMiniServer } from './mini-server.ts';

const development: Config['auth'] = { ...auth, key: { type: 'development', secret: developmentSecret } };
const token = await staffToken({ secret: developmentSecret });
const mutation = JSON.stringify({ query: 'mutation { touch(what: "it") }' });

const ours = [
  'localhost',
  'localhost:4000',
  'LOCALHOST:1',
  'shop.localhost:4000',
  '127.0.0.1:4000',
  '127.1.2.3',
  '[::1]:4000',
];
const foreign = [
  'evil.example',
  'evil.example:4000',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'evillocalhost',
  '192.168.1.2',
  '0.0.0.0:4000',
  '[::2]',
];

const graphiql = openGraphiQL({
  logger: pino({ level: 'silent' }),
  pageOf: () =>
    Promise.resolve({ title: 'the page', heading: '', tabs: [], headers: { authorization: token }, fresh: [] }),
});

/** The responses of every way in to a request with that Host header. */
async function answersTo(url: string, host: string) {
  const ask = (method: string, path: string, headers: Record<string, string>, body = '') =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const asked = request(`${url}${path}`, { method, headers: { host, ...headers } }, answer => {
        let text = '';
        answer
          .on('data', chunk => (text += String(chunk)))
          .on('end', () => resolve({ status: answer.statusCode, text }));
      });
      asked.on('error', reject).end(body);
    });
  touches.length = 0;
  const authorization = `Bearer ${token}`;
  const json = { 'content-type': 'application/json', authorization };
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers: { host } });
  socket.on('error', () => undefined);
  const upgraded = await Promise.race([
    once(socket, 'open').then(() => 101),
    once(socket, 'unexpected-response').then(([, answer]) => (answer as IncomingMessage).statusCode),
  ]);
  socket.terminate();
  return {
    page: await ask('GET', '/graphql', { accept: 'text/html' }),
    post: await ask('POST', '/graphql', json, mutation),
    get: await ask('GET', '/graphql?query={who}', { authorization }),
    probe: await ask('GET', '/healthz', {}),
    upgraded,
    touched: touches.length,
  };
}

test.each(ours)('with the development key, requests to %s are served in every way', async host => {
  const { url } = await startMiniServer({ production: false, auth: development }, undefined, graphiql);
  const { page, post, get, probe, upgraded, touched } = await answersTo(url, host);
  expect([page.status, post.status, get.status, probe.status, upgraded]).toEqual([200, 200, 200, 200, 101]);
  expect(page.text).toContain('the page');
  expect(touched).toBe(1);
});

test.each(foreign)(
  'with the development key, a page whose name %s resolves to this machine gets no token, executes nothing and reads nothing',
  async host => {
    const { url } = await startMiniServer({ production: false, auth: development }, undefined, graphiql);
    const { page, post, get, probe, upgraded, touched } = await answersTo(url, host);
    for (const { status, text } of [page, post, get, probe]) {
      expect(status).toBe(421);
      expect(text).toMatch(/^Only localhost is served with the development key.*AUTH_JWT_SECRET\n$/);
    }
    expect(upgraded).toBe(421);
    expect(touched).toBe(0);
  },
);

test('with a configured key any host is served, because a foreign page has no token', async () => {
  for (const production of [true, false]) {
    const { url } = await startMiniServer({ production });
    for (const host of [...ours, ...foreign]) {
      const { probe, upgraded } = await answersTo(url, host);
      expect([probe.status, upgraded]).toEqual([200, 101]);
    }
  }
});

test('the configured address is served under its own name', () => {
  expect(allowedHosts({ auth: development, host: 'localhost' })('localhost:4000')).toBe(true);
  expect(allowedHosts({ auth: development, host: '::1' })('[::1]:4000')).toBe(true);
});
