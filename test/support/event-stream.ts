import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { noteOpen } from './left-open.ts';
import { noteOperation } from './run-log.ts';
import { connectSocket } from './socket.ts';
import type { Answer, Document } from './typed-document.ts';

/** One event of a text/event-stream, as it was sent. */
export interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** A subscription over SSE, byte by byte: it shows what an EventSource hides. */
export interface EventStream {
  readonly response: IncomingMessage;
  /**
   * The next event of any kind.
   * @throws if the stream ends first
   */
  event(milliseconds?: number): Promise<StreamEvent>;
  /** Payload of the next `next` event. */
  next<Data = Record<string, unknown>>(milliseconds?: number): Promise<Answer<Data>>;
  /** Received comment lines. */
  readonly comments: number;
  /** How it ended: `complete` if all bytes arrived, `cut` if the connection broke. */
  readonly ended: Promise<'complete' | 'cut'>;
  close(): void;
}

export interface EventStreamOptions {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly extensions?: object;
}

const frameTimeoutMs = 30_000;

/** Subscribes over SSE to the server with root `url`, and waits for the response's head. */
export async function openEventStream(
  url: string,
  document: Document<unknown, never>,
  variables: object = {},
  { token, headers = {}, extensions }: EventStreamOptions = {},
): Promise<EventStream> {
  const asking = request(`${url}/graphql`, {
    method: 'POST',
    agent: false,
    headers: {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
  });
  noteOperation(String(document), variables);
  asking.end(JSON.stringify({ query: String(document), variables, extensions }));
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  asking.on('error', () => undefined); // `ended` reports what follows
  const note = noteOpen('event stream', () => response.destroy());
  const events: StreamEvent[] = [];
  const state = { text: '', comments: 0, over: false };
  let wake: () => void = () => undefined;

  response.setEncoding('utf8').on('data', (text: string) => {
    const blocks = (state.text + text).split('\n\n');
    state.text = blocks.pop() ?? '';
    for (const block of blocks) take(block);
    wake();
  });
  response.on('error', () => undefined);
  const ended = new Promise<'complete' | 'cut'>(resolve => {
    response.once('close', () => {
      state.over = true;
      note.closed();
      wake();
      resolve(response.complete ? 'complete' : 'cut');
    });
  });

  function take(block: string): void {
    const lines = block.split('\n');
    state.comments += lines.filter(line => line.startsWith(':')).length;
    const fields = new Map(
      lines.filter(line => !line.startsWith(':')).map(line => [line.split(':', 1)[0], line.replace(/^\w+: ?/, '')]),
    );
    if (fields.size === 0) return;
    events.push({ event: fields.get('event') ?? 'message', id: fields.get('id'), data: fields.get('data') ?? '' });
  }

  async function event(milliseconds = frameTimeoutMs): Promise<StreamEvent> {
    const deadline = Date.now() + milliseconds;
    for (;;) {
      const first = events.shift();
      if (first !== undefined) return first;
      if (state.over) throw new Error(`the stream ended: ${response.statusCode} ${state.text}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no event arrived in ${milliseconds} ms`);
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  return {
    response,
    event,
    next: async milliseconds => {
      const { event: kind, data } = await event(milliseconds);
      if (kind !== 'next') throw new Error(`${kind} arrived instead of next: ${data}`);
      return JSON.parse(data) as never;
    },
    get comments() {
      return state.comments;
    },
    ended,
    close: () => response.destroy(),
  };
}

/** A subscription over any transport. */
export interface Watch<Data> {
  next(milliseconds?: number): Promise<Answer<Data>>;
  close(): Promise<void>;
}

/** The transports of subscriptions, which must give the same payloads. */
export const openWatch = {
  WebSocket: async <Data, Variables extends object>(
    url: string,
    token: string,
    document: Document<Data, Variables>,
    variables: Variables,
    extensions?: object,
  ): Promise<Watch<Data>> => {
    const socket = await connectSocket(url, token);
    const operation = socket.subscribe(document, variables, extensions);
    return { next: milliseconds => operation.next(milliseconds), close: () => socket.close() };
  },
  SSE: async <Data, Variables extends object>(
    url: string,
    token: string,
    document: Document<Data, Variables>,
    variables: Variables,
    extensions?: object,
  ): Promise<Watch<Data>> => {
    const options = { token, ...(extensions && { extensions }) };
    const stream = await openEventStream(url, document, variables, options);
    return {
      next: milliseconds => stream.next(milliseconds),
      close: async () => {
        stream.close();
        await stream.ended;
      },
    };
  },
};

export type Carrier = keyof typeof openWatch;
