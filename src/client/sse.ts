import { type Answer, type ClientOptions, converse } from './conversation.ts';
import { type Flow, iterate, type Sink } from './iterate.ts';
import { createSeen } from './seen.ts';
import { mostRefusals, type Token } from './token.ts';

/** ms without a byte after which a connection is given up: the server sends one every 12 s, if only a comment. */
const silence = 30_000;

export interface StreamOptions extends ClientOptions {
  /** Of the endpoint, e.g. `https://shop.example/graphql`; or answers it, asked at each connection. */
  readonly url: string | (() => string | Promise<string>);
  /** Asked for at each connection. */
  readonly token?: Token | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly fetch?: typeof fetch | undefined;
}

export interface StreamRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

export interface StreamAnswer<Data> extends Answer {
  readonly data?: Data | null;
}

export interface StreamClient {
  /** @returns ends it */
  subscribe<Data = Record<string, unknown>>(request: StreamRequest, sink: Sink<StreamAnswer<Data>>): () => void;
  iterate<Data = Record<string, unknown>>(request: StreamRequest): AsyncIterableIterator<StreamAnswer<Data>>;
}

/**
 * Subscriptions over `text/event-stream`, by fetch: unlike a browser's EventSource it sends a token as a header and the
 * operation as a body. Cut, it comes back and goes on after the last frame that it has.
 */
export function createStreamClient(options: StreamOptions): StreamClient {
  const { url, token, headers, fetch: fetched = fetch, seen = createSeen(), onResync } = options;

  function open<Data>(request: StreamRequest, sink: Sink<StreamAnswer<Data>>): Flow {
    const conversation = converse(request, { seen, onResync });
    let refusals = 0;
    let over = false;
    let resume: (() => void) | undefined;
    let resumed: Promise<void> | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let connection = new AbortController();

    /** @returns after how many ms to connect again; nothing where it is over */
    async function connect(): Promise<number | undefined> {
      connection = new AbortController();
      let alive = setTimeout(() => connection.abort(), silence);
      const position = conversation.send();
      let status: number | undefined;
      try {
        const authorization = token && `Bearer ${await token(refusals > 0)}`;
        const response = await fetched(typeof url === 'function' ? await url() : url, {
          method: 'POST',
          headers: {
            accept: 'text/event-stream, application/graphql-response+json',
            'content-type': 'application/json',
            ...(position !== undefined && { 'orderstream-position': position }),
            ...(authorization !== undefined && { authorization }),
            ...headers,
          },
          body: JSON.stringify({ ...request, ...conversation.request }),
          signal: connection.signal,
        });
        ({ status } = response);
        if (status === 401 && token && refusals++ < mostRefusals) return 0;
        if (!response.headers.get('content-type')?.includes('event-stream')) {
          const wait = take((await response.json()) as Answer);
          if (wait === undefined) finish(() => sink.complete());
          return wait;
        }
        for await (const { event, data } of events(response)) {
          clearTimeout(alive);
          // What is not read stays with the server; one that is tired of it cuts the stream, which then goes on elsewhere.
          await resumed;
          alive = setTimeout(() => connection.abort(), silence);
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
            // It came whole: asked again it would come as it is, for ever.
            finish(() => sink.error(error));
            return undefined;
          }
          const wait = take(answer);
          if (wait !== undefined) return wait;
        }
        throw new Error('the stream was cut');
      } catch (error) {
        const wait = over ? undefined : conversation.fail(status === 200 ? undefined : status);
        if (wait === undefined) finish(() => sink.error(error));
        return wait;
      } finally {
        clearTimeout(alive);
        connection.abort();
      }
    }

    function take(answer: Answer): number | undefined {
      const verdict = conversation.take(answer);
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
      tell();
    }

    async function run(): Promise<void> {
      const wait = await connect();
      if (wait !== undefined) timer = setTimeout(() => void run(), wait);
    }

    void run();
    return {
      leave() {
        clearTimeout(timer);
        finish(() => sink.complete());
        connection.abort();
        resume?.();
      },
      pause() {
        resumed = new Promise(resolve => (resume = resolve));
      },
      resume: () => resume?.(),
    };
  }

  return {
    subscribe: (request, sink) => open(request, sink).leave,
    iterate: request => iterate(sink => open(request, sink)),
  };
}

/** The events of a stream, and an empty one for each piece of bytes that ends none. */
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
      // Neither `.` nor a `$` for each line: both end at U+2028 too, which JSON leaves as it is and a name may hold.
      yield Object.fromEntries(
        block.split(/\r?\n/).flatMap(line => {
          const [, name, rest] = /^(event|data): ?([^]*)$/.exec(line) ?? [];
          return name === undefined ? [] : [[name, rest]];
        }),
      );
    }
  }
}
