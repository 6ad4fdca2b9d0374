import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import type { GraphQLParams } from 'graphql-yoga';
import type { Frames } from '../execution/frames/frame-delivery.ts';
import type { OperationProgress } from '../execution/pipeline.ts';
import type { Requester } from '../limits/admission.ts';
import type { Identity } from '../../graphql/context.ts';

/** The caller of an HTTP request. */
export interface HttpRequester extends Requester {
  readonly identity: Identity | undefined;
  /** Why the caller is not authenticated although a token was sent: the error. */
  readonly tokenError?: unknown;
}

/** A request, its response, and its progress. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Correlation id: log lines, events and frames of this request carry it. */
  readonly id: string;
  readonly progress: RequestProgress;
}

/**
 * The steps of a request that are done already. If the fast path passes the request on to yoga, no step may run a
 * second time.
 */
export interface RequestProgress extends OperationProgress {
  requester?: HttpRequester;
  /** @throws the error with which reading the request failed */
  params?: () => GraphQLParams;
  result?: ExecutionResult;
  /** The response of a subscription: its frames follow when all plugins have seen it. */
  stream?: { readonly response: Response; readonly frames: Frames };
}
