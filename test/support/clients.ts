import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { cacheExchange, Client as UrqlClient, type Exchange, fetchExchange, subscriptionExchange } from '@urql/core';
import { cacheExchange as graphcache } from '@urql/exchange-graphcache';
import { createClient as createSseClient } from 'graphql-sse';
import { OperationTypeNode } from 'graphql';
import { type Client as SocketClient, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { orderstreamLink } from '../../src/client/apollo.ts';
import { createClient as createResumingClient } from '../../src/client/graphql-ws.ts';
import { createSeen, keys, possibleTypes, typePolicies } from '../../src/client/index.ts';
import { createStreamClient } from '../../src/client/sse.ts';
import { orderstreamExchange } from '../../src/client/urql.ts';
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
  'Apollo Client': connection => apollo(connection, socketClient(connection), []),
  'urql with its document cache': connection => urql(connection, socketClient(connection), [cacheExchange]),
  'urql with Graphcache': connection => urql(connection, socketClient(connection), [graphcache({ keys })]),
  'graphql-ws': connection => socket(connection, socketClient(connection)),
  'graphql-sse': connection => sse(connection),
};

/** The same clients with our links. */
export const resumingClients: Readonly<Record<string, Open>> = {
  'Apollo Client': connection => {
    const { seen, onResync } = { seen: createSeen(), ...connection };
    return apollo(connection, resuming(connection, seen), [orderstreamLink({ seen, onResync })]);
  },
  'Apollo Client on a stock graphql-ws': connection =>
    apollo(connection, socketClient(connection), [orderstreamLink(connection)]),
  'urql with its document cache': connection => {
    const { seen, onResync } = { seen: createSeen(), ...connection };
    return urql(connection, resuming(connection, seen), [cacheExchange, orderstreamExchange({ seen, onResync })]);
  },
  'urql with Graphcache, over SSE': connection =>
    urql(connection, undefined, [graphcache({ keys }), orderstreamExchange(connection)]),
  'graphql-ws': connection => socket(connection, resuming(connection, createSeen(), connection.onResync)),
  'the EventSource client': connection => stream(connection),
};

const endpoint = ({ url }: Connection) => `${url}/graphql`;
const socketUrl = (connection: Connection) => endpoint(connection).replace(/^http/, 'ws');

function socketClient(connection: Connection): SocketClient {
  return createClient({
    url: socketUrl(connection),
    webSocketImpl: WebSocket,
    connectionParams: async () => ({ Authorization: `Bearer ${await connection.token(false)}` }),
  });
}

/** @param onResync called on RESYNC, if no link above handles it */
function resuming(connection: Connection, seen = createSeen(), onResync?: () => void): SocketClient {
  const { token } = connection;
  return createResumingClient({ url: socketUrl(connection), webSocketImpl: WebSocket, token, seen, onResync });
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

function apollo(connection: Connection, sockets: SocketClient, links: ApolloLink[]): AnyClient {
  const http = new HttpLink({ uri: endpoint(connection), fetch: authorised(connection) });
  const split = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(sockets),
    http,
  );
  const client = new ApolloClient({
    link: ApolloLink.from([...links, split]),
    cache: new InMemoryCache({ possibleTypes, ...(links.length > 0 && { typePolicies }) }),
  });
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
      await sockets.dispose();
    },
  );
}

function urql(connection: Connection, sockets: SocketClient | undefined, exchanges: Exchange[]): AnyClient {
  const transport = sockets && [
    subscriptionExchange({
      forwardSubscription: request => ({
        subscribe: sink => ({
          unsubscribe: sockets.subscribe({ ...request, query: request.query ?? '' }, sink as never),
        }),
      }),
    }),
  ];
  const client = new UrqlClient({
    url: endpoint(connection),
    fetch: authorised(connection),
    fetchSubscriptions: transport === undefined,
    preferGetMethod: false,
    exchanges: [...exchanges, ...(transport ?? []), fetchExchange],
    requestPolicy: 'network-only',
  });
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
    () => sockets?.dispose(),
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
