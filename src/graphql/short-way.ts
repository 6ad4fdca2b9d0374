import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  type GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
} from 'graphql';
import type { GraphQLParams, YogaServerInstance } from 'graphql-yoga';
import type { Logger } from '../logger.ts';
import type { Context } from './context.ts';
import { presentError } from './present-error.ts';

export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** What was done for a request before it was left to yoga: nothing of it may be done again. */
export interface Begun {
  /** @throws what reading the request came to */
  readonly params: () => GraphQLParams;
  readonly result?: ExecutionResult;
}

type Operation = GraphQLParams & { readonly query: string };

/** What yoga says is `any`. */
interface Pipeline {
  readonly schema: GraphQLSchema;
  readonly parse: (source: string) => DocumentNode;
  readonly validate: (schema: GraphQLSchema, document: DocumentNode) => readonly GraphQLError[];
  readonly contextFactory: () => Context | Promise<Context>;
  readonly execute: (args: ExecutionArgs) => Promise<ExecutionResult>;
}

/** What yoga answers with, by `Accept` without spaces. Whoever would take a stream, or asks for what is not here, gets yoga. */
const answerTypes: ReadonlyMap<string, string> = new Map([
  ['*/*', 'application/json'],
  ['application/json', 'application/json'],
  ['application/graphql-response+json', 'application/graphql-response+json'],
  ['application/graphql-response+json,application/json', 'application/graphql-response+json'],
]);

/**
 * Answers the plain case, a POST of JSON for one query or mutation that succeeds, without yoga's way from node:http to
 * `Request`, `Response` and back: 5 to 12 % of a command's CPU in this process. Parsing, validation, context and execution
 * are yoga's pipeline with all its plugins; whatever is not the plain case, errors above all, yoga answers.
 * @param parts.read what the request asks for
 * @param parts.begun told to yoga's plugins (see door.ts) of each request that goes on there
 */
export function openShortWay(parts: {
  yoga: YogaServerInstance<Exchange, Context>;
  read: (request: IncomingMessage) => Promise<GraphQLParams>;
  begun: WeakMap<IncomingMessage, Begun>;
  logger: Logger;
}): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { yoga, read, begun, logger } = parts;

  async function answered(request: IncomingMessage, response: ServerResponse, type: string): Promise<boolean> {
    let params: GraphQLParams;
    try {
      params = await read(request);
    } catch (error) {
      begun.set(request, { params: () => raise(error) });
      return false;
    }
    const result = isOperation(params) ? await perform({ req: request, res: response }, params) : undefined;
    if (result === undefined) {
      begun.set(request, { params: () => params });
      return false;
    }
    if (result.errors !== undefined || result.extensions?.['http'] !== undefined) {
      begun.set(request, { params: () => params, result });
      return false;
    }
    const text = JSON.stringify(result);
    const length = Buffer.byteLength(text);
    response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, 'Content-Length': length }).end(text);
    return true;
  }

  /** @returns undefined for a subscription, or no one operation: nothing is done of it but that it was read */
  async function perform(exchange: Exchange, params: Operation): Promise<ExecutionResult | undefined> {
    try {
      const pipeline: Pipeline = yoga.getEnveloped({ ...exchange, params });
      const { schema, parse, validate, contextFactory, execute } = pipeline;
      const document = parse(params.query);
      const { operationName, variables: variableValues } = params;
      // Where it can't be said which operation is meant, yoga says so.
      const operation = getOperationAST(document, operationName);
      if (!operation || operation.operation === OperationTypeNode.SUBSCRIPTION) return undefined;
      const errors = validate(schema, document);
      if (errors.length > 0) return { errors };
      const contextValue = await contextFactory();
      return await execute({ schema, document, contextValue, variableValues, operationName });
    } catch (error) {
      return { errors: [presentError(error, logger)] };
    }
  }

  return async (request, response) => {
    const type = answerType(request);
    if (type !== undefined && (await answered(request, response, type))) return;
    await yoga(request, response);
  };
}

function answerType({ method, url, headers: { accept = '*/*' } }: IncomingMessage): string | undefined {
  return method === 'POST' && url === '/graphql' ? answerTypes.get(accept.replaceAll(' ', '')) : undefined;
}

const members: ReadonlySet<string> = new Set(['query', 'variables', 'operationName', 'extensions']);

/** Whether it is without doubt one that yoga takes; what is wrong with another one, yoga says. */
function isOperation(params: GraphQLParams): params is Operation {
  if (!isObject(params) || typeof params.query !== 'string' || params.query === '') return false;
  const { operationName, variables, extensions } = params;
  return (
    Object.keys(params).every(name => members.has(name)) &&
    (operationName == null || typeof operationName === 'string') &&
    (variables == null || isObject(variables)) &&
    (extensions == null || isObject(extensions))
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function raise(error: unknown): never {
  throw error;
}
