import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { GraphQLSchema } from 'graphql';
import type { Config } from '../config.ts';
import type { Logger } from '../logger.ts';
import { StartError } from '../start-error.ts';
import { openCallers } from './callers.ts';
import { dismiss } from './dismiss.ts';
import { openDoor } from './door.ts';
import { openEventStreams } from './event-streams.ts';
import type { GraphiQL } from './graphiql.ts';
import type { Identify } from './identity.ts';
import { allowedOrigins, type AllowsOrigin } from './origins.ts';
import type { Parts } from './parts.ts';
import { answerMetrics, answerReadiness, type Probes } from './probes.ts';
import { openSharedExecution } from './shared-execution.ts';
import { openSockets } from './sockets.ts';

/** How long whoever is refused an upgrade may take to read why, ms. */
const refusalPatience = 2_000;
const headersTimeout = 10_000; // ms; together with the next, against clients that trickle
const requestTimeout = 30_000;
const farewell = 10_000; // ms that closing waits for what was begun
const keepAliveTimeout = 65_000; // longer than a load balancer keeps a connection: it would use one that is closing

export interface GraphQLServer {
  /** Where it listens, e.g. `http://127.0.0.1:4000`. */
  readonly url: string;
  /** Takes nothing new, sends streams away, answers what it has begun. */
  close(): Promise<void>;
}

/**
 * HTTP, SSE and WebSocket at /graphql, and GraphiQL where it is given; /healthz, /readyz and /metrics beside it.
 * @throws StartError where the port can't be had
 */
export async function openServer(options: {
  schema: GraphQLSchema;
  parts: Parts;
  identify: Identify;
  logger: Logger;
  config: Pick<Config, 'host' | 'port' | 'production' | 'corsOrigins' | 'limits' | 'introspection'>;
  graphiql?: GraphiQL | undefined;
  probes: Probes;
}): Promise<GraphQLServer> {
  const { schema, parts, identify, logger, config, graphiql, probes } = options;
  const allowsOrigin = allowedOrigins(config);
  const streams = openEventStreams();
  const callers = openCallers();
  const subscribing = { shared: openSharedExecution(), callers };
  const answering = new Set<ServerResponse>();
  /** Connected for later, as browsers do: Node takes them for ones that are about to ask, for as long as that may take. */
  const unused = new Set<Duplex>();
  let closing = false;

  const door = openDoor({
    schema,
    parts,
    identify,
    logger,
    limits: { ...config.limits, introspection: config.introspection },
    streams,
    subscribing,
  });
  const sockets = openSockets({ schema, parts, identify, logger, door, subscribing });

  function answer(request: IncomingMessage, response: ServerResponse): void {
    unused.delete(request.socket);
    answering.add(response);
    response.once('close', () => answering.delete(response));
    if (closing) response.setHeader('Connection', 'close');
    setCommonHeaders(request, response, allowsOrigin);
    if (!URL.canParse(`http://${request.headers.host ?? 'localhost'}`)) {
      response.writeHead(400, { 'Content-Type': 'text/plain' }).end('The Host header is malformed\n');
      return;
    }
    if (graphiql?.(request, response)) return;
    switch (pathOf(request)) {
      case '/graphql':
        if (request.method === 'OPTIONS') response.writeHead(204).end();
        else void door.answer(request, response);
        return;
      case '/healthz':
        response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n');
        return;
      case '/readyz':
        void answerReadiness(probes, closing, response);
        return;
      case '/metrics':
        void answerMetrics(probes, response);
        return;
      default:
        response.writeHead(404, { 'Content-Type': 'text/plain' }).end('GraphQL is at /graphql\n');
    }
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { origin } = request.headers;
    unused.delete(socket);
    // A client that goes away before the handshake must not take the process with it.
    socket.on('error', error => logger.debug({ err: error }, 'a connection failed'));
    if (closing) refuse(socket, '503 Service Unavailable');
    else if (pathOf(request) !== '/graphql') refuse(socket, '404 Not Found');
    else if (origin !== undefined && !allowsOrigin(origin)) refuse(socket, '403 Forbidden');
    else sockets.upgrade(request, socket, head);
  }

  const http = createServer({ headersTimeout, requestTimeout, keepAliveTimeout }, answer).on('upgrade', upgrade);
  http.on('connection', socket => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  await listen(http, config);

  return {
    url: urlOf(http),
    async close() {
      closing = true;
      const closed = new Promise<void>(resolve => http.close(() => resolve()));
      for (const socket of unused) socket.destroy();
      for (const response of answering) if (!response.headersSent) response.setHeader('Connection', 'close');
      await dismiss([...sockets.goodbyes(), ...streams.open]);
      streams.close();
      for (const cut of streams.open) cut(); // who has come meanwhile, on a connection that was kept
      const impatience = setTimeout(() => http.closeAllConnections(), farewell);
      await Promise.all([sockets.close(), closed]);
      clearTimeout(impatience);
    },
  };
}

function setCommonHeaders(request: IncomingMessage, response: ServerResponse, allowsOrigin: AllowsOrigin): void {
  const { origin } = request.headers;
  response.setHeader('X-Request-Id', requestId(request));
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Vary', 'Origin');
  if (origin === undefined || !allowsOrigin(origin)) return;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', 'X-Request-Id');
  if (request.method !== 'OPTIONS') return;
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST');
  response.setHeader('Access-Control-Allow-Headers', request.headers['access-control-request-headers'] ?? '');
  response.setHeader('Access-Control-Max-Age', '600');
}

/** The one that a proxy gave, so that its log lines, ours and the events meet; only where it can do no harm in a log. */
function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  if (typeof given === 'string' && /^[\w.~:-]{1,128}$/.test(given)) return given;
  // What its caller traces goes on here: the id of their trace ties together what ours does.
  return /^00-([0-9a-f]{32})-/.exec(String(headers['traceparent']))?.[1] ?? randomUUID();
}

/** As it came: nothing that another spelling of a path would be taken for may be decided on. */
function pathOf(request: IncomingMessage): string | undefined {
  return request.url?.split('?', 1)[0];
}

function refuse(socket: Duplex, status: string): void {
  // Nobody else closes it: it is no longer the HTTP server's, whose limits and whose end it would outlive.
  setTimeout(() => socket.destroy(), refusalPatience).unref();
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

async function listen(http: Server, { host, port }: Pick<Config, 'host' | 'port'>): Promise<void> {
  http.listen(port, host);
  try {
    await once(http, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new StartError(`PORT: ${port} is taken on ${host}: stop what listens there, or set another`);
    if (code === 'EACCES') throw new StartError(`PORT: this user may not listen on ${port}: set one above 1023`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new StartError(`HOST: ${host} is no address of this machine: set one that is`);
    throw error;
  }
}

function urlOf(http: Server): string {
  const { address, family, port } = http.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
