import { type Answer, type ClientOptions, type OperationOptions, openOperationSession } from './operation-session.ts';
import { type Flow, iterate, type Sink } from './iterate.ts';
import { createPauses, type Pauses } from './pauses.ts';
import { createSeen } from './seen.ts';
import { fetchToken, mostRefusals, type Token } from './token.ts';
import type { OpenTransport, StreamRequest } from './transport.ts';

/** Maximum wait for the headers of a response, ms. */
const headersMs = 10_000;
/** A connection without a byte for this long is closed, ms: the server sends at least a comment every 2 s. */
const silenceMs = 4_500;

export interface StreamOptions extends ClientOptions {
  /**
   * URL of the endpoint, e.g. `https://shop.example/graphql`; or a function that returns it, called for each
   * connection.
   */
  readonly url: string | (() => string | Promise<string>);
  /** Called for each connection. */
  readonly token?: Token | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly fetch?: typeof fetch | undefined;
}

export interface StreamAnswer<Data> extends Answer {
  readonly data?: Data | null;
}

export interface StreamClient {
  /** @returns a function that ends the subscription */
  subscribe<Data = Record<string, unknown>>(request: StreamRequest, sink: Sink<StreamAnswer<Data>>): () => void;
  iterate<Data = Record<string, unknown>>(request: StreamRequest): AsyncIterableIterator<StreamAnswer<Data>>;
}

/**
 * Subscriptions over `text/event-stream` with fetch: unlike a browser's EventSource, it sends the token as a header
 * and the operation as a body. After a lost connection it reconnects and resumes after the last received frame.
 */
export function createStreamClient(options: StreamOptions): StreamClient {
  const { open } = createStreams(options, createPauses());
  return {
    subscribe: (request, sink) => open(request, sink).leave,
    iterate: request => iterate(sink => open(request, sink)),
  };
}

/** Carries the subscriptions of a session over HTTP: one request for each. */
export const eventStreamTransport: OpenTransport = ({ onStatus, ...options }) => {
  const pauses = createPauses();
  const streams = new Map<StreamFlow, 'connecting' | 'live' | 'reconnecting'>();

  function report(): void {
    const statuses = [...streams.values()];
    onStatus(statuses.find(status => status !== 'live') ?? statuses[0] ?? 'idle');
  }
  const { open } = createStreams(options, pauses, (flow, isConnected) => {
    if (isConnected === undefined) streams.delete(flow);
    else streams.set(flow, isConnected ? 'live' : streams.has(flow) ? 'reconnecting' : 'connecting');
    report();
  });
  return {
    open,
    renew() {
      for (const flow of streams.keys()) flow.reconnect();
    },
    wake: pauses.wake,
    close() {
      for (const flow of [...streams.keys()]) flow.leave();
    },
  };
};

interface StreamFlow extends Flow {
  readonly reconnect: () => void;
}

