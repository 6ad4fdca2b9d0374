import { type Client, type ClientOptions as SocketOptions, createClient as createSocketClient } from 'graphql-ws';
import { awaitServer, mostFailedSockets } from './await-server.ts';
import { type Answer, type ClientOptions, type OperationOptions, openOperationSession } from './operation-session.ts';
import { type Flow, iterate } from './iterate.ts';
import { watchLiveness } from './liveness.ts';
import { createPauses } from './pauses.ts';
import { fetchToken, mostRefusals, type Token } from './token.ts';
import { mostRetries, reconnectWait, retryWait } from './retry-wait.ts';
import { createSeen } from './seen.ts';
import type { OpenTransport } from './transport.ts';

/** Time over which clients spread their reconnects when a node restarts, ms; other nodes are available. */
const restartSpread = 200;

const restarts = 1012;
const tryAgainLater = 1013;
const forbidden = 4403;

export interface ResumingSocketOptions extends SocketOptions, ClientOptions {
  /** Called for each connection; replaces `connectionParams`. */
  readonly token?: Token | undefined;
}

/** The subscription in its last sent form. */
interface Sent {
  /** True if this client ended it in order to send it again. */
  left: boolean;
  end: () => void;
}

export interface ResumingClient extends Client {
  /** The network may be back: connects now, or checks at once that the connection still works. */
  wake(): void;
}

/**
 * A graphql-ws client that reconnects within 2 s of a lost connection, notices a silently lost one within 4 s, resumes
 * after the last received frame, and reads its own writes. Everything else is as in graphql-ws.
 */
export function createClient(options: ResumingSocketOptions): ResumingClient {
  return createFlows(options).client;
}

/** Carries the subscriptions of a session over one WebSocket. */
export const webSocketTransport: OpenTransport = ({ url, token, seen, onResync, onStatus, webSocket }) => {
  let closed = false;
  const { client, open } = createFlows({
    url: async () => (typeof url === 'function' ? await url() : url).replace(/^http/, 'ws'),
    seen,
    onResync,
    token,
    ...(webSocket !== undefined && { webSocketImpl: webSocket }),
    onNonLazyError: () => undefined,
  });
  let reached = false;
  client.on('connecting', () => {
    onStatus(reached ? 'reconnecting' : 'connecting');
  });
  client.on('connected', () => {
    reached = true;
    onStatus('live');
  });
  // 1000 is this client's own end: the last subscription is gone.
  client.on('closed', event => {
    onStatus((event as { readonly code?: number }).code === 1000 ? 'idle' : 'reconnecting');
  });
  return {
    open: (request, sink, admit) => open(request, sink as never, admit),
    renew: () => {
      client.terminate();
    },
    wake: () => {
      client.wake();
    },
    close() {
      if (closed) return;
      closed = true;
      // In this order: after `dispose` graphql-ws does not connect again, and `terminate` ends the socket in this tick.
      const disposed = Promise.resolve(client.dispose());
      client.terminate();
      // It waits for a connection that is being made, and fails if that has just been ended.
      disposed.catch(() => undefined);
    },
  };
};

type OpenParameters = [...Parameters<Client['subscribe']>, admit?: OperationOptions['admit']];

