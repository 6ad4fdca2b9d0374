import { ApolloClient, gql } from '@apollo/client';
import { cacheExchange, Client as UrqlClient } from '@urql/core';
import type { Client as SocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { orderstreamApollo } from '../../src/client/apollo.ts';
import { createClient, webSocketTransport } from '../../src/client/graphql-ws.ts';
import { createSession, type Session } from '../../src/client/index.ts';
import { createStreamClient } from '../../src/client/sse.ts';
import { orderstreamExchanges } from '../../src/client/urql.ts';
import { type Arrived, type Count, countEvents, countStates, type Logged } from './count.ts';

export interface Subscriber {
  readonly name: string;
  readonly arrived: readonly Arrived[];
  /** Number of connections opened so far. */
  readonly connections: number;
  readonly count: (log: readonly Logged[], arrived: readonly Arrived[]) => Count;
  stop(): unknown;
}

interface Event {
  readonly position: string;
  readonly streamType: string;
  readonly streamId: string;
  readonly version: number;
}
interface Update {
  readonly position: string;
  readonly order: { readonly id: string; readonly version: number } | null;
}

const feed =
  'subscription ($after: Position) { eventsAppended(after: $after) { position streamType streamId version } }';
const list = 'subscription ($after: Position) { ordersUpdated(after: $after) { position order { id version } } }';
const one = 'subscription ($id: ID!) { orderUpdated(id: $id) { position order { id version } } }';

type Take = (data: { eventsAppended?: Event; ordersUpdated?: Update; orderUpdated?: Update }) => void;

/**
 * One subscriber of each kind. Each changes to the next node with each connection.
 * @param after position to start from
 * @param hot id of the order that one of them watches
 */
export function openSubscribers(options: {
  urls: readonly string[];
  token: string;
  after: string;
  hot: string;
}): Subscriber[] {
  const { urls, token, after, hot } = options;
  let next = 0;

  function subscriber(
    name: string,
    count: Subscriber['count'],
    open: (url: () => string, take: Take) => { stop(): unknown },
  ): Subscriber {
    const arrived: Arrived[] = [];
    const start = next++;
    let connections = 0;
    const url = () => urls[(start + connections++) % urls.length] ?? '';
    const opened = open(url, ({ eventsAppended: event, ordersUpdated, orderUpdated }) => {
      const update = ordersUpdated ?? orderUpdated;
      if (event?.streamType === 'order') arrived.push({ ...event, orderId: event.streamId });
      if (update?.order) {
        const { id: orderId, version } = update.order;
        arrived.push({ position: update.position, orderId, version });
      }
    });
    return {
      name,
      arrived,
      count,
      stop: () => opened.stop(),
      get connections() {
        return connections;
      },
    };
  }

  const sockets = (url: () => string): SocketClient =>
    createClient({ url: () => `${url().replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, token: () => token });

  function overSocket(query: string, variables: Record<string, unknown>) {
    return (url: () => string, take: Take) => {
      const client = sockets(url);
      client.subscribe<Parameters<Take>[0]>(
        { query, variables },
        { next: ({ data }) => data && take(data), error: console.error, complete: () => undefined },
      );
      return { stop: () => client.dispose() };
    };
  }

  function overStream(query: string, variables: Record<string, unknown>) {
    return (url: () => string, take: Take) => {
      const client = createStreamClient({ url: () => `${url()}/graphql`, token: () => token });
      const leave = client.subscribe<Parameters<Take>[0]>(
        { query, variables },
        { next: ({ data }) => data && take(data), error: console.error, complete: () => undefined },
      );
      return { stop: leave };
    };
  }

  function sessionOn(url: () => string): Session {
    return createSession({
      url: '/graphql',
      token: () => token,
      webSocket: WebSocket,
      transport: transport => webSocketTransport({ ...transport, url: () => `${url()}/graphql` }),
    });
  }

  function overApollo(query: string, variables: Record<string, unknown>) {
    return (url: () => string, take: Take) => {
      const session = sessionOn(url);
      const client = new ApolloClient(orderstreamApollo(session));
      client
        .subscribe<Parameters<Take>[0]>({ query: gql(query), variables })
        .subscribe(({ data }) => data && take(data));
      return {
        stop: () => {
          client.stop();
          session.close();
        },
      };
    };
  }

  function overUrql(query: string, variables: Record<string, unknown>) {
    return (url: () => string, take: Take) => {
      const session = sessionOn(url);
      const exchanges = orderstreamExchanges(session, cacheExchange);
      const client = new UrqlClient({ url: session.url, preferGetMethod: false, exchanges });
      client.subscription<Parameters<Take>[0]>(query, variables).subscribe(({ data }) => data && take(data));
      return {
        stop: () => {
          session.close();
        },
      };
    };
  }

  const ofHot = (log: readonly Logged[]) => log.filter(({ orderId }) => orderId === hot);
  return [
    subscriber('graphql-ws, every event', countEvents, overSocket(feed, { after })),
    subscriber('SSE, every event', countEvents, overStream(feed, { after })),
    subscriber('Apollo, all orders', countStates, overApollo(list, { after })),
    subscriber('urql, all orders', countStates, overUrql(list, { after })),
    subscriber('SSE, all orders', countStates, overStream(list, { after })),
    subscriber(
      'graphql-ws, one order',
      (log, arrived) => countStates(ofHot(log), arrived),
      overSocket(one, { id: hot }),
    ),
  ];
}
