import { once } from 'node:events';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onFreePort } from '../support/free-port.ts';
import { noteOpen } from '../support/left-open.ts';
import { token } from '../support/tokens.ts';

/** What a browser reaches: a board's files, tokens of any viewer, and a node of the API through faults. */
export interface Front {
  readonly url: string;
  /** From now on connects to the node at this URL. */
  aim(node: string): void;
  /** From now on answers over HTTP and frames of sockets arrive this many ms later. */
  delay(late: { readonly httpMs: number; readonly socketMs: number }): void;
  /** Resets every connection, or only those that are no sockets of subscriptions. */
  reset(which?: 'all' | 'requests'): void;
  /** Resets every connection and accepts none until `accept`. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  /** From now on nothing of the present connections arrives, without any error. New ones work. */
  silence(): void;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/**
 * @param folder of the built board
 * @param node URL of the first node
 * @param tokenSeconds how long tokens are valid
 */
export async function openFront(folder: string, node: string, tokenSeconds = 3_600): Promise<Front> {
  let target = new URL(node);
  let late = { httpMs: 0, socketMs: 0 };
  const clients = new Set<Socket>();
  const sockets = new Set<Socket>();
  const silenced = new WeakSet<Socket>();

  const server = createServer((asked, answer) => {
    const { pathname, searchParams } = new URL(asked.url ?? '/', target);
    if (silenced.has(asked.socket)) return;
    if (pathname === '/graphql') forward(asked, answer);
    else if (pathname === '/token') void sendToken(searchParams.get('viewer') ?? '', answer);
    else sendFile(join(folder, normalize(pathname === '/' ? '/index.html' : pathname)), answer);
  });
  // Longer than any scenario: the browser may use a connection at the moment when it is closed as idle.
  server.keepAliveTimeout = 600_000;
  server.on('connection', client => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    client.on('error', () => client.destroy());
  });
  server.on('upgrade', (asked, _client, head) => carry(asked, head));

  async function sendToken(viewer: string, answer: ServerResponse): Promise<void> {
    const role = viewer === 'staff' ? 'staff' : 'customer';
    const expires = Math.floor(Date.now() / 1_000) + tokenSeconds;
    const text = await token({ role, sub: viewer }, { expires });
    answer.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end(text);
  }

  function forward(asked: IncomingMessage, answer: ServerResponse): void {
    const client = asked.socket;
    const { hostname, port } = target;
    const deliver = inOrder(
      () => late.httpMs,
      () => !silenced.has(client) && !answer.destroyed,
    );
    answer.on('error', () => undefined);
    const onwards = request(
      { hostname, port, method: asked.method, path: asked.url, headers: asked.headers },
      reply => {
        deliver(() => answer.writeHead(reply.statusCode ?? 502, reply.headers));
        reply.on('data', (bytes: Buffer) => deliver(() => answer.write(bytes)));
        reply.on('end', () => deliver(() => answer.end()));
        reply.on('error', () => client.destroy());
      },
    );
    // As a load balancer does if a node is gone.
    onwards.on('error', () => deliver(() => (answer.headersSent ? client.destroy() : answer.writeHead(502).end())));
    answer.on('close', () => onwards.destroy());
    asked.pipe(onwards);
  }

  function carry(asked: IncomingMessage, head: Buffer): void {
    const client = asked.socket;
    const { hostname, port } = target;
    const upstream = connect({ host: hostname, port: Number(port) });
    const headers = asked.rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
    upstream.write(`GET ${asked.url} HTTP/1.1\r\n${headers}\r\n`);
    upstream.write(head);
    const carries = () => !silenced.has(client);
    const deliver = inOrder(() => late.socketMs, carries);
    sockets.add(client);
    client.on('data', bytes => carries() && upstream.write(bytes));
    upstream.on('data', bytes => deliver(() => client.write(bytes)));
    client.on('close', () => {
      sockets.delete(client);
      upstream.destroy();
    });
    upstream.on('error', () => undefined);
    upstream.on('close', () => deliver(() => client.destroy()));
  }

  const { port } = await onFreePort(async own => {
    await once(server.listen(own, '127.0.0.1'), 'listening');
  }, /EADDRINUSE/);

  const reset: Front['reset'] = (which = 'all') => {
    for (const client of clients) if (which === 'all' || !sockets.has(client)) client.resetAndDestroy();
  };
  const refuse = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    reset();
    await closed;
  };
  const close = async (): Promise<void> => {
    await refuse();
    note.closed();
  };
  const note = noteOpen(`a front on port ${port}`, close);
  return {
    url: `http://127.0.0.1:${port}`,
    aim: other => {
      target = new URL(other);
    },
    delay: other => {
      late = other;
    },
    reset,
    refuse,
    accept: async () => {
      await once(server.listen(port, '127.0.0.1'), 'listening');
    },
    silence: () => {
      for (const client of clients) silenced.add(client);
    },
    close,
  };
}

/** @returns a function that runs one delivery after another, each late by what `lateMs` says when it is added */
function inOrder(lateMs: () => number, wanted: () => boolean): (deliver: () => unknown) => void {
  let before = Promise.resolve();
  return deliver => {
    const atMs = performance.now() + lateMs();
    before = before.then(async () => {
      const waitMs = atMs - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      if (wanted()) deliver();
    });
  };
}

function sendFile(path: string, answer: ServerResponse): void {
  if (!existsSync(path) || !statSync(path).isFile()) {
    answer.writeHead(404).end();
    return;
  }
  answer.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' });
  createReadStream(path).pipe(answer);
}