function createFlows(options: ResumingSocketOptions): {
  readonly client: ResumingClient;
  readonly open: (...[payload, sink, admit]: OpenParameters) => Flow;
} {
  const { token, seen = createSeen(), onResync, url, ...others } = options;
  const pauses = createPauses();
  let code: number | undefined;
  let refusals = 0;
  let socket: WebSocket | undefined;
  let bearer: string | undefined;
  let lastError: unknown;
  let reached = false;
  /** Since the last connection. */
  let attempts = 0;
  let preparing = false;
  let disposed = false;
  const liveness = watchLiveness(
    () => socket?.readyState === 1 && socket.send('{"type":"ping"}'),
    () => client.terminate(),
  );

  const client = createSocketClient({
    retryAttempts: Infinity,
    shouldRetry: () => refusals < mostRefusals,
    retryWait: retries => pauses.wait(waitAfter(code, retries)),
    // Not in `connectionParams`: an error there ends all subscriptions, and here it is tried again.
    url: async () => {
      preparing = true;
      const target = typeof url === 'function' ? await patiently(url) : url;
      if (attempts++ >= mostFailedSockets && target !== undefined) await awaitServer(target, pauses, () => disposed);
      // After the URL, for which it may have to wait: a token may expire during that wait.
      if (token) bearer = await patiently(() => fetchToken(token, refusals > 0));
      // The connection is never made, because graphql-ws would open it even after `dispose()`.
      if (disposed) return new Promise<never>(() => undefined);
      preparing = false;
      liveness.connecting();
      return target as string;
    },
    ...(token && {
      connectionParams() {
        if (bearer === undefined) throw new Error('The client got no token.', { cause: lastError });
        return { Authorization: `Bearer ${bearer}` };
      },
    }),
    ...others,
    ...(typeof others.webSocketImpl === 'function' && { webSocketImpl: withErrorListener(others.webSocketImpl) }),
  });

  /** Repeats what can fail while the network is away: without limit if there was a connection before. */
  async function patiently<Value>(get: () => Value | Promise<Value>): Promise<Value | undefined> {
    for (let attempt = 0; !disposed && (reached || attempt < mostRetries); attempt++) {
      try {
        return await get();
      } catch (error) {
        lastError = error;
        await pauses.wait(retryWait(attempt));
      }
    }
    return undefined;
  }

  client.on('connecting', () => (code = undefined));
  client.on('opened', opened => (socket = opened as WebSocket));
  client.on('message', () => {
    liveness.heard();
  });
  client.on('connected', () => {
    reached = true;
    refusals = 0;
    attempts = 0;
  });
  client.on('closed', event => {
    liveness.stop();
    ({ code } = event as { readonly code: number });
    if (code === forbidden) refusals++;
  });

  function open(...[payload, sink, admit]: OpenParameters): Flow {
    const session = openOperationSession(payload, { seen, onResync, admit });
    let current: Sent | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    let paused = false;

    function send(): void {
      const mine: Sent = { left: false, end: () => undefined };
      let again: number | undefined;

      /** @returns the result to deliver */
      function taken(answer: Answer): Answer | undefined {
        if (over || again !== undefined) return undefined;
        const verdict = session.take(answer);
        if (typeof verdict !== 'number') return verdict;
        again = verdict; // sent again after its end; a subscription with one failed frame does not end by itself
        setTimeout(() => mine.end());
        return undefined;
      }
      function ended(tell: () => void): void {
        if (mine.left) return;
        if (again === undefined) finish(tell);
        else if (!over && !paused) timer = setTimeout(send, again);
      }

      session.send();
      mine.end = client.subscribe(
        { ...payload, ...session.request },
        {
          next(answer) {
            const delivered = taken(answer as Answer);
            if (delivered) sink.next(delivered as never);
          },
          error(error) {
            if (Array.isArray(error)) taken({ errors: error as Answer['errors'] & object });
            ended(() => sink.error(error));
          },
          complete: () => ended(() => sink.complete()),
        },
      );
      current = mine;
    }

    // graphql-ws would send it again on the next connection, and a command without a key would count twice.
    const unlisten = session.repeatable
      ? undefined
      : client.on('closed', event => {
          finish(() => sink.error(event));
          current?.end();
        });

    function finish(tell: () => void): void {
      if (over) return;
      over = true;
      unlisten?.();
      tell();
    }
    send();
    // Later: if an operation ends between its last response and its completion, graphql-ws 6.4 counts its end twice,
    // and then closes the socket that the other operations use.
    function leaveLater(): void {
      const mine = current;
      setTimeout(() => mine?.end());
    }
    return {
      leave() {
        clearTimeout(timer);
        finish(() => sink.complete());
        leaveLater();
      },
      pause() {
        paused = true;
        clearTimeout(timer);
        // At once and for this operation: when it ends, another one may be in flight.
        if (current) current.left = true;
        leaveLater();
        current = undefined;
      },
      resume() {
        paused = false;
        // After the ended operation was counted.
        setTimeout(() => {
          if (!over && !paused && !current) send();
        });
      },
    };
  }

  return {
    open,
    client: {
      ...client,
      subscribe: (payload, sink) => open(payload, sink).leave,
      iterate: payload => iterate(sink => open(payload, sink as never)) as never,
      wake() {
        pauses.wake();
        liveness.check();
      },
      dispose() {
        disposed = true;
        pauses.wake();
        // Before the connection is made, graphql-ws has nothing that it could close.
        return preparing ? undefined : client.dispose();
      },
    },
  };
}

/** @param code with which the server closed the last socket; undefined if the connection was lost @returns ms */
function waitAfter(code: number | undefined, retries: number): number {
  switch (code) {
    case restarts:
      return Math.random() * restartSpread;
    case tryAgainLater:
      return retryWait(retries + 2);
    default:
      return reconnectWait(retries);
  }
}

/**
 * A socket of the package `ws` throws if it is closed while it connects and nothing listens to its errors. graphql-ws stops
 * listening when it terminates a socket, so a connection that takes too long would end the process.
 */
function withErrorListener(implementation: unknown): unknown {
  const Socket = implementation as new (...args: unknown[]) => { on?: (event: 'error', listener: () => void) => void };
  return class extends Socket {
    constructor(...args: unknown[]) {
      super(...args);
      this.on?.('error', () => undefined);
    }
  };
}
