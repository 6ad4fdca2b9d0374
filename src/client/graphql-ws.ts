import { type Client, type ClientOptions as SocketOptions, createClient as createSocketClient } from 'graphql-ws';
import { type Answer, type ClientOptions, converse } from './conversation.ts';
import { type Flow, iterate } from './iterate.ts';
import { mostRefusals, type Token } from './token.ts';
import { retryWait } from './retry-wait.ts';
import { createSeen } from './seen.ts';

/** ms between pings, and until an answer has to be there: a connection that is cut in silence tells nobody. */
const pingInterval = 10_000;
const patience = 5_000;
/** ms over which those spread whom a node sends away as it restarts; others stand ready. */
const restartSpread = 200;

const restarts = 1012;
const tryAgainLater = 1013;
const forbidden = 4403;

export interface ResumingSocketOptions extends SocketOptions, ClientOptions {
  /** Asked for at each connection; instead of `connectionParams`. */
  readonly token?: Token | undefined;
}

/** The subscription as it was sent last. */
interface Sent {
  /** Ended by us, to be sent again. */
  left: boolean;
  end: () => void;
}

/**
 * A graphql-ws client that is back within 2 s of a cut, goes on after the last frame that it has, and reads its own
 * writes. Everything else is as graphql-ws has it.
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
    const conversation = converse(payload, { seen, onResync });
    let current: Sent | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    let paused = false;

    function send(): void {
      const mine: Sent = { left: false, end: () => undefined };
      let again: number | undefined;

      /** @returns what is to be delivered */
      function taken(answer: Answer): Answer | undefined {
        if (over || again !== undefined) return undefined;
        const verdict = conversation.take(answer);
        if (typeof verdict !== 'number') return verdict;
        again = verdict; // once it has ended; a subscription of which one frame failed does not end by itself
        setTimeout(() => mine.end());
        return undefined;
      }
      function ended(tell: () => void): void {
        if (mine.left) return;
        if (again === undefined) finish(tell);
        else if (!over && !paused) timer = setTimeout(send, again);
      }

      conversation.send();
      mine.end = client.subscribe(
        { ...payload, ...conversation.request },
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

    // graphql-ws would send it again on the next connection: a command without a key would count twice.
    const unlisten = conversation.repeatable
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
    // Later: graphql-ws 6.4 counts an operation out twice that is left between its last answer and its end, and then
    // closes the socket under all others.
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
        // At once, and of this one: by the time that it is left, another one may be under way.
        if (current) current.left = true;
        leaveLater();
        current = undefined;
      },
      resume() {
        paused = false;
        // After what was left has been.
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
