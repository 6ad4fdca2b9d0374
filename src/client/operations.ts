import type { DocumentNode } from 'graphql';
import type { Data, Variables } from './data.ts';
import type { Sink } from './iterate.ts';
import type { Answer } from './operation-session.ts';
import type { Session } from './session.ts';

/** The operations of one client: Apollo, urql, or a session alone. Live lists, commands and hooks are built on them. */
export interface Operations {
  readonly session: Session;
  /**
   * Sends a query, past any cache, and writes the answer to the client's cache.
   * @returns the data, with each entity in its newest known version
   * @throws OperationError
   */
  query(document: DocumentNode, variables: Variables, signal?: AbortSignal): Promise<Data>;
  /**
   * Sends a command.
   * @param viewer whose command it is: it is not sent with the token of another one. Default: the viewer of the token
   * @throws OperationError
   */
  mutate(document: DocumentNode, variables: Variables, viewer?: string): Promise<Data>;
  /**
   * Delivers frames in order, also after lost connections: none is missing and none comes twice.
   * @param sink its `error` and `complete` are final
   * @returns a function that ends the subscription
   */
  subscribe(document: DocumentNode, variables: Variables, sink: Sink<Answer>): () => void;
}
