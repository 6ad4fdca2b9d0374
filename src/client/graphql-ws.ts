import { type Client, type ClientOptions as SocketOptions, createClient as createSocketClient } from 'graphql-ws';
import { type Answer, type ClientOptions, converse } from './conversation.ts';
import { iterate } from './iterate.ts';
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

  const subscribe: Client['subscribe'] = (payload, sink) => {
    const conversation = converse(payload, { seen, onResync });
    let leave: (() => void) | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;

    function send(): void {
      let again: number | undefined;

      /** @returns what is to be delivered */
      function taken(answer: Answer): Answer | undefined {
        if (over || again !== undefined) return undefined;
        const verdict = conversation.take(answer);
        if (typeof verdict !== 'number') return verdict;
        again = verdict; // once it has ended; a subscription of which one frame failed does not end by itself
        setTimeout(() => leave?.());
        return undefined;
      }
      function ended(tell: () => void): void {
        if (again === undefined) finish(tell);
        else if (!over) timer = setTimeout(send, again);
      }

      conversation.send();
      leave = client.subscribe(
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
    }

    // graphql-ws would send it again on the next connection: a command without a key would count twice.
    const unlisten = conversation.repeatable
      ? undefined
      : client.on('closed', event => {
          finish(() => sink.error(event));
          leave?.();
        });

    function finish(tell: () => void): void {
      if (over) return;
      over = true;
      unlisten?.();
      tell();
    }
    send();
    return () => {
      clearTimeout(timer);
      finish(() => sink.complete());
      // Later: graphql-ws 6.4 counts an operation out twice that is left between its last answer and its end, and
      // then closes the socket under all others.
      setTimeout(() => leave?.());
    };
  };

  return {
    ...client,
    subscribe,
    iterate: payload => iterate(sink => subscribe(payload, sink as never)) as never,
  };
}
