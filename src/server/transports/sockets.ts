import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionResult, FormattedExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { type ServerOptions, WebSocketServer } from 'ws';
import type { Logger } from '../../telemetry/logger.ts';
import { AnsweringSocket } from './answering-socket.ts';
import { maximumSockets } from '../limits/open-per-caller.ts';
import { broken, forbidden, restarts, tryAgainLater } from './close-codes.ts';
import { isUnauthenticated, limitExceeded } from '../../graphql/coded-error.ts';
import { createContext, type Identity } from '../../graphql/context.ts';
import type { OperationArgs } from '../execution/execute.ts';
import type { Identify } from '../authentication/identity.ts';
import { checkJsonLevels } from '../limits/json-limits.ts';
import type { Frames } from '../execution/frames.ts';
import { executeOperation, type Subscribing, subscribeToOperation } from '../execution/operation.ts';
import { SocketBackpressure } from './socket-backpressure.ts';
import type { Dependencies } from '../../graphql/dependencies.ts';
import { formatError, presentError } from '../execution/present-error.ts';
import { givenPosition } from '../execution/given-position.ts';
import type { Pipeline } from '../execution/pipeline.ts';
import type { Requester } from '../limits/admission.ts';
import { SocketSubscription } from './socket-subscription.ts';
import type { TrustedDocuments } from '../limits/trusted-documents.ts';
import { callAt } from '../../async/call-at.ts';

const longestMessage = 65_536; // bytes
const mostOperations = 100; // open at a time on one socket
const pingInterval = 12_000; // ms; a client that leaves one unanswered is gone
const farewell = 2_000; // ms that clients get to close their side
/** ms until connection_init has to be there. */
export const introductionMs = 3_000;

interface Connection {
  identity: Identity | undefined;
  readonly socket: AnsweringSocket;
  readonly stranger: UnauthenticatedSocket;
  readonly outlet: SocketBackpressure;
  /** All subscriptions of this socket, to be ended with it: graphql-ws forgets one whose id is taken again. */
  readonly open: Set<Frames>;
  /** The operation that the message begins which is being handled. */
  begun: OperationArgs | undefined;
}

/** Who has not said yet who they are. */
export interface UnauthenticatedSocket {
  readonly address: string;
  /** Called when they have. */
  readonly introduced: () => void;
}

/** graphql-transport-ws, and nothing else. */
export interface Sockets {
  /** Takes over a connection whose path and origin are in order. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, stranger: UnauthenticatedSocket): void;
  /** Functions that close one socket each, once its operations in flight are answered: its client comes back. */
  goodbyes(): (() => void)[];
  /** Closes the remaining sockets in the same way, and waits for what is being executed. */
  close(): Promise<void>;
}

