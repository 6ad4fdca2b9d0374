import type { ConnectionStatus } from './connection-state.ts';
import type { Flow, Sink } from './iterate.ts';
import type { Answer, OperationOptions } from './operation-session.ts';
import type { Seen } from './seen.ts';
import type { Token } from './token.ts';

/** An operation in the form in which it is sent. */
export interface StreamRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

export interface TransportOptions {
  /** URL of the endpoint, `http:` or `https:`; or a function that returns it, called for each connection. */
  readonly url: string | (() => string | Promise<string>);
  readonly token?: Token | undefined;
  readonly seen: Seen;
  readonly onResync: (position: string | undefined) => void;
  readonly onStatus: (status: ConnectionStatus) => void;
  readonly fetch?: typeof fetch | undefined;
  /** The constructor `WebSocket`, if there is no global one. */
  readonly webSocket?: unknown;
}

/** Carries the subscriptions of one viewer, and resumes each of them after a lost connection. */
export interface Transport {
  /** @param admit see `OperationOptions` */
  open(request: StreamRequest, sink: Sink<Answer>, admit: OperationOptions['admit']): Flow;
  /** Connects again, because the token is about to expire. Subscriptions resume after their last frames. */
  renew(): void;
  /** The network may be back: connects now, or checks at once that the connection still works. */
  wake(): void;
  /** Ends all subscriptions and connections at once and for good. */
  close(): void;
}

export type OpenTransport = (options: TransportOptions) => Transport;
