import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type DocumentNode, type ExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql';
import { createYoga, type GraphQLParams, type Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { Limits } from '../../config.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { TraceHeaders } from '../../telemetry/tracing.ts';
import { acceptableTypes, acceptHeader } from './response-type.ts';
import type { ClientAddress } from './client-address.ts';
import { type Context, createContext, type Identity } from '../../graphql/context.ts';
import type { Exchange, HttpRequester } from './exchange.ts';
import type { EventStreams } from '../transports/event-streams.ts';
import type { Identify } from '../authentication/identity.ts';
import { codedError, isUnauthenticated } from '../../graphql/coded-error.ts';
import type { DocumentLimits } from '../limits/document-limits.ts';
import { documentWeight } from '../limits/document-weight.ts';
import { countOperation } from '../execution/operation-counts.ts';
import { executeOperation, type Subscribing, subscribeToOperation } from '../execution/operation.ts';
import type { Dependencies } from '../../graphql/dependencies.ts';
import { presentError } from '../execution/present-error.ts';
import { givenPosition } from '../execution/given-position.ts';
import { PipedFrames } from '../execution/frames/frame-delivery.ts';
import type { OperationResult, Pipeline, SocketExchange } from '../execution/pipeline.ts';
import { eventStreamResponse } from './event-stream-response.ts';
import { guardedPlugin } from './guarded-plugin.ts';
import { exchangeOf, operationPlugin } from './operation-plugin.ts';
import { readRequest } from './read-request.ts';
import type { TrustedDocuments } from '../limits/trusted-documents.ts';
import { openFastPath } from './fast-path.ts';

export type GraphQLHandler = ReturnType<typeof openGraphQLHandler>;

/**
 * GraphQL over HTTP and SSE, as a listener of node:http (`answer`). WebSockets use its parser, validation rules and
 * caches through `pipelineFor`. With plugins, all operations of all transports go through yoga; without, each transport
 * calls the steps itself.
 * @param options.streams sends the frames of subscriptions
 * @param options.prepareResponse sets the headers of a response that yoga writes, and tracks it for shutdown
 */
export function openGraphQLHandler(options: {
  schema: GraphQLSchema;
  dependencies: Dependencies;
  identify: Identify;
  logger: Logger;
  limits: DocumentLimits & Pick<Limits, 'bodyBytes'>;
  streams: EventStreams;
  subscribing: Subscribing;
  documents: TrustedDocuments;
  plugins: readonly Plugin<Context, Exchange>[];
  addressOf: ClientAddress;
  headersOf: (exchange: Exchange) => Record<string, string>;
  prepareResponse: (exchange: Exchange) => void;
}) {
  const {
    schema,
    dependencies,
    identify,
    logger,
    limits,
    streams,
    subscribing,
    documents,
    plugins,
    addressOf,
    headersOf,
    prepareResponse,
  } = options;

  /**
   * Authenticates before the document is parsed, because parsing counts against the caller's rate. An invalid token is
   * rejected later, in openContext, which the fast path and yoga both call.
   */
  async function read(exchange: Exchange): Promise<GraphQLParams> {
    const { req, progress } = exchange;
    try {
      const received = await readRequest(req, limits.bodyBytes);
      const authenticating = authenticate(exchange);
      if (authenticating) await authenticating;
      const params = documents.named(received);
      progress.params = () => params;
      return params;
    } catch (error) {
      progress.params = () => raise(error);
      throw error;
    }
  }

  /** @returns a promise only if the token has to be verified: most were verified before */
  function authenticate({ req, progress }: Exchange): void | Promise<void> {
    const requester = requesterOf(req);
    if (requester instanceof Promise) return requester.then(one => void (progress.requester = one));
    progress.requester = requester;
  }

  function requesterOf(request: IncomingMessage): HttpRequester | Promise<HttpRequester> {
    const identity = identify(request.headers.authorization);
    if (identity instanceof Promise) {
      return identity.then(authenticated, (tokenError: unknown) => ({ ...unauthenticated(request), tokenError }));
    }
    return identity ? authenticated(identity) : unauthenticated(request);
  }

  function unauthenticated(request: IncomingMessage): HttpRequester {
    return { address: addressOf(request), identity: undefined, viewer: undefined };
  }

  const documentCache = openDocumentCache();

  function openContext({ req, id, progress }: Exchange, params: GraphQLParams): Context {
    const { headers } = req;
    const { identity, address, tokenError } = progress.requester ?? unauthenticated(req);
    if (tokenError !== undefined) {
      if (!isUnauthenticated(tokenError)) throw tokenError as Error;
      dependencies.admission?.admitStranger(address);
      throw invalidToken(tokenError);
    }
    return createContext(dependencies, logger, {
      identity,
      address,
      correlationId: id,
      trace: dependencies.tracing && traceOf(headers),
      atLeast:
        givenPosition(headers['orderstream-position'], 'Orderstream-Position') ??
        givenPosition(params.extensions?.['atLeast'], '`extensions.atLeast`'),
      after:
        // A browser that reconnects repeats its request unchanged, and adds the newest position that it received as
        // Last-Event-ID, so the header takes precedence.
        givenPosition(headers['last-event-id'], 'Last-Event-ID') ??
        givenPosition(params.extensions?.['after'], '`extensions.after`'),
    });
  }

  const operations = operationPlugin({
    dependencies,
    logger,
    limits,
    documents,
    subscribing,
    read,
    authenticate,
    hasPlugins: plugins.length > 0,
  });
  const { onResultProcess, onResponse } = eventStreamResponse(streams, logger);
  const yoga = createYoga<Exchange, Context>({
    schema,
    plugins: [
      { ...operations, onResultProcess },
      { onResultProcess: countRejected } satisfies Plugin<Context, Exchange>,
      ...plugins.map(plugin => guardedPlugin(plugin, logger)),
      { onResponse },
    ],
    context(initial) {
      const exchange = exchangeOf(initial);
      const context = 'res' in exchange ? openContext(exchange, initial.params) : exchange.openContext();
      // yoga copies only own properties of the context, so the getter and the method of its prototype are copied
      // here.
      return { ...context, logger: context.logger, now: () => context.now() };
    },
    parserAndValidationCache: {
      documentCache,
      errorCache: { get: () => undefined, set: () => undefined },
    },
    maskedErrors: { maskError: error => presentError(error, logger) },
    logging: false, // presentError() logs the errors that matter
    graphqlEndpoint: '/graphql',
    // yoga answers any URL that ends with this path first, so it is a path that no URL can have.
    healthCheckEndpoint: ' ',
    cors: false, // server.ts sets the CORS headers of all responses
    graphiql: false,
    landingPage: false,
    batching: false,
    multipart: false,
    maxRequestBodySize: false, // readRequest() limits the size
  });

  /** Counts a request that was rejected before its operation began: malformed, invalid, or without a valid token. */
  function countRejected({ result, serverContext: { progress } }: { result: unknown; serverContext: Exchange }): void {
    const { errors } = result as Partial<ExecutionResult>;
    if (progress.isCounted || errors === undefined) return;
    countOperation(dependencies.counts, 'unknown', errors, 0);
  }

  // It calls no hook after the first request for a document.
  const fastPath =
    plugins.length === 0
      ? openFastPath({ yoga, schema, read, openContext, documents: documentCache, headersOf, logger })
      : undefined;

  async function answerByYoga(exchange: Exchange): Promise<void> {
    const { headers } = exchange.req;
    // yoga ignores `q`, and detects only after execution that it has no acceptable type to answer with.
    const acceptable = acceptableTypes(headers.accept);
    if (acceptable.result === undefined && !acceptable.stream) exchange.progress.params = () => raise(notAcceptable());
    headers.accept = acceptHeader(acceptable);
    await yoga(exchange.req, exchange.res, exchange);
  }

  function pluginPipeline(exchange: SocketExchange): Pipeline {
    const enveloped = yoga.getEnveloped(exchange) as unknown as Pipeline;
    async function presented(step: () => OperationResult | Promise<OperationResult>): Promise<OperationResult> {
      try {
        const result = await step();
        return Symbol.asyncIterator in result ? new PipedFrames(result, exchange.progress.frames, logger) : result;
      } catch (error) {
        return { errors: [presentError(error, logger)] };
      }
    }
    return {
      ...enveloped,
      execute: args => presented(() => enveloped.execute(args)),
      subscribe: args => presented(() => enveloped.subscribe(args)),
    };
  }

  return {
    answerByYoga,
    /** Answers a POST. */
    async answer(exchange: Exchange): Promise<void> {
      // If the client has disconnected, `close` was emitted already, so the response would be tracked for ever.
      if ((fastPath && (await fastPath(exchange))) || exchange.res.closed) return;
      prepareResponse(exchange);
      await answerByYoga(exchange);
    },
    /** The steps of an operation for a transport that does not use yoga. */
    pipelineFor: (exchange: SocketExchange): Pipeline => {
      if (plugins.length > 0) return pluginPipeline(exchange);
      const { parse, validate } = yoga.getEnveloped(exchange) as unknown as Pipeline;
      return {
        schema,
        parse,
        validate,
        contextFactory: exchange.openContext,
        execute: args => executeOperation(args),
        subscribe: args => subscribeToOperation(args, subscribing),
      };
    },
    /** Lets the plugins finish: they may have something to send. */
    close: async () => yoga.dispose(),
  };
}

/**
 * Bounded by weight. yoga's default cache holds a thousand documents of any size, even those that do not parse, and
 * any client can send them.
 */
function openDocumentCache(): LRUCache<string, DocumentNode> {
  return new LRUCache({
    maxSize: 64_000,
    sizeCalculation: documentWeight,
  });
}

function authenticated(identity: Identity): HttpRequester {
  return { address: '', identity, viewer: identity.actor };
}

/** Per RFC 6750: with `error="invalid_token"` a client requests a new token; plain `Bearer` means that it sent none. */
function invalidToken({ message, extensions }: GraphQLError): GraphQLError {
  const http = { status: 401, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } };
  return new GraphQLError(message, { extensions: { ...extensions, http } });
}

function notAcceptable(): GraphQLError {
  return codedError(
    'NOT_ACCEPTABLE',
    'Send `Accept` with application/graphql-response+json or application/json, or text/event-stream for a subscription.',
  );
}

function traceOf({ traceparent, tracestate }: IncomingHttpHeaders): TraceHeaders | undefined {
  if (typeof traceparent !== 'string') return undefined;
  return { traceparent, tracestate: tracestate?.toString() };
}

function raise(error: unknown): never {
  throw error;
}
