import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { DocumentNode, ExecutionResult, FormattedExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import type { Logger } from '../logger.ts';
import { mostSockets } from './callers.ts';
import { broken, forbidden, restarts, tryAgainLater } from './close-codes.ts';
import { isUnauthenticated, limitExceeded } from './coded-error.ts';
import { createContext, type Identity } from './context.ts';
import type { Door } from './door.ts';
import type { OperationArgs } from './executed.ts';
import type { Identify } from './identity.ts';
import type { Frames, Taker } from './frames.ts';
import type { Payload } from './payload.ts';
import { executeOperation, type Subscribing, subscribeToOperation } from './operation.ts';
import { Outlet } from './outlet.ts';
import type { Parts } from './parts.ts';
import { formatError, presentError } from './present-error.ts';
import { givenPosition } from './request.ts';
import type { TrustedDocuments } from './trusted-documents.ts';
import { callAt } from './timer.ts';

const longestMessage = 65_536; // bytes
const mostOperations = 100; // open at a time on one socket
const pingInterval = 12_000; // ms; a client that leaves one unanswered is gone
const farewell = 2_000; // ms that clients get to close their side
/** Until connection_init has to be there. */
export const introductionMs = 3_000;
const isOpen = WebSocket.OPEN;

interface Connection {
  identity: Identity | undefined;
  readonly socket: WebSocket;
  readonly stranger: Stranger;
  readonly outlet: Outlet;
  /** Everything that was subscribed to here, to be ended with the socket: graphql-ws forgets one whose id is taken again. */
  readonly open: Set<Frames>;
}

/** Who has not said yet who they are. */
export interface Stranger {
  readonly address: string;
  /** Called when they have. */
  readonly introduced: () => void;
}

/** graphql-transport-ws, and nothing else. */
export interface Sockets {
  /** Takes over a connection whose path and origin are in order. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, stranger: Stranger): void;
  /** What sends each socket away, to come back. */
  goodbyes(): (() => void)[];
  /** Sends away who is still there, and waits for what is being executed. */
  close(): Promise<void>;
}

export function openSockets(options: {
  schema: GraphQLSchema;
  parts: Parts;
  identify: Identify;
  logger: Logger;
  door: Door;
  subscribing: Subscribing;
  documents: TrustedDocuments;
  /** Whether the close frame says what is wrong with a token: in development. */
  explains: boolean;
}): Sockets {
  const { schema, parts, identify, logger, door, subscribing, documents, explains } = options;
  const running = new Set<Promise<unknown>>();
  const alive = new WeakSet<WebSocket>();
  const outlets = new WeakMap<WebSocket, Outlet>();

  const protocol = makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: introductionMs,
    async onConnect({ connectionParams, extra }) {
      extra.identity = await introduced(connectionParams, extra);
      // Gone while its token was checked: nobody would cancel the timer.
      if (extra.identity === undefined || extra.socket.readyState !== extra.socket.OPEN) return false;
      extra.stranger.introduced();
      const ended = subscribing.callers.openSocket(extra.identity.actor);
      if (!ended) {
        extra.socket.close(tryAgainLater, `LIMIT_EXCEEDED: a caller has at most ${mostSockets} sockets open`);
        return false;
      }
      const cancel = callAt(extra.identity.expiresAt * 1000, () => extra.socket.close(forbidden, 'Forbidden'));
      extra.socket.once('close', cancel).once('close', ended);
      return true;
    },
    onSubscribe({ extra, subscriptions }, _id, payload) {
      try {
        // This one stands in it already.
        if (Object.keys(subscriptions).length > mostOperations) {
          throw limitExceeded(`A socket has at most ${mostOperations} operations open.`, mostOperations);
        }
        return prepared(payload, extra);
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
    onOperation: ({ extra: { open, outlet, socket } }, id, _payload, _args, result) => {
      if (!(Symbol.asyncIterator in result)) return;
      const frames = result as unknown as Frames;
      // Gone while it was opened: graphql-ws has ended what it knew of by then.
      if (socket.readyState !== socket.OPEN) void frames.return();
      return new Parked(frames, socket, outlet, id, open) as AsyncIterableIterator<never> as AsyncGenerator<never>;
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
    try {
      if (typeof authorization === 'string') return await identify(authorization);
    } catch (error) {
      if (!isUnauthenticated(error)) {
        socket.close(tryAgainLater, 'Try again later');
        return undefined;
      }
      // A close frame takes 123 bytes.
      if (explains) socket.close(forbidden, error.message.slice(0, 120));
    }
    try {
      parts.admission?.admitStranger(stranger.address);
    } catch {
      socket.close(tryAgainLater, 'RATE_LIMITED: try again later');
    }
    return undefined;
  }

  function prepared(
    payload: SubscribePayload,
    { identity, stranger: { address } }: Connection,
  ): OperationArgs | readonly GraphQLError[] {
    const { parse, validate } = door.pipelineFor({ viewer: identity?.actor, address });
    const document = parse(documents.named(payload).query) as DocumentNode;
    const errors = validate(schema, document) as readonly GraphQLError[];
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
  const serverOptions: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    handleProtocols,
    maxPayload: longestMessage,
    closeTimeout: farewell, // who does not say goodbye is gone all the same
    perMessageDeflate: false, // it costs memory for each socket, and a frame could not be shared among them
  };
  const server = new WebSocketServer(serverOptions);

  server.on('connection', (socket: WebSocket, { socket: stream }: IncomingMessage, stranger: Stranger) => {
    const listeners: ((text: string) => Promise<void>)[] = [];
    const outlet = new Outlet(socket, stream);
    const connection: Connection = { identity: undefined, socket, stranger, outlet, open: new Set() };
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
        close: (code, reason) => socket.close(code, reason),
        onMessage: listener => listeners.push(listener),
      },
      connection,
    );
    socket.on('message', (data: Buffer) => {
      for (const listener of listeners) {
        listener(data.toString('utf8')).catch((error: unknown) => {
          logger.error({ err: error }, 'a message was not handled');
          socket.close(broken, 'Internal server error');
        });
      }
    });
    socket.once('close', (code, reason) => {
      for (const one of connection.open) void one.return();
      closed(code, reason.toString('utf8')).catch((error: unknown) => {
        logger.warn({ err: error }, 'a socket did not end well');
      });
    });
  });

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
    goodbyes: () => [...server.clients].map(socket => () => socket.close(restarts, 'Service restart')),
    async close() {
      clearInterval(pings);
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      for (const socket of server.clients) socket.close(restarts, 'Service restart');
      const impatience = setTimeout(() => {
        for (const socket of server.clients) socket.terminate();
      }, farewell);
      await closed;
      clearTimeout(impatience);
      await Promise.allSettled(running);
    },
  };
}

