import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { maximumUnauthenticatedSockets } from '../../../src/server/limits/open-per-caller.ts';
import { openProbeServer } from '../../../src/server/http/probe-server.ts';
import { staffToken } from '../../support/tokens.ts';
import { connectSocket } from '../../support/socket.ts';
import { touches } from '../graphql/mini-schema.ts';
import { startMiniServer } from './mini-server.ts';

const token = await staffToken();
const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';
const mutation = JSON.stringify({ query: 'mutation { touch(what: "it") }' });
const post =
  `Content-Type: application/json\r\nAuthorization: Bearer ${token}\r\n` + `Content-Length: ${mutation.length}\r\n`;

/** Sends chunks on one connection, each after the response to the one before. @returns heads and bodies */
async function openConnection(url: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding('utf8');
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (chunk: string) => (text += chunk));
  await once(socket, 'connect');
  return {
    write: (bytes: string) => socket.write(bytes),
    async answer() {
      for (;;) {
        const [, head = ''] = /^([\s\S]*?)\r\n\r\n/.exec(text) ?? [];
        const length = /content-length: (\d+)/i.exec(head)?.[1];
        const rest = text.slice(head.length + 4);
        const body = length === undefined ? /^[\s\S]*?0\r\n\r\n/.exec(rest)?.[0] : rest.slice(0, Number(length));
        if (head !== '' && body !== undefined && (length === undefined || body.length === Number(length))) {
          text = rest.slice(body.length);
          return { status: Number(head.split(' ')[1]), head, body };
        }
        await once(socket, 'data');
      }
    },
  };
}

