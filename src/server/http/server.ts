import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GraphQLSchema } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Config } from '../../config.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { openClientAddress } from './client-address.ts';
import { trackOpenPerCaller } from '../limits/open-per-caller.ts';
import { drainClients } from '../transports/drain-clients.ts';
import { openGraphQLHandler } from './graphql-handler.ts';
import { openEventStreams } from '../transports/event-streams.ts';
import type { Identify } from '../authentication/identity.ts';
import type { Exchange } from './exchange.ts';
import { allowedHosts, foreignHost } from './allowed-hosts.ts';
import type { ConsolePages } from './console-pages.ts';
import { IncomingRequest, pathOf, useOriginForm } from './incoming-request.ts';
import { listen } from './listen.ts';
import { allowedOrigins } from './allowed-origins.ts';
import type { Context } from '../../graphql/context.ts';
import type { Dependencies } from '../../graphql/dependencies.ts';
import { answerProbe, type Probes } from '../probes/probes.ts';
import { openFrameDelivery } from '../execution/frames/frame-delivery.ts';
import { connectionInitTimeoutMs, openSockets } from '../transports/sockets.ts';
import type { TrustedDocuments } from '../limits/trusted-documents.ts';

/** A client whose upgrade is rejected has this long to read the response. */
const refusalTimeoutMs = 2_000;
/** How long close() waits for requests in flight. */
const closeTimeoutMs = 10_000;
/** Timeouts of Node's HTTP server, in ms. The first two protect against clients that send slowly. */
const timeouts = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000, // Node's default is 30 s, so a timeout of 10 s could take 40 s
  // Longer than load balancers keep an idle connection: otherwise they would send a request on one that is closing.
  keepAliveTimeout: 65_000,
};

export interface GraphQLServer {
  /** Base URL, e.g. `http://127.0.0.1:4000`. */
  readonly url: string;
  /** The number of open WebSockets. */
  countSockets(): number;
  /** From now on /readyz is 503, and responses ask for another connection; everything is served as before. */
  drain(): void;
  /** Accepts no new connections, disconnects subscribers, and waits for the requests in flight. */
  close(): Promise<void>;
}

/**
 * Serves GraphQL over HTTP, SSE and WebSocket at /graphql, GraphiQL and the console if they are configured, and /healthz,
 * /readyz and /metrics.
 * @throws StartError if it cannot listen on the port
 */
