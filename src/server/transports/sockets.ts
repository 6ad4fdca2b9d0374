import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionResult, FormattedExecutionResult, GraphQLError } from 'graphql';
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { type ServerOptions, WebSocketServer } from 'ws';
import type { Logger } from '../../telemetry/logger.ts';
import { AnsweringSocket } from './answering-socket.ts';
import { maximumSockets, type OpenPerCaller } from '../limits/open-per-caller.ts';
import { broken, forbidden, restarts, tryAgainLater } from './close-codes.ts';
import { isUnauthenticated, limitExceeded } from '../../graphql/coded-error.ts';
import type { Identity } from '../../graphql/context.ts';
import type { Identify } from '../authentication/identity.ts';
import type { Frames } from '../execution/frames/frame-delivery.ts';
import { SocketBackpressure } from './socket-backpressure.ts';
import type { Dependencies } from '../../graphql/dependencies.ts';
import { countOperation } from '../execution/operation-counts.ts';
import { formatError, presentError } from '../execution/present-error.ts';
import type { Pipeline, SocketExchange } from '../execution/pipeline.ts';
import { prepareOperation, type SocketOperation } from './socket-operation.ts';
import { SocketSubscription } from './socket-subscription.ts';
import type { TrustedDocuments } from '../limits/trusted-documents.ts';
import { callAt } from '../../async/call-at.ts';

const maxMessageBytes = 65_536;
const maxOperations = 100; // open at the same time on one socket
const pingIntervalMs = 12_000; // a client that does not answer a ping before the next one is disconnected
const closeTimeoutMs = 2_000; // how long clients have to answer the close frame
/** How long a client has to send connection_init. */
export const connectionInitTimeoutMs = 3_000;

interface Connection {
  /** The request that opened the socket. */
  readonly request: IncomingMessage;
  identity: Identity | undefined;
  readonly socket: AnsweringSocket;
  readonly unauthenticated: UnauthenticatedSocket;
  readonly backpressure: SocketBackpressure;
  /** All subscriptions of this socket, which end with it. graphql-ws loses a subscription if its id is reused. */
  readonly open: Set<Frames>;
  /** Payload of the message being handled, if it starts an operation. */
  startedOperation: SubscribePayload | undefined;
}

/** A socket whose client has not authenticated yet. */
export interface UnauthenticatedSocket {
  readonly address: string;
  /** Called when the client has authenticated: the socket no longer counts for its address. */
  readonly release: () => void;
}

/** WebSockets with the protocol graphql-transport-ws. */
export interface Sockets {
  /** Takes over a connection whose path, host and origin have been checked. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, unauthenticated: UnauthenticatedSocket): void;
  /** One function per open socket: it closes the socket after its operations in flight. The client reconnects. */
  closers(): (() => void)[];
  /** The number of open sockets. */
  count(): number;
  /** Closes the remaining sockets in the same way, and waits for operations in flight. */
  close(): Promise<void>;
}

