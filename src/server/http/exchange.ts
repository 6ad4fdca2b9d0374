import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import type { GraphQLParams } from 'graphql-yoga';
import type { Requester } from '../limits/admission.ts';
import type { Identity } from '../../graphql/context.ts';

/** Who asks by HTTP. */
export interface HttpRequester extends Requester {
  readonly identity: Identity | undefined;
  /** Why they are nobody, though they gave a token. */
  readonly refusal?: unknown;
}

/** A request, its answer, and what was done of it so far. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Ties log lines, events and frames to it. */
  readonly id: string;
  readonly begun: Begun;
}

/** What was done for a request, by whichever way: where another one goes on, nothing of it may be done again. */
export interface Begun {
  asker?: HttpRequester;
  /** @throws what reading the request came to */
  params?: () => GraphQLParams;
  result?: ExecutionResult;
}
