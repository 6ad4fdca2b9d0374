import type { IncomingMessage } from 'node:http';
import {
  type DocumentNode,
  type ExecutionResult,
  getOperationAST,
  type GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
} from 'graphql';
import type { GraphQLParams, YogaServerInstance } from 'graphql-yoga';
import type { LRUCache } from 'lru-cache';
import type { Logger } from '../../telemetry/logger.ts';
import { acceptableTypes } from './response-type.ts';
import type { Context } from '../../graphql/context.ts';
import type { Exchange } from './exchange.ts';
import { cachedResponses } from '../execution/cached-responses.ts';
import { executeOperation } from '../execution/operation.ts';
import type { Pipeline } from '../execution/pipeline.ts';
import { presentError } from '../execution/present-error.ts';
import { resultToJson } from '../execution/cached-json.ts';

type Operation = GraphQLParams & { readonly query: string };

/**
 * Answers the common case without yoga's conversion from node:http to `Request` and `Response` and back: a POST of
 * JSON with one query or mutation that succeeds. A document is parsed and validated once, by yoga's pipeline with all
 * its plugins; later requests look it up by its text. Context and execution are the same as for every transport.
 * Everything else, errors above all, is left to yoga.
 * @param options.read parses the request
 * @param options.openContext authenticates the caller and makes the context; throws if the caller may not continue
 * @param options.documents yoga's document cache, by text
 * @param options.headersOf the headers that every response carries
 * @returns false if yoga has to answer the request
 */
export function openFastPath(options: {
  yoga: YogaServerInstance<Exchange, Context>;
  schema: GraphQLSchema;
  read: (exchange: Exchange) => Promise<GraphQLParams>;
  openContext: (exchange: Exchange, params: GraphQLParams) => Context;
  documents: LRUCache<string, DocumentNode>;
  headersOf: (exchange: Exchange) => Record<string, string>;
  logger: Logger;
}): (exchange: Exchange) => Promise<boolean> {
  const { yoga, schema, read, openContext, documents, headersOf, logger } = options;
  const validDocuments = new WeakSet<DocumentNode>();

  function parseAndValidate(
    exchange: Exchange,
    params: Operation,
  ): { document: DocumentNode; errors: readonly GraphQLError[] } {
    const cached = documents.get(params.query);
    if (cached && validDocuments.has(cached)) return { document: cached, errors: [] };
    const { parse, validate } = yoga.getEnveloped({ ...exchange, params }) as Pick<Pipeline, 'parse' | 'validate'>;
    const document = parse(params.query);
    const errors = validate(schema, document);
    if (errors.length === 0) validDocuments.add(document);
    return { document, errors };
  }

  /**
   * @returns undefined for a subscription, or if it is not clear which operation is meant: nothing has been executed
   * then
   */
  function executeRequest(
    exchange: Exchange,
    params: Operation,
  ): ExecutionResult | Promise<ExecutionResult> | undefined {
    const { document, errors } = parseAndValidate(exchange, params);
    const { operationName, variables: variableValues } = params;
    // If it is not clear which operation is meant, yoga reports the error.
    const operation = getOperationAST(document, operationName);
    if (!operation || operation.operation === OperationTypeNode.SUBSCRIPTION) return undefined;
    if (errors.length > 0) return { errors };
    const contextValue = openContext(exchange, params);
    exchange.progress.isCounted = true;
    return executeOperation({ schema, document, contextValue, variableValues, operationName }, cachedResponses);
  }

  return async exchange => {
    const { req, res, progress } = exchange;
    const type = responseType(req);
    if (type === undefined) return false;
    let params: GraphQLParams;
    try {
      params = await read(exchange);
    } catch {
      return false;
    }
    if (!isOperation(params)) return false;
    let result: ExecutionResult | undefined;
    try {
      result = await executeRequest(exchange, params);
    } catch (error) {
      result = { errors: [presentError(error, logger)] };
    }
    if (result === undefined) return false;
    if (result.errors !== undefined || result.extensions?.['http'] !== undefined) {
      progress.result = result;
      return false;
    }
    const text = resultToJson(result);
    const headers = headersOf(exchange);
    headers['Content-Type'] = type;
    const length = Buffer.byteLength(text);
    headers['Content-Length'] = String(length);
    // Most responses are ASCII. As latin1 the bytes are the same, and Node does not reserve three bytes per
    // character.
    queueMicrotask(() => res.writeHead(200, headers).end(text, length === text.length ? 'latin1' : 'utf8'));
    return true;
  };
}

/** `Content-Type` of the response; undefined if yoga has to answer. */
function responseType({ url, headers: { accept } }: IncomingMessage): string | undefined {
  const type = url === '/graphql' ? acceptableTypes(accept).result : undefined;
  return type && `${type}; charset=utf-8`;
}

const requestFields: ReadonlySet<string> = new Set(['query', 'variables', 'operationName', 'extensions']);

/** Whether the request is well-formed for certain; if not, yoga reports what is wrong with it. */
function isOperation(params: GraphQLParams): params is Operation {
  if (!isObject(params) || typeof params.query !== 'string' || params.query === '') return false;
  const { operationName, variables, extensions } = params;
  return (
    Object.keys(params).every(name => requestFields.has(name)) &&
    (operationName == null || typeof operationName === 'string') &&
    (variables == null || isObject(variables)) &&
    (extensions == null || isObject(extensions))
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