/**
 * What graphql-ws is given to wait for. It would make each frame a message of its own; so the frames go to the socket
 * beside it, as they were made for all, and all that it sees is the end.
 */
class Parked implements AsyncIterableIterator<never>, Taker {
  readonly #frames: Frames;
  readonly #socket: WebSocket;
  readonly #outlet: Outlet;
  /** The outlet's: one thing less to look up for each frame. */
  readonly #stream: Duplex;
  readonly #id: string;
  readonly #open: Connection['open'];
  #over: ((result: IteratorReturnResult<undefined>) => void) | undefined;

  constructor(frames: Frames, socket: WebSocket, outlet: Outlet, id: string, open: Connection['open']) {
    this.#frames = frames;
    this.#socket = socket;
    this.#outlet = outlet;
    this.#stream = outlet.stream;
    this.#id = id;
    this.#open = open;
    open.add(frames);
  }

  take(payload: Payload): boolean {
    if (this.#socket.readyState !== isOpen) void this.#frames.return();
    // Beside `ws`, which would write the header by itself, for each socket anew. Without compression it writes each of
    // its own frames at once and whole, so that this one stands between two of them.
    else if (payload.writeTo(this.#stream, this.#id) && !this.#outlet.isStalled) return true;
    else void this.#outlet.drained().then(() => this.#frames.more());
    return false;
  }

  ended(): void {
    this.#open.delete(this.#frames);
    this.#over?.({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorReturnResult<undefined>> {
    return new Promise(resolve => {
      this.#over = resolve;
      this.#frames.flow(this);
    });
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#open.delete(this.#frames);
    await this.#frames.return();
    return { value: undefined, done: true };
  }
}
