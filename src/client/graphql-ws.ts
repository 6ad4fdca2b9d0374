import { type Client, type ClientOptions as SocketOptions, createClient as createSocketClient } from 'graphql-ws';
import { type Answer, type ClientOptions, openOperationSession } from './operation-session.ts';
import { type Flow, iterate } from './iterate.ts';
import { mostRefusals, type Token } from './token.ts';
import { retryWait } from './retry-wait.ts';
import { createSeen } from './seen.ts';

/** Interval of pings and maximum wait for a pong, ms: without them, a silently lost connection is not noticed. */
const pingInterval = 10_000;
const patience = 5_000;
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

/**
 * A graphql-ws client that reconnects within 2 s of a lost connection, resumes after the last received frame, and
 * reads its own writes. Everything else is as in graphql-ws.
 */
export function createClient(options: ResumingSocketOptions): Client {
  const { token, seen = createSeen(), onResync, ...others } = options;
  let code: number | undefined;
  let refusals = 0;
  let watchdog: ReturnType<typeof setTimeout> | undefined;

  const client = createSocketClient({
    keepAlive: pingInterval,
    retryAttempts: Infinity,
    shouldRetry: () => refusals < mostRefusals,
    retryWait: retries => {
      const wait =
        code === restarts ? Math.random() * restartSpread : retryWait(code === tryAgainLater ? retries + 2 : retries);
      return new Promise(resolve => setTimeout(resolve, wait));
    },
    ...(token && { connectionParams: async () => ({ Authorization: `Bearer ${await token(refusals > 0)}` }) }),
    ...others,
  });

  function expectNews(): void {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => client.terminate(), patience);
  }
  client.on('connecting', () => {
    code = undefined;
    expectNews();
  });
  client.on('ping', received => {
    if (!received) expectNews();
  });
  client.on('message', () => clearTimeout(watchdog));
  client.on('connected', () => (refusals = 0));
  client.on('closed', event => {
    clearTimeout(watchdog);
    ({ code } = event as { readonly code: number });
    if (code === forbidden) refusals++;
  });

  function open(...[payload, sink]: Parameters<Client['subscribe']>): Flow {
    const session = openOperationSession(payload, { seen, onResync });
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

  const subscribe: Client['subscribe'] = (payload, sink) => open(payload, sink).leave;

  return {
    ...client,
    subscribe,
    iterate: payload => iterate(sink => open(payload, sink as never)) as never,
  };
}