/** @param onChange called when a stream is connected (true), is not (false), or has ended (undefined) */
function createStreams(
  options: StreamOptions,
  pauses: Pauses,
  onChange: (flow: StreamFlow, isConnected: boolean | undefined) => void = () => undefined,
) {
  const { url, token, headers, fetch: fetched = fetch, seen = createSeen(), onResync } = options;

  function open<Data>(
    request: StreamRequest,
    sink: Sink<StreamAnswer<Data>>,
    admit?: OperationOptions['admit'],
  ): StreamFlow {
    const session = openOperationSession(request, { seen, onResync, admit });
    const ended = new AbortController();
    let refusals = 0;
    let over = false;
    let resume: (() => void) | undefined;
    let resumed: Promise<void> | undefined;
    let connection = new AbortController();

    /** @returns the wait in ms before the next connection; undefined after the end */
    async function connect(): Promise<number | undefined> {
      connection = new AbortController();
      onChange(flow, false);
      let alive: ReturnType<typeof setTimeout> | undefined;
      let status: number | undefined;
      try {
        const target = typeof url === 'function' ? await url() : url;
        // The subscription may have ended during the wait.
        connection.signal.throwIfAborted();
        alive = setTimeout(() => connection.abort(), headersMs);
        const position = session.send();
        const authorization = token && `Bearer ${await fetchToken(token, refusals > 0)}`;
        const response = await fetched(target, {
          method: 'POST',
          headers: {
            accept: 'text/event-stream, application/graphql-response+json',
            'content-type': 'application/json',
            ...(position !== undefined && { 'orderstream-position': position }),
            ...(authorization !== undefined && { authorization }),
            ...headers,
          },
          body: JSON.stringify({ ...request, ...session.request }),
          signal: connection.signal,
        });
        ({ status } = response);
        if (status === 401 && token && refusals++ < mostRefusals) return 0;
        if (!response.headers.get('content-type')?.includes('event-stream')) {
          const wait = take((await response.json()) as Answer);
          if (wait === undefined) finish(() => sink.complete());
          return wait;
        }
        onChange(flow, true);
        clearTimeout(alive);
        alive = setTimeout(() => connection.abort(), silenceMs);
        for await (const { event, data } of events(response)) {
          clearTimeout(alive);
          // Data that is not read waits at the server. If the server then cuts the stream, the subscription resumes
          // on a new one.
          await resumed;
          alive = setTimeout(() => connection.abort(), silenceMs);
          if (event === 'complete') {
            finish(() => sink.complete());
            return undefined;
          }
          if (data === undefined) continue;
          refusals = 0;
          let answer: Answer;
          try {
            answer = JSON.parse(data) as Answer;
          } catch (error) {
            // The response is complete: the same request would get the same response for ever.
            finish(() => sink.error(error));
            return undefined;
          }
          const wait = take(answer);
          if (wait !== undefined) return wait;
        }
        throw new Error('the stream was cut');
      } catch (error) {
        const wait = over ? undefined : session.fail(status === 200 ? undefined : status);
        if (wait === undefined) finish(() => sink.error(error));
        return wait;
      } finally {
        clearTimeout(alive);
        connection.abort();
      }
    }

    function take(answer: Answer): number | undefined {
      const verdict = session.take(answer);
      if (typeof verdict === 'number') {
        if (answer.errors?.some(({ extensions }) => extensions?.['code'] === 'UNAUTHENTICATED')) refusals++;
        return verdict;
      }
      if (verdict && !over) sink.next(verdict as StreamAnswer<Data>);
      return undefined;
    }

    function finish(tell: () => void): void {
      if (over) return;
      over = true;
      onChange(flow, undefined);
      tell();
    }

    async function run(): Promise<void> {
      let wait = await connect();
      while (wait !== undefined) {
        await pauses.wait(wait, ended.signal);
        wait = over ? undefined : await connect();
      }
    }

    const flow: StreamFlow = {
      leave() {
        finish(() => sink.complete());
        ended.abort();
        connection.abort();
        resume?.();
      },
      reconnect: () => {
        connection.abort();
      },
      pause() {
        resumed = new Promise(resolve => (resume = resolve));
      },
      resume: () => resume?.(),
    };
    void run();
    return flow;
  }

  return { open };
}

/** The events of a stream, and an empty one for each chunk that completes none. */
async function* events(response: Response): AsyncGenerator<{ event?: string; data?: string }> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const blocks = text.split(/\r?\n\r?\n/);
    text = blocks.pop() ?? '';
    yield {};
    for (const block of blocks) {
      // Neither `.` nor `$` with the flag `m`: both also match at U+2028, which JSON does not escape and a name may
      // contain.
      yield Object.fromEntries(
        block.split(/\r?\n/).flatMap(line => {
          const [, name, rest] = /^(event|data): ?([^]*)$/.exec(line) ?? [];
          return name === undefined ? [] : [[name, rest]];
        }),
      );
    }
  }
}