export async function openServer(options: {
  schema: GraphQLSchema;
  dependencies: Dependencies;
  identify: Identify;
  logger: Logger;
  config: Pick<
    Config,
    'auth' | 'host' | 'port' | 'production' | 'corsOrigins' | 'trustedProxies' | 'limits' | 'introspection'
  >;
  /**
   * Serves GraphiQL.
   * @returns false for every other request, which it does not touch
   */
  graphiql?: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Serves the console. */
  consolePages?: ConsolePages | undefined;
  documents: TrustedDocuments;
  plugins: readonly Plugin<Context, Exchange>[];
  probes: Probes;
}): Promise<GraphQLServer> {
  const { schema, dependencies, identify, logger, config, graphiql, consolePages, documents, plugins, probes } =
    options;
  const allowsOrigin = allowedOrigins(config);
  const allowsHost = allowedHosts(config);
  const streams = openEventStreams(dependencies.transportCounts);
  const addressOf = openClientAddress(config.trustedProxies);
  const callers = trackOpenPerCaller(dependencies.counts?.refused);
  const subscribing = { frames: openFrameDelivery(), callers };
  const responses = new Set<ServerResponse>();
  /**
   * Connections that have sent nothing yet: browsers open some in advance. Node does not count them as idle, so
   * http.close() would wait for them.
   */
  const unusedConnections = new Set<Duplex>();
  let draining = false;
  let closing = false;

  const handler = openGraphQLHandler({
    schema,
    dependencies,
    identify,
    logger,
    limits: { ...config.limits, introspection: config.introspection },
    streams,
    subscribing,
    documents,
    plugins,
    addressOf,
    headersOf,
    prepareResponse,
  });
  const sockets = openSockets({
    dependencies,
    identify,
    logger,
    pipelineFor: handler.pipelineFor,
    callers,
    documents,
    explains: !config.production,
  });

  function answer(req: IncomingMessage, res: ServerResponse): void {
    const exchange: Exchange = { req, res, id: requestId(req), progress: {} };
    unusedConnections.delete(req.socket);
    useOriginForm(req);
    const path = pathOf(req);
    if (path === '/graphql' && req.method === 'POST' && isServedHost(req.headers.host)) void handler.answer(exchange);
    else {
      prepareResponse(exchange);
      answerOther(path, exchange);
    }
  }

  /** Answers everything but the POST of an operation, the most frequent request, which is handled before. */
  function answerOther(path: string | undefined, exchange: Exchange): void {
    const { req, res } = exchange;
    const { host = 'localhost' } = req.headers;
    if (!isServedHost(host)) {
      const [status, text] = URL.canParse(`http://${host}`)
        ? [421, foreignHost]
        : [400, 'The Host header is malformed\n'];
      res.writeHead(status, { 'Content-Type': 'text/plain' }).end(text);
      return;
    }
    if (graphiql?.(req, res)) return;
    if (answerProbe(path, probes, draining, res)) return;
    if (path !== undefined && path !== '/graphql' && consolePages?.(path, req, res)) return;
    if (path !== '/graphql') res.writeHead(404, { 'Content-Type': 'text/plain' }).end('GraphQL is at /graphql\n');
    else if (req.method === 'OPTIONS') res.writeHead(204).end();
    else void handler.answerByYoga(exchange);
  }

  /** Sets the headers that every response carries, and tracks the response for shutdown. */
  function prepareResponse(exchange: Exchange): void {
    const { res } = exchange;
    responses.add(res);
    res.once('close', () => responses.delete(res));
    for (const [name, value] of Object.entries(headersOf(exchange))) res.setHeader(name, value);
  }

  /** The headers that every response carries. */
  function headersOf({ req, id }: Exchange): Record<string, string> {
    const headers: Record<string, string> = {
      'X-Request-Id': id,
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
      Vary: 'Origin',
    };
    // A load balancer keeps connections open: each one that it gives up here is not lost at the end.
    if (draining) headers['Connection'] = 'close';
    const { origin } = req.headers;
    return origin === undefined || !allowsOrigin(origin) ? headers : { ...headers, ...corsHeaders(origin, req) };
  }

  /** The last valid host: most requests have the same one, so it is not parsed for each. */
  let lastHost: string | undefined;
  function isServedHost(host = 'localhost'): boolean {
    if (host === lastHost) return true;
    if (!URL.canParse(`http://${host}`) || !allowsHost(host)) return false;
    lastHost = host;
    return true;
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { origin } = request.headers;
    unusedConnections.delete(socket);
    useOriginForm(request);
    // Without a listener, an error before the handshake (a client that disconnects) would end the process.
    socket.on('error', error => logger.debug({ err: error }, 'a connection failed'));
    if (closing) refuse(socket, '503 Service Unavailable', 'Retry-After: 1');
    else if (!isServedHost(request.headers.host)) refuse(socket, '421 Misdirected Request');
    else if (origin !== undefined && !allowsOrigin(origin)) refuse(socket, '403 Forbidden');
    else {
      const address = addressOf(request);
      const release = callers.openStranger(address);
      if (!release) return refuse(socket, '429 Too Many Requests', `Retry-After: ${connectionInitTimeoutMs / 1000}`);
      socket.once('close', release);
      sockets.upgrade(request, socket, head, { address, release });
    }
  }

  const http = createServer({ ...timeouts, IncomingMessage: IncomingRequest }, answer).on('upgrade', upgrade);
  http.on('connection', socket => {
    unusedConnections.add(socket);
    socket.once('close', () => unusedConnections.delete(socket));
  });
  const url = await listen(http, config);

  return {
    url,
    countSockets: () => sockets.count(),
    drain() {
      draining = true;
    },
    async close() {
      draining = true;
      closing = true;
      const closed = new Promise<void>(resolve => http.close(() => resolve()));
      for (const socket of unusedConnections) socket.destroy();
      for (const response of responses) if (!response.headersSent) response.setHeader('Connection', 'close');
      await drainClients([...sockets.closers(), ...streams.open]);
      streams.close();
      // Subscribers that connected during the drain, on a connection that was kept alive.
      for (const disconnect of streams.open) disconnect();
      const timer = setTimeout(() => http.closeAllConnections(), closeTimeoutMs);
      await Promise.all([sockets.close(), closed]);
      clearTimeout(timer);
      await handler.close();
    },
  };
}

/** CORS headers for a page of an allowed origin. */
function corsHeaders(origin: string, { method, headers }: IncomingMessage): Record<string, string> {
  const allowed = {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': 'X-Request-Id, Retry-After, WWW-Authenticate',
  };
  if (method !== 'OPTIONS') return allowed;
  return {
    ...allowed,
    'Access-Control-Allow-Methods': 'GET, POST',
    'Access-Control-Allow-Headers': headers['access-control-request-headers'] ?? '',
    'Access-Control-Max-Age': '600',
  };
}

/**
 * The id that a proxy gave, so that its log lines, ours and the events can be correlated; ignored if its characters
 * could forge log lines.
 */
function requestId({ headers }: IncomingMessage): string {
  const proxyId = headers['x-request-id'];
  if (typeof proxyId === 'string' && /^[\w.~:-]{1,128}$/.test(proxyId)) return proxyId;
  // Otherwise the trace id of the caller, so that its trace and our log have the same id.
  const traceparent = headers['traceparent'];
  return (traceparent === undefined ? undefined : /^00-([0-9a-f]{32})-/.exec(String(traceparent))?.[1]) ?? randomUUID();
}

function refuse(socket: Duplex, status: string, header?: string): void {
  // After an upgrade the HTTP server does not track the connection: its timeouts and its close() do not apply.
  setTimeout(() => socket.destroy(), refusalTimeoutMs).unref();
  socket.once('finish', () => socket.destroy());
  const lines = [`HTTP/1.1 ${status}`, ...(header ? [header] : []), 'Connection: close', 'Content-Length: 0'];
  socket.end(`${lines.join('\r\n')}\r\n\r\n`);
}