describe('an upgrade to another protocol', () => {
  test('is ignored on every path, and the connection serves the next request', async () => {
    const { url } = await startMiniServer();
    const connection = await openConnection(url);
    touches.length = 0;
    for (const [first, body, status, text] of [
      ['GET /healthz', '', 200, 'ok'],
      ['GET /readyz', '', 200, 'ready'],
      ['GET /metrics', '', 200, ''],
      ['GET /nowhere', '', 404, 'GraphQL is at /graphql'],
      ['GET /graphql?query={__typename}', '', 200, '{"data":{"__typename":"Query"}}'],
      ['POST /graphql', mutation, 200, '{"data":{"touch":"it"}'],
    ] as const) {
      connection.write(`${first} HTTP/1.1\r\nHost: x\r\n${body && post}${offer}\r\n`);
      // Only after the head was read: the following bytes are still this request's body.
      if (body) await sleep(10);
      connection.write(body);
      const answer = await connection.answer();
      expect(answer.status, first).toBe(status);
      expect(answer.body, first).toContain(text);
    }
    expect(touches).toEqual(['it']);
    expect((await connectSocket(url, token)).ws.readyState).toBe(WebSocket.OPEN);
  });

  test('is ignored for any protocol and any chunks, and a WebSocket is still opened', async () => {
    const { url } = await startMiniServer();
    const connection = await openConnection(url);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('h2c', 'HTTP/2.0', 'TLS/1.0', 'websocket, h2c', 'x', 'IRC/6.9, RTA/x11'),
        fc.array(fc.nat(300), { maxLength: 4 }),
        async (protocol, cuts) => {
          touches.length = 0;
          const head = `POST /graphql HTTP/1.1\r\nHost: x\r\n${post}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
          const bytes = head + mutation;
          const places = [0, ...cuts.sort((one, other) => one - other), bytes.length];
          for (const [index, place] of places.slice(1).entries()) {
            connection.write(bytes.slice(places[index], place));
            await new Promise(setImmediate);
          }
          expect((await connection.answer()).body).toContain('{"data":{"touch":"it"}');
          expect(touches).toEqual(['it']);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('to a WebSocket is accepted at /graphql alone', async () => {
    const { url } = await startMiniServer();
    const connection = await openConnection(url);
    const socket =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n';
    for (const [path, status] of [
      ['/healthz', 200],
      ['/graphql/', 404],
      ['/', 404],
    ] as const) {
      connection.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${socket}\r\n`);
      expect((await connection.answer()).status).toBe(status);
    }
    const { hostname, port } = new URL(url);
    for (const target of ['/graphql', `http://${hostname}:${port}/graphql`]) {
      const client = connect(Number(port), hostname);
      client.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n${socket}\r\n`);
      expect(String((await once(client, 'data'))[0])).toMatch(/^HTTP\/1.1 101 /);
      client.destroy();
    }
  });

  test('is ignored by a process that only projects', async () => {
    const probes = await startProbes('ready');
    const connection = await openConnection(probes.url);
    connection.write(`GET /readyz HTTP/1.1\r\nHost: x\r\n${offer}\r\n`);
    expect(await connection.answer()).toMatchObject({ status: 200 });
  });
});

test.each(['http://shop.example/graphql?query={__typename}', 'HTTPS://shop.example:8443/graphql?query={__typename}'])(
  'a target in absolute form is answered like its path: %s',
  async target => {
    const { url } = await startMiniServer();
    const connection = await openConnection(url);
    connection.write(`GET ${target} HTTP/1.1\r\nHost: another.example\r\n\r\n`);
    expect(await connection.answer()).toMatchObject({ status: 200, body: '{"data":{"__typename":"Query"}}' });
    connection.write(`GET ${target.replace(/\/graphql.*/, '/healthz')} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await connection.answer()).toMatchObject({ status: 200, body: expect.stringContaining('ok') as string });
    connection.write(`POST ${target.replace(/\?.*/, '')} HTTP/1.1\r\nHost: x\r\n${post}\r\n${mutation}`);
    expect(await connection.answer()).toMatchObject({ status: 200 });
  },
);

describe('headers beside a status', () => {
  const ask = async (url: string, headers: Record<string, string>, query = '{ who }') =>
    fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers },
      body: JSON.stringify({ query }),
    });

  test('401 names the scheme, and whether the token was the reason', async () => {
    const { url } = await startMiniServer();
    for (const authorization of ['Bearer not.a.token', 'Basic YWxhZGRpbg==', `Bearer ${token}x`]) {
      const answer = await ask(url, { authorization });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
      expect(answer.headers.get('retry-after')).toBeNull();
    }
    const served = await ask(url, { authorization: `Bearer ${token}` });
    expect([served.status, served.headers.get('www-authenticate')]).toEqual([200, null]);
  });

  test('503 of /readyz has Retry-After, on either server', async () => {
    const readiness = { readiness: () => Promise.resolve({ status: 'unavailable' as const }) };
    const metrics = () => Promise.resolve({ contentType: 'text/plain', text: '' });
    const { url } = await startMiniServer({}, { ...readiness, metrics });
    for (const server of [url, (await startProbes('unavailable')).url]) {
      const answer = await fetch(`${server}/readyz`);
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    }
  });

  test('429 of an upgrade has Retry-After', async () => {
    const { url } = await startMiniServer();
    // No socket is closed for its silence, however long a thousand take to connect.
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const strangers = await Promise.all(
      Array.from({ length: maximumUnauthenticatedSockets }, async () => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
        socket.on('error', () => undefined);
        await once(socket, 'open');
        return socket;
      }),
    );
    const refused = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    refused.on('error', () => undefined);
    const [, answer] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage];
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, '3']);
    for (const socket of strangers) socket.terminate();
  });

  test('a page of an allowed origin may read them', async () => {
    const { url } = await startMiniServer({ corsOrigins: ['https://shop.example'] });
    const answer = await ask(url, { origin: 'https://shop.example', authorization: 'Bearer x.y.z' });
    expect(answer.headers.get('access-control-expose-headers')).toBe('X-Request-Id, Retry-After, WWW-Authenticate');
  });
});

async function startProbes(status: 'ready' | 'unavailable') {
  const probes = {
    readiness: () => Promise.resolve({ status }),
    metrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
  };
  const server = await openProbeServer(probes, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  return server;
}
