import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { mostFailedSockets } from '../../../src/client/await-server.ts';
import { createClient } from '../../../src/client/graphql-ws.ts';
import { eventually } from '../../support/eventually.ts';

/** Breaks each connection after its first bytes. Then nothing answers at its port, and later a server of sockets. */
let broken = { sockets: 0, requests: 0 };
let port: number;
let server: ReturnType<typeof createServer>;

beforeEach(async () => {
  broken = { sockets: 0, requests: 0 };
  server = createServer((connection: Socket) => {
    connection.on('error', () => undefined);
    connection.once('data', (data: Buffer) => {
      if (/upgrade: websocket/i.test(data.toString())) broken.sockets++;
      else broken.requests++;
      connection.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => {
  server.close();
});

test('while a server is away no more than some sockets are tried, and it is reached as soon as it answers requests', async () => {
  const client = createClient({ url: `ws://127.0.0.1:${port}`, webSocketImpl: WebSocket });
  const opened = new Promise(resolve => client.on('opened', resolve));
  client.subscribe(
    { query: 'subscription { at }' },
    { next: () => undefined, error: () => undefined, complete: () => undefined },
  );
  await eventually(() => expect(broken.requests).toBeGreaterThan(5));
  expect(broken.sockets).toBe(mostFailedSockets);

  server.close();
  await once(server, 'close');
  const back = new WebSocketServer({ port, host: '127.0.0.1', handleProtocols: () => 'graphql-transport-ws' });
  await opened;
  client.terminate();
  await client.dispose();
  back.close();
});