export function openSockets(options: {
  schema: GraphQLSchema;
  parts: Dependencies;
  identify: Identify;
  logger: Logger;
  /** Parses and validates for a requester, with all plugins. */
  pipelineFor: (requester: Requester) => Pipeline;
  subscribing: Subscribing;
  documents: TrustedDocuments;
  /** Whether the close frame says what is wrong with a token: in development. */
  explains: boolean;
}): Sockets {
  const { schema, parts, identify, logger, pipelineFor, subscribing, documents, explains } = options;
  const running = new Set<Promise<unknown>>();
  const alive = new WeakSet<AnsweringSocket>();
  const outlets = new WeakMap<AnsweringSocket, SocketBackpressure>();

  const protocol = makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: introductionMs,
    async onConnect({ connectionParams, extra }) {
      extra.identity = await introduced(connectionParams, extra);
      // Gone while its token was checked: nobody would cancel the timer.
      if (extra.identity === undefined || extra.socket.readyState !== extra.socket.OPEN) return false;
      extra.stranger.introduced();
      const ended = subscribing.callers.openSocket(extra.identity.actor);
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
    onSubscribe({ extra, subscriptions }, _id, payload) {
      try {
        // This one stands in it already.
        if (Object.keys(subscriptions).length > mostOperations) {
          throw limitExceeded(`A socket has at most ${mostOperations} operations open.`, mostOperations);
        }
        const operation = prepared(payload, extra);
        if ('document' in operation) extra.begun = operation;
        return operation;
      } catch (error) {
        return [presentError(error, logger)];
      }
    },
    execute: args => {
      const execution = executeOperation(args as OperationArgs);
      if (!(execution instanceof Promise)) return execution;
      running.add(execution);
      return execution.finally(() => running.delete(execution));
    },
    subscribe: async args =>
      (await subscribeToOperation(args as OperationArgs, subscribing)) as
        | AsyncIterableIterator<never>
        | ExecutionResult,
    onOperation: ({ extra: { open, outlet, socket } }, id, _payload, args, result) => {
      if (!(Symbol.asyncIterator in result)) return;
      const frames = result as unknown as Frames;
      // A closing socket does not wait for a subscription.
      socket.answered(args);
      // Closed while it was opened: graphql-ws has ended what it knew of by then.
      if (socket.isClosing || socket.readyState !== socket.OPEN) void frames.return();
      return new SocketSubscription(
        frames,
        socket,
        outlet,
        id,
        open,
      ) as AsyncIterableIterator<never> as AsyncGenerator<never>;
    },
    onNext(_context, _id, _payload, _args, { errors, ...result }) {
      if (errors) return { ...result, errors: errors.map(formatError) } as FormattedExecutionResult;
    },
    onError: (_context, _id, _payload, errors) => errors.map(error => formatError(presentError(error, logger))),
  });

  /** Nobody unknown stays: a socket without a token could only ask for what it is refused. */
  async function introduced(
    params: Readonly<Record<string, unknown>> | undefined,
    { socket, stranger }: Connection,
  ): Promise<Identity | undefined> {
    const authorization = params?.['Authorization'] ?? params?.['authorization'];
    let fault: string | undefined;
    try {
      if (typeof authorization === 'string') return await identify(authorization);
    } catch (error) {
      if (!isUnauthenticated(error)) {
        socket.closeAnswered(tryAgainLater, 'Try again later');
        return undefined;
      }
      fault = error.message;
    }
    try {
      parts.admission?.admitStranger(stranger.address);
    } catch {
      socket.closeAnswered(tryAgainLater, 'RATE_LIMITED: try again later');
      return undefined;
    }
    // A close frame takes 123 bytes.
    if (explains && fault !== undefined) socket.closeAnswered(forbidden, fault.slice(0, 120));
    return undefined;
  }

  function prepared(
    payload: SubscribePayload,
    { identity, stranger: { address } }: Connection,
  ): OperationArgs | readonly GraphQLError[] {
    checkJsonLevels(payload);
    const { parse, validate } = pipelineFor({ viewer: identity?.actor, address });
    const document = parse(documents.named(payload).query);
    const errors = validate(schema, document);
    if (errors.length > 0) return errors;
    const after = givenPosition(payload.extensions?.['after'], '`extensions.after`');
    const atLeast = givenPosition(payload.extensions?.['atLeast'], '`extensions.atLeast`');
    return {
      schema,
      document,
      operationName: payload.operationName,
      variableValues: payload.variables,
      contextValue: createContext(parts, logger, { identity, address, after, atLeast }),
    };
  }

  // Its types don't know `closeTimeout` yet.
  const serverOptions: ServerOptions<typeof AnsweringSocket> & { readonly closeTimeout: number } = {
    noServer: true,
    WebSocket: AnsweringSocket,
    handleProtocols,
    maxPayload: longestMessage,
    closeTimeout: farewell, // who does not say goodbye is gone all the same
    perMessageDeflate: false, // it costs memory for each socket, and a frame could not be shared among them
  };
  const server = new WebSocketServer<typeof AnsweringSocket>(serverOptions);

  server.on(
    'connection',
    (socket: AnsweringSocket, { socket: stream }: IncomingMessage, stranger: UnauthenticatedSocket) => {
      let handle = (_text: string): Promise<void> => Promise.resolve();
      const outlet = new SocketBackpressure(socket, stream);
      const connection: Connection = {
        identity: undefined,
        socket,
        stranger,
        outlet,
        open: new Set(),
        begun: undefined,
      };
      const endSubscriptions = (): void => {
        for (const one of connection.open) void one.return();
      };
      alive.add(socket);
      outlets.set(socket, outlet);
      socket.on('pong', () => alive.add(socket));
      socket.on('error', error => logger.debug({ err: error }, 'a socket failed'));
      const closed = protocol.opened(
        {
          protocol: socket.protocol,
          // Waits until the frame is with the operating system: a client that does not read holds up its own source.
          send: text =>
            new Promise(resolve => {
              if (socket.readyState !== socket.OPEN) return resolve();
              socket.send(text, () => resolve());
              if (outlet.isFull()) void outlet.drained();
            }),
          close: (code = broken, reason) => socket.closeAnswered(code, reason),
          onMessage: listener => (handle = listener),
        },
        connection,
      );
      socket.on('message', (data: Buffer) => {
        const text = data.toString('utf8');
        if (socket.isClosing && beginsOperation(text)) return;
        connection.begun = undefined;
        const handled = handle(text).catch((error: unknown) => {
          logger.error({ err: error }, 'a message was not handled');
          socket.closeAnswered(broken, 'Internal server error');
        });
        // Set by onSubscribe, which is called before the first wait.
        const operation = connection.begun as OperationArgs | undefined;
        if (!operation) return;
        socket.began(operation);
        void handled.then(() => socket.answered(operation));
      });
      socket.once('closing', endSubscriptions);
      socket.once('close', (code, reason) => {
        endSubscriptions();
        closed(code, reason.toString('utf8')).catch((error: unknown) => {
          logger.warn({ err: error }, 'a socket did not end well');
        });
      });
    },
  );

  // One timer for all: two a socket are what memory and time go to first.
  const pings = setInterval(() => {
    for (const socket of server.clients) {
      // One that does not read does not answer either: its outlet decides.
      if (outlets.get(socket)?.isFull() === true) alive.add(socket);
      else if (!alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, pingInterval);

  return {
    upgrade(request, socket, head, stranger) {
      server.handleUpgrade(request, socket, head, opened => server.emit('connection', opened, request, stranger));
    },
    goodbyes: () => [...server.clients].map(socket => () => socket.closeAnswered(restarts, 'Service restart')),
    async close() {
      clearInterval(pings);
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      // Each is terminated by itself if its client does not close its side.
      for (const socket of server.clients) socket.closeAnswered(restarts, 'Service restart');
      await closed;
      await Promise.allSettled(running);
    },
  };
}

/** A message of whatever client, well-formed or not. */
function beginsOperation(text: string): boolean {
  try {
    return (JSON.parse(text) as { readonly type?: unknown } | null)?.type === 'subscribe';
  } catch {
    return false;
  }
}
