import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { cacheExchange, Client as UrqlClient, type Exchange, fetchExchange, subscriptionExchange } from '@urql/core';
import { cacheExchange as graphcache } from '@urql/exchange-graphcache';
import { createClient as createSseClient } from 'graphql-sse';
import { OperationTypeNode } from 'graphql';
import { type Client as SocketClient, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { orderstreamApollo } from '../../src/client/apollo.ts';
import { createClient as createResumingClient } from '../../src/client/graphql-ws.ts';
import { createSession, keys, possibleTypes, type Session } from '../../src/client/index.ts';
import { createStreamClient, eventStreamTransport } from '../../src/client/sse.ts';
import type { OpenTransport } from '../../src/client/transport.ts';
import { orderstreamExchanges } from '../../src/client/urql.ts';
import { noteOpen } from './left-open.ts';
import { post } from './post.ts';
import type { Answer } from './typed-document.ts';

// Apollo's link uses this global when a socket fails; Node has it from version 22 on, browsers always had.
Object.assign(globalThis, { WebSocket: (globalThis as { WebSocket?: unknown }).WebSocket ?? WebSocket });

type Variables = Record<string, unknown>;

/** The operations that a journey needs of any client; each returns what the client gives to a page. */
export interface AnyClient {
  ask<Data>(document: string, variables: Variables): Promise<Answer<Data>>;
  /** Calls back with the data of each frame; returns a function that ends it. */
  watch<Data>(document: string, variables: Variables, onData: (data: Data) => void): () => void;
  close(): Promise<void>;
}

export interface Connection {
  /** Root URL, e.g. `http://127.0.0.1:4000`; a function is called for each connection. */
  readonly url: string;
  /** Called for each connection. */
  readonly token: (refused: boolean) => string | Promise<string>;
  /** Called with the errors that ended a subscription. */
  readonly onError?: ((error: unknown) => void) | undefined;
  readonly onResync?: (() => void) | undefined;
  readonly fetch?: typeof fetch | undefined;
}

type Open = (connection: Connection) => AnyClient;

/** The stock clients. */
export const stockClients: Readonly<Record<string, Open>> = {
  'Apollo Client': stockApollo,
  'urql with its document cache': connection => stockUrql(connection, cacheExchange),
  'urql with Graphcache': connection => stockUrql(connection, graphcache({ keys, possibleTypes })),
  'graphql-ws': connection => socket(connection, socketClient(connection)),
  'graphql-sse': connection => sse(connection),
};

/** The same clients on a session of ours. */
export const resumingClients: Readonly<Record<string, Open>> = {
  'Apollo Client': connection => {
    const session = sessionOf(connection);
    return apollo(connection, new ApolloClient(orderstreamApollo(session)), () => session.close());
  },
  'urql with its document cache': connection => onSession(connection, sessionOf(connection), cacheExchange),
  'urql with Graphcache, over SSE': connection =>
    onSession(connection, sessionOf(connection, eventStreamTransport), graphcache({ keys, possibleTypes })),
  'graphql-ws': connection => socket(connection, resuming(connection)),
  'the EventSource client': connection => stream(connection),
};

function sessionOf(connection: Connection, transport?: OpenTransport): Session {
  const { token, onResync, fetch: fetched } = connection;
  return createSession({
    url: endpoint(connection),
    token,
    onResync,
    fetch: fetched,
    webSocket: WebSocket,
    transport,
  });
}

function onSession(connection: Connection, session: Session, cache: Exchange): AnyClient {
  const client = new UrqlClient({
    url: session.url,
    preferGetMethod: false,
    exchanges: orderstreamExchanges(session, cache),
    requestPolicy: 'network-only',
  });
  return urql(connection, client, () => session.close());
}

const endpoint = ({ url }: Connection) => `${url}/graphql`;
const socketUrl = (connection: Connection) => endpoint(connection).replace(/^http/, 'ws');

function socketClient(connection: Connection): SocketClient {
  return createClient({
    url: socketUrl(connection),
    webSocketImpl: WebSocket,
    connectionParams: async () => ({ Authorization: `Bearer ${await connection.token(false)}` }),
  });
}

function resuming(connection: Connection): SocketClient {
  const { token, onResync } = connection;
  return createResumingClient({ url: socketUrl(connection), webSocketImpl: WebSocket, token, onResync });
}

/** Registers the client, so that a test that does not close it fails. */
function noted(what: string, client: Omit<AnyClient, 'close'>, close: () => unknown): AnyClient {
  const note = noteOpen(what, close);
  return {
    ...client,
    close: async () => {
      note.closed();
      await close();
    },
  };
}

function authorised({ token, fetch: fetched = fetch }: Connection): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${await token(false)}`);
    return fetched(input, { ...init, headers });
  };
}

function stockApollo(connection: Connection): AnyClient {
  const sockets = socketClient(connection);
  const link = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(sockets),
    new HttpLink({ uri: endpoint(connection), fetch: authorised(connection) }),
  );
  const client = new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes }) });
  return apollo(connection, client, () => sockets.dispose());
}

function apollo(connection: Connection, client: ApolloClient, close: () => unknown): AnyClient {
  return noted(
    'Apollo Client',
    {
      ask: async (document, variables) => {
        const query = gql(document);
        const { data, error } = document.startsWith('mutation')
          ? await client.mutate({ mutation: query, variables, errorPolicy: 'all' })
          : await client.query({ query, variables, errorPolicy: 'all', fetchPolicy: 'network-only' });
        return {
          data,
          ...(error && { errors: [{ message: error.message, extensions: { code: error.name } }] }),
        } as never;
      },
      watch: (document, variables, onData) => {
        const subscription = client.subscribe({ query: gql(document), variables }).subscribe({
          next: ({ data, error }) => (error ? connection.onError?.(error) : onData(data as never)),
          error: connection.onError ?? (() => undefined),
        });
        return () => subscription.unsubscribe();
      },
    },
    async () => {
      client.stop();
      await close();
    },
  );
}

function stockUrql(connection: Connection, cache: Exchange): AnyClient {
  const sockets = socketClient(connection);
  const transport = subscriptionExchange({
    forwardSubscription: request => ({
      subscribe: sink => ({
        unsubscribe: sockets.subscribe({ ...request, query: request.query ?? '' }, sink as never),
      }),
    }),
  });
  const client = new UrqlClient({
    url: endpoint(connection),
    fetch: authorised(connection),
    preferGetMethod: false,
    exchanges: [cache, transport, fetchExchange],
    requestPolicy: 'network-only',
  });
  return urql(connection, client, () => sockets.dispose());
}

function urql(connection: Connection, client: UrqlClient, close: () => unknown): AnyClient {
  return noted(
    'urql',
    {
      ask: async (document, variables) => {
        const { data, error } = document.startsWith('mutation')
          ? await client.mutation(document, variables).toPromise()
          : await client.query(document, variables).toPromise();
        return { data, ...(error && { errors: [{ message: error.message, extensions: { code: error.name } }] }) };
      },
      watch: (document, variables, onData) => {
        const subscription = client.subscription(document, variables).subscribe(({ data, error }) => {
          if (error) connection.onError?.(error);
          else if (data) onData(data as never);
        });
        return () => subscription.unsubscribe();
      },
    },
    close,
  );
}

function socket(connection: Connection, client: SocketClient): AnyClient {
  return noted(
    'graphql-ws',
    {
      ask: async (query, variables) => {
        const { value } = await client.iterate({ query, variables }).next();
        return value as never;
      },
      watch: (query, variables, onData) =>
        client.subscribe(
          { query, variables },
          {
            next: ({ data, errors }) => (data ? onData(data as never) : connection.onError?.(errors)),
            error: connection.onError ?? (() => undefined),
            complete: () => undefined,
          },
        ),
    },
    () => client.dispose(),
  );
}

/** Queries and commands beside a stream are sent over plain HTTP. */
function asking(connection: Connection): AnyClient['ask'] {
  return async (document, variables) =>
    (await post(connection.url, document, variables, { token: await connection.token(false) })) as never;
}

function sse(connection: Connection): AnyClient {
  const client = createSseClient({
    url: endpoint(connection),
    headers: async () => ({ authorization: `Bearer ${await connection.token(false)}` }),
  });
  return noted(
    'graphql-sse',
    {
      ask: asking(connection),
      watch: (query, variables, onData) =>
        client.subscribe(
          { query, variables },
          {
            next: ({ data, errors }) => (data ? onData(data as never) : connection.onError?.(errors)),
            error: connection.onError ?? (() => undefined),
            complete: () => undefined,
          },
        ),
    },
    () => client.dispose(),
  );
}

function stream(connection: Connection): AnyClient {
  const { token, onResync } = connection;
  const client = createStreamClient({ url: endpoint(connection), token, onResync });
  const open = new Set<() => void>();
  return noted(
    'EventSource client',
    {
      ask: asking(connection),
      watch: (query, variables, onData) => {
        const leave = client.subscribe(
          { query, variables },
          {
            next: ({ data, errors }) => (data ? onData(data as never) : connection.onError?.(errors)),
            error: connection.onError ?? (() => undefined),
            complete: () => undefined,
          },
        );
        open.add(leave);
        return leave;
      },
    },
    () => {
      for (const leave of open) leave();
    },
  );
}
