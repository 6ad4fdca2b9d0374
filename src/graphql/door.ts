import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DocumentNode, GraphQLError, GraphQLSchema } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { Limits } from '../config.ts';
import type { Logger } from '../logger.ts';
import { type Context, createContext } from './context.ts';
import type { EventStreams } from './event-streams.ts';
import type { OperationArgs } from './executed.ts';
import type { Identify } from './identity.ts';
import type { DocumentLimits } from './document-limits.ts';
import { executeOperation, type Subscribing, subscribeToOperation } from './operation.ts';
import { parseDocument } from './parse-document.ts';
import type { Parts } from './parts.ts';
import type { Payload } from './payload.ts';
import { presentError, withCode } from './present-error.ts';
import { givenPosition, readRequest } from './request.ts';
import { type Begun, type Exchange, openShortWay } from './short-way.ts';

export type Door = ReturnType<typeof openDoor>;

/**
 * GraphQL over HTTP and SSE, as a listener of node:http, `answer`. Its parser, rules of validation and caches serve
 * WebSockets too, by `getEnveloped`.
 * @param streams carries what goes on until its client leaves
 */
export function openDoor(options: {
  schema: GraphQLSchema;
  parts: Parts;
  identify: Identify;
  logger: Logger;
  limits: DocumentLimits & Pick<Limits, 'bodyBytes'>;
  streams: EventStreams;
  subscribing: Subscribing;
}) {
  const { schema, parts, identify, logger, limits, streams, subscribing } = options;
  const expiries = new WeakMap<ServerResponse, number>();
  const begun = new WeakMap<IncomingMessage, Begun>();
  const read = (request: IncomingMessage) => readRequest(request, limits.bodyBytes);

  const operations: Plugin<Context, Exchange> = {
    onRequestParse({ serverContext: { req }, setRequestParser }) {
      const earlier = begun.get(req);
      setRequestParser(() => (earlier ? earlier.params() : read(req)));
    },
    onParams({ context: { req }, setResult }) {
      const result = begun.get(req)?.result;
      if (result) setResult(result);
    },
    onParse({ setParseFn }) {
      setParseFn((source: string) => parseDocument(source, limits));
    },
    onValidate: () => validated => {
      const errors = validated.result as readonly GraphQLError[];
      validated.setResult(errors.map(error => withCode(error, 'GRAPHQL_VALIDATION_FAILED')));
    },
    onExecute({ setExecuteFn }) {
      setExecuteFn(args => executeOperation(args as OperationArgs));
    },
    onSubscribe({ setSubscribeFn }) {
      setSubscribeFn(args => subscribeToOperation(args as OperationArgs, subscribing));
    },
    onResultProcess(process) {
      const { result, resultProcessor, serverContext } = process;
      const { res } = serverContext;
      if (!isAsyncIterable(result)) return;
      const frames = (result as unknown as AsyncIterable<Payload>)[Symbol.asyncIterator]();
      // A client may leave before the first byte, or take no stream: then nobody would read it, or end its source.
      if (res.closed || resultProcessor === undefined) {
        void frames.return?.();
        return;
      }
      // Written to Node's own response: a web stream for each subscriber costs more than all else about a frame.
      process.setResultProcessor(async (_result, fetchAPI) => {
        await streams.carry(res, frames, expiries.get(res));
        return new fetchAPI.Response(null);
      }, 'text/event-stream');
    },
  };

  const yoga = createYoga<Exchange, Context>({
    schema,
    plugins: [operations],
    context: async ({ req, res, params }): Promise<Context> => {
      const { headers } = req;
      const identity = await identify(headers.authorization);
      if (identity) expiries.set(res, identity.expiresAt);
      return createContext(parts, logger, {
        identity,
        correlationId: res.getHeader('X-Request-Id') as string | undefined,
        atLeast: givenPosition(headers['orderstream-position'], 'Orderstream-Position'),
        after:
          // A browser that comes back repeats the request as it was, and beside it how far it has come since.
          givenPosition(headers['last-event-id'], 'Last-Event-ID') ??
          givenPosition(params.extensions?.['after'], '`extensions.after`'),
      });
    },
    parserAndValidationCache: parsedDocuments(),
    maskedErrors: { maskError: error => presentError(error, logger) },
    logging: false, // presentError logs what is worth it
    graphqlEndpoint: '/graphql',
    // yoga answers whatever URL ends in this before anything else; no URL has a space in it.
    healthCheckEndpoint: ' ',
    cors: false, // server.ts does it, for all answers
    graphiql: false,
    landingPage: false,
    batching: false,
    multipart: false,
    maxRequestBodySize: false, // readRequest counts
  });
  return { answer: openShortWay({ yoga, read, begun, logger }), getEnveloped: yoga.getEnveloped };
}

/**
 * Bounded by what stands in it: yoga's own holds a thousand documents of whatever size, those that don't parse too,
 * and anybody may send them.
 */
function parsedDocuments() {
  const documentCache = new LRUCache<string, DocumentNode>({
    maxSize: 5_000_000, // characters
    maxEntrySize: 50_000,
    sizeCalculation: (_document, source) => source.length + 1,
  });
  return { documentCache, errorCache: { get: () => undefined, set: () => undefined } };
}
