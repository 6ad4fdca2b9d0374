import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type DocumentNode, GraphQLError, type GraphQLSchema, type ValidationRule } from 'graphql';
import { createYoga, type GraphQLParams, isAsyncIterable, type Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { Limits } from '../../config.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { TraceHeaders } from '../../telemetry/tracing.ts';
import { acceptableTypes, acceptHeader } from './response-type.ts';
import type { ClientAddress } from './client-address.ts';
import type { Requester } from '../limits/admission.ts';
import { type Context, createContext, type Identity } from '../../graphql/context.ts';
import type { Exchange, HttpRequester } from './exchange.ts';
import type { EventStreams } from '../transports/event-streams.ts';
import type { OperationArgs } from '../execution/execute.ts';
import type { Identify } from '../authentication/identity.ts';
import { codedError, isUnauthenticated, withCode } from '../../graphql/coded-error.ts';
import type { DocumentLimits } from '../limits/document-limits.ts';
import { documentWeight } from '../limits/document-weight.ts';
import { executeOperation, type Subscribing, subscribeToOperation } from '../execution/operation.ts';
import { parseDocument } from '../limits/parse-document.ts';
import type { Dependencies } from '../../graphql/dependencies.ts';
import type { Payload } from '../execution/payload.ts';
import { presentError } from '../execution/present-error.ts';
import { givenPosition } from '../execution/given-position.ts';
import type { Pipeline } from '../execution/pipeline.ts';
import { readRequest } from './read-request.ts';
import type { TrustedDocuments } from '../limits/trusted-documents.ts';
import { openFastPath } from './fast-path.ts';
import { validateDocument } from '../limits/validate-document.ts';
import { watched } from '../execution/watchdog.ts';

export type GraphQLHandler = ReturnType<typeof openGraphQLHandler>;

/**
 * GraphQL over HTTP and SSE, as a listener of node:http (`answer`). WebSockets use its parser, validation rules and
 * caches through `pipelineFor`.
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
    addressOf,
    headersOf,
    prepareResponse,
  } = options;

  /**
   * Authenticates before the document is parsed, because parsing counts against the caller's rate. An invalid token is
   * rejected later, in openContext, which the fast path and yoga both call.
   */
  async function read({ req, progress }: Exchange): Promise<GraphQLParams> {
    try {
      const received = await readRequest(req, limits.bodyBytes);
      const requester = requesterOf(req);
      progress.requester = requester instanceof Promise ? await requester : requester;
      const params = documents.named(received);
      progress.params = () => params;
      return params;
    } catch (error) {
      progress.params = () => raise(error);
      throw error;
    }
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

  const watchdog = () => ({ logger, held: dependencies.counts?.held });

  const operations: Plugin<Context, Exchange> = {
    onRequestParse({ serverContext, setRequestParser }) {
      const { params } = serverContext.progress;
      setRequestParser(params ?? (() => read(serverContext)));
    },
    onParams({ context: { progress }, setResult }) {
      if (progress.result) setResult(progress.result);
    },
    onParse({ context, setParseFn }) {
      const { progress, requester = progress?.requester } = context as Partial<Exchange> & {
        readonly requester?: Requester;
      };
      // Called only for documents that are not cached.
      setParseFn((source: string) => {
        if (requester && !documents.has(source)) dependencies.admission?.admitDocument(requester, source);
        let document: DocumentNode | undefined;
        return watched(
          watchdog,
          () => ({ text: source, document }),
          () => (document = parseDocument(source, limits)),
        );
      });
    },
    onValidate({ setValidationFn }) {
      setValidationFn((against: GraphQLSchema, document: DocumentNode, rules?: readonly ValidationRule[]) =>
        watched(
          watchdog,
          () => ({ document }),
          () => validateDocument(against, document, rules),
        ),
      );
      return validated => {
        const errors = validated.result as readonly GraphQLError[];
        validated.setResult(errors.map(error => presentError(withCode(error, 'GRAPHQL_VALIDATION_FAILED'), logger)));
      };
    },
    onExecute({ setExecuteFn }) {
      setExecuteFn(args => executeOperation(args as OperationArgs));
    },
    onSubscribe({ setSubscribeFn }) {
      setSubscribeFn(args => {
        const { req } = args.contextValue as unknown as Exchange;
        if (!acceptableTypes(req.headers.accept).stream) return { errors: [presentError(streamNotAccepted(), logger)] };
        return subscribeToOperation(args as OperationArgs, subscribing);
      });
    },
    onResultProcess(process) {
      const { result, resultProcessor, serverContext } = process;
      const { res, progress } = serverContext;
      if (!isAsyncIterable(result)) return;
      const frames = (result as unknown as AsyncIterable<Payload>)[Symbol.asyncIterator]();
      // The client may have disconnected before the first byte, or may not accept a stream: then nothing would read
      // or close the source.
      if (res.closed || resultProcessor === undefined) {
        void frames.return?.();
        return;
      }
      // Written to Node's response directly: a web stream per subscriber would cost more than everything else about a
      // frame.
      process.setResultProcessor(async (_result, fetchAPI) => {
        await streams.carry(res, frames, progress.requester?.identity?.expiresAt);
        return new fetchAPI.Response(null);
      }, 'text/event-stream');
    },
  };

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

  const yoga = createYoga<Exchange, Context>({
    schema,
    plugins: [operations],
    context(initial) {
      const context = openContext(initial, initial.params);
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

  const fastPath = openFastPath({ yoga, schema, read, openContext, documents: documentCache, headersOf, logger });

  async function answerByYoga(exchange: Exchange): Promise<void> {
    const { headers } = exchange.req;
    // yoga ignores `q`, and detects only after execution that it has no acceptable type to answer with.
    const acceptable = acceptableTypes(headers.accept);
    if (acceptable.result === undefined && !acceptable.stream) exchange.progress.params = () => raise(notAcceptable());
    headers.accept = acceptHeader(acceptable);
    await yoga(exchange.req, exchange.res, exchange);
  }

  return {
    answerByYoga,
    /** Answers a POST. */
    async answer(exchange: Exchange): Promise<void> {
      // If the client has disconnected, `close` was emitted already, so the response would be tracked for ever.
      if ((await fastPath(exchange)) || exchange.res.closed) return;
      prepareResponse(exchange);
      await answerByYoga(exchange);
    },
    /** yoga's pipeline with all plugins above, for a transport that does not use yoga. */
    pipelineFor: (requester: Requester) => yoga.getEnveloped({ requester }) as Pipeline,
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

function streamNotAccepted(): GraphQLError {
  return codedError(
    'NOT_ACCEPTABLE',
    'A subscription needs `Accept: text/event-stream`, or a WebSocket (graphql-transport-ws).',
  );
}

function traceOf({ traceparent, tracestate }: IncomingHttpHeaders): TraceHeaders | undefined {
  if (typeof traceparent !== 'string') return undefined;
  return { traceparent, tracestate: tracestate?.toString() };
}

function raise(error: unknown): never {
  throw error;
}