export function openSockets(options: {
  dependencies: Dependencies;
  identify: Identify;
  logger: Logger;
  pipelineFor: (exchange: SocketExchange) => Pipeline;
  callers: OpenPerCaller;
  documents: TrustedDocuments;
  /** Whether the close frame explains what is wrong with a token: in development. */
  explains: boolean;
}): Sockets {
  const { dependencies, identify, logger, callers, explains } = options;
  const { counts, transportCounts } = dependencies;
  const executions = new Set<Promise<unknown>>();
  const responsive = new WeakSet<AnsweringSocket>();
  const backpressures = new WeakMap<AnsweringSocket, SocketBackpressure>();

  const protocol = makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: connectionInitTimeoutMs,
    async onConnect({ connectionParams, extra }) {
      extra.identity = await authenticate(connectionParams, extra);
      // The socket may have closed while its token was checked: then nothing would cancel the expiry timer.
      if (extra.identity === undefined || extra.socket.readyState !== extra.socket.OPEN) return false;
      extra.unauthenticated.release();
      const ended = callers.openSocket(extra.identity.actor);
      if (!ended) {
        extra.socket.closeAnswered(
          tryAgainLater,
          `LIMIT_EXCEEDED: a caller has at most ${maximumSockets} sockets open`,
        );
        return false;
      }
      const cancel = callAt(extra.identity.expiresAt * 1000, () => extra.socket.closeAnswered(forbidden, 'Forbidden'));
      extra.socket.once('close', cancel).once('close', ended);
      return true;
    },
    async onSubscribe({ extra, subscriptions, connectionParams }, _id, payload) {
      extra.startedOperation = payload;
      const errors = (found: readonly GraphQLError[]) => {
        countOperation(counts, 'unknown', found, 0);
        return found;
      };
      try {
        // `subscriptions` contains this operation already.
        if (Object.keys(subscriptions).length > maxOperations) {
          const message = `A socket has at most ${maxOperations} open operations.`;
          throw limitExceeded(message, maxOperations, { name: 'operations' });
        }
        const prepared = await prepareOperation(payload, connectionParams, extra, options);
        return 'pipeline' in prepared ? prepared : errors(prepared);
      } catch (error) {
        return errors([presentError(error, logger)]);
      }
    },
    execute: args => {
      const execution = (args as SocketOperation).pipeline.execute(args as SocketOperation);
      if (!(execution instanceof Promise)) return execution as ExecutionResult;
      executions.add(execution);
      return execution.finally(() => executions.delete(execution)) as Promise<ExecutionResult>;
    },
    subscribe: args =>
      (args as SocketOperation).pipeline.subscribe(args as SocketOperation) as Promise<
        AsyncIterableIterator<never> | ExecutionResult
      >,
    onOperation: ({ extra: { open, backpressure, socket } }, id, payload, _args, result) => {
      if (!(Symbol.asyncIterator in result)) return;
      const frames = result as unknown as Frames;
      // A closing socket does not wait for a subscription to end.
      socket.answered(payload);
      // The socket was closed while the subscription was opened: graphql-ws does not know this one, so it would stay.
      if (socket.isClosing || socket.readyState !== socket.OPEN) void frames.return();
      return new SocketSubscription(
        frames,
        socket,
        backpressure,
        id,
        open,
      ) as AsyncIterableIterator<never> as AsyncGenerator<never>;
    },
    onNext(_context, _id, _payload, _args, { errors, ...result }) {
      if (errors) return { ...result, errors: errors.map(formatError) } as FormattedExecutionResult;
    },
    onError: (_context, _id, _payload, errors) => errors.map(error => formatError(presentError(error, logger))),
  });

  /** Authenticates the client. Otherwise the socket is closed: without a valid token it is of no use. */
  async function authenticate(
    params: Readonly<Record<string, unknown>> | undefined,
    { socket, unauthenticated }: Connection,
  ): Promise<Identity | undefined> {
    const authorization = params?.['Authorization'] ?? params?.['authorization'];
    let fault: string | undefined;
    try {
      if (typeof authorization === 'string') return await identify(authorization);
      transportCounts?.authenticationFailed('missing');
    } catch (error) {
      if (!isUnauthenticated(error)) {
        socket.closeAnswered(tryAgainLater, 'Try again later');
        return undefined;
      }
      fault = error.message;
    }
    try {
      dependencies.admission?.admitStranger(unauthenticated.address);
    } catch {
      counts?.refused('rate');
      socket.closeAnswered(tryAgainLater, 'RATE_LIMITED: try again later');
      return undefined;
    }
    // A close frame has room for 123 bytes.
    if (explains && fault !== undefined) socket.closeAnswered(forbidden, fault.slice(0, 120));
    return undefined;
  }

  // `closeTimeout` is missing in the types of `ws`.
  const serverOptions: ServerOptions<typeof AnsweringSocket> & { readonly closeTimeout: number } = {
    noServer: true,
    WebSocket: AnsweringSocket,
    handleProtocols,
    maxPayload: maxMessageBytes,
    closeTimeout: closeTimeoutMs, // a client that does not answer the close frame is disconnected
    perMessageDeflate: false, // compression costs memory per socket, and sockets could not share a frame
  };
  const server = new WebSocketServer<typeof AnsweringSocket>(serverOptions);

  server.on(
    'connection',
    (socket: AnsweringSocket, request: IncomingMessage, unauthenticated: UnauthenticatedSocket) => {
      let handle = (_text: string): Promise<void> => Promise.resolve();
      const backpressure = new SocketBackpressure(socket, request.socket, () =>
        transportCounts?.slowReader('websocket'),
      );
      const connection: Connection = {
        request,
        identity: undefined,
        socket,
        unauthenticated,
        backpressure,
        open: new Set(),
        startedOperation: undefined,
      };
      const endSubscriptions = (): void => {
        for (const subscription of connection.open) void subscription.return();
      };
      transportCounts?.socketOpened();
      responsive.add(socket);
      backpressures.set(socket, backpressure);
      socket.on('pong', () => responsive.add(socket));
      socket.on('error', error => logger.debug({ err: error }, 'a socket failed'));
      const closed = protocol.opened(
        {
          protocol: socket.protocol,
          // Resolves when the operating system has the frame: a client that does not read delays its own source.
          send: text =>
            new Promise(resolve => {
              if (socket.readyState !== socket.OPEN) return resolve();
              socket.send(text, () => resolve());
              if (backpressure.isFull()) void backpressure.drained();
            }),
          close: (code = broken, reason) => socket.closeAnswered(code, reason),
          onMessage: listener => (handle = listener),
        },
        connection,
      );
      socket.on('message', (data: Buffer) => {
        const text = data.toString('utf8');
        if (socket.isClosing && beginsOperation(text)) return;
        connection.startedOperation = undefined;
        const handled = handle(text).catch((error: unknown) => {
          logger.error({ err: error }, 'handling a message failed');
          socket.closeAnswered(broken, 'Internal server error');
        });
        // onSubscribe sets it, synchronously: it is called before handle() waits for anything.
        const operation = connection.startedOperation as SubscribePayload | undefined;
        if (!operation) return;
        socket.began(operation);
        void handled.then(() => socket.answered(operation));
      });
      socket.once('closing', endSubscriptions);
      socket.once('close', (code, reason) => {
        endSubscriptions();
        transportCounts?.socketClosed(code);
        closed(code, reason.toString('utf8')).catch((error: unknown) => {
          logger.warn({ err: error }, 'cleaning up after a closed socket failed');
        });
      });
    },
  );

  // One timer for all sockets: two timers per socket would take most of the memory and time.
  const pings = setInterval(() => {
    for (const socket of server.clients) {
      // A client that does not read cannot answer a ping: its backpressure timeout decides.
      if (backpressures.get(socket)?.isFull() === true) responsive.add(socket);
      else if (!responsive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, pingIntervalMs);

  return {
    upgrade(request, socket, head, unauthenticated) {
      server.handleUpgrade(request, socket, head, opened =>
        server.emit('connection', opened, request, unauthenticated),
      );
    },
    count: () => server.clients.size,
    closers: () => [...server.clients].map(socket => () => socket.closeAnswered(restarts, 'Service restart')),
    async close() {
      clearInterval(pings);
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      // Each socket is terminated after closeTimeout if its client does not close its side.
      for (const socket of server.clients) socket.closeAnswered(restarts, 'Service restart');
      await closed;
      await Promise.allSettled(executions);
    },
  };
}

/** The message may be malformed. */
function beginsOperation(text: string): boolean {
  try {
    return (JSON.parse(text) as { readonly type?: unknown } | null)?.type === 'subscribe';
  } catch {
    return false;
  }
}
