import type { IncomingMessage } from 'node:http';
import type { DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import type { GraphQLParams } from 'graphql-yoga';
import type { WebSocket } from 'ws';
import type { Context } from '../../graphql/context.ts';
import type { Requester } from '../limits/admission.ts';
import type { OperationArgs } from './execute.ts';
import type { Frames } from './frames/frame-delivery.ts';

/** The steps of an operation on a socket. With plugins they are yoga's, with the hooks of all plugins. */
export interface Pipeline {
  readonly schema: GraphQLSchema;
  readonly parse: (source: string) => DocumentNode;
  readonly validate: (schema: GraphQLSchema, document: DocumentNode) => readonly GraphQLError[];
  readonly contextFactory: () => Context | Promise<Context>;
  readonly execute: (args: OperationArgs) => OperationResult | Promise<OperationResult>;
  readonly subscribe: (args: OperationArgs) => Promise<OperationResult>;
}

/** One response, or the frames of a subscription. */
export type OperationResult = ExecutionResult | Frames;

/** What is known of an operation before its steps: for plugins, the start of its context. */
export interface OperationProgress {
  requester?: Requester;
  /** Of a subscription, as they were before any plugin. */
  frames?: Frames;
  /** The operation was begun, which counts it. */
  isCounted?: true;
}

/** An operation on a socket, as it arrived. */
export interface SocketExchange {
  /** The request that opened the socket. */
  readonly req: IncomingMessage;
  readonly socket: WebSocket;
  /** Payload of connection_init. */
  readonly connectionParams: Readonly<Record<string, unknown>> | undefined;
  readonly params: GraphQLParams;
  readonly progress: OperationProgress;
  /** @throws BAD_USER_INPUT if a position is malformed */
  readonly openContext: () => Context;
}
