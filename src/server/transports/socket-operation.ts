import type { IncomingMessage } from 'node:http';
import type { GraphQLError } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import type { GraphQLParams } from 'graphql-yoga';
import type { WebSocket } from 'ws';
import type { Logger } from '../../telemetry/logger.ts';
import { createContext, type Identity } from '../../graphql/context.ts';
import type { Dependencies } from '../../graphql/dependencies.ts';
import type { OperationArgs } from '../execution/execute.ts';
import { givenPosition } from '../execution/given-position.ts';
import type { Pipeline, SocketExchange } from '../execution/pipeline.ts';
import { checkJsonLevels } from '../limits/json-limits.ts';
import type { TrustedDocuments } from '../limits/trusted-documents.ts';

/** A valid operation, with the steps that execute it. */
export interface SocketOperation extends OperationArgs {
  readonly pipeline: Pipeline;
}

/**
 * Parses and validates an operation that a client has sent, and makes its context.
 * @returns the errors of validation, if there are any
 * @throws if the document or a position is malformed, or a limit is exceeded
 */
export async function prepareOperation(
  payload: SubscribePayload,
  connectionParams: SocketExchange['connectionParams'],
  connection: {
    readonly request: IncomingMessage;
    readonly socket: WebSocket;
    readonly identity: Identity | undefined;
    readonly unauthenticated: { readonly address: string };
  },
  options: {
    readonly dependencies: Dependencies;
    readonly logger: Logger;
    readonly pipelineFor: (exchange: SocketExchange) => Pipeline;
    readonly documents: TrustedDocuments;
  },
): Promise<SocketOperation | readonly GraphQLError[]> {
  checkJsonLevels(payload);
  const { request, socket, identity, unauthenticated } = connection;
  const { address } = unauthenticated;
  const { dependencies, logger, pipelineFor, documents } = options;
  const params = documents.named(payload);
  const { query, operationName, variables: variableValues, extensions } = params;
  const pipeline = pipelineFor({
    req: request,
    socket,
    connectionParams,
    params: params as GraphQLParams,
    progress: { requester: { viewer: identity?.actor, address } },
    openContext() {
      const after = givenPosition(extensions?.['after'], '`extensions.after`');
      const atLeast = givenPosition(extensions?.['atLeast'], '`extensions.atLeast`');
      return createContext(dependencies, logger, { identity, address, after, atLeast });
    },
  });
  const { schema } = pipeline;
  const document = pipeline.parse(query);
  const errors = pipeline.validate(schema, document);
  if (errors.length > 0) return errors;
  const contextValue = await pipeline.contextFactory();
  return { schema, document, operationName, variableValues, contextValue, pipeline };
}
