import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { noteOpen } from './left-open.ts';
import { noteOperation } from './run-log.ts';
import type { Answer, Document } from './typed-document.ts';

/** One message of the graphql-transport-ws protocol. */
export interface Frame {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** One operation of a socket: its frames, queued from the first one. */
export interface Operation<Data> {
  readonly id: string;
  /**
   * Payload of the next `next` frame.
   * @throws if the operation ends first; the message contains the errors of an `error` frame
   */
  next(milliseconds?: number): Promise<Answer<Data>>;
  /** The next frame of any type. */
  frame(milliseconds?: number): Promise<Frame>;
  /** Number of queued frames. */
  readonly waiting: number;
  /** Ends the operation from this side. */
  complete(): void;
}

/** A socket that sends what a test wants, also what no proper client would send. */
export interface TestSocket {
  /** For actions outside of the protocol: `pause()`, `terminate()`. */
  readonly ws: WebSocket;
  send(message: object | string): void;
  subscribe<Data = Record<string, unknown>, Variables = Record<string, unknown>>(
    document: Document<Data, Variables>,
    variables?: Variables,
    extensions?: object,
  ): Operation<Data>;
  /** The next frame that belongs to no operation of `subscribe`. */
  frame(milliseconds?: number): Promise<Frame>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  close(): Promise<void>;
}

export interface SocketOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocol?: string;
}

const frameTimeoutMs = 30_000;

/** Connects to the server with root `url`, authenticates with the token, and waits for the acknowledgement. */
export async function connectSocket(url: string, token?: string, options?: SocketOptions): Promise<TestSocket> {
  const socket = await openSocket(url, options);
  socket.send({ type: 'connection_init', payload: token === undefined ? {} : { Authorization: `Bearer ${token}` } });
  const { type } = await socket.frame();
  if (type !== 'connection_ack') throw new Error(`${type} arrived instead of connection_ack`);
  return socket;
}

/** Connects, and sends nothing. */
export async function openSocket(url: string, options: SocketOptions = {}): Promise<TestSocket> {
  const ws = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, options.protocol ?? 'graphql-transport-ws', {
    headers: options.headers ?? {},
  });
  const rest = frameQueue();
  const operations = new Map<string, FrameQueue>();
  ws.on('message', (data: Buffer) => {
    const frame = JSON.parse(data.toString('utf8')) as Frame;
    (operations.get(frame.id ?? '') ?? rest).push(frame);
  });
  const closed = new Promise<{ code: number; reason: string }>(resolve => {
    ws.on('close', (code, reason) => {
      const end = `the socket was closed: ${code} ${reason.toString('utf8')}`;
      for (const queue of [rest, ...operations.values()]) queue.end(end);
      resolve({ code, reason: reason.toString('utf8') });
    });
  });
  await new Promise((resolve, reject) => {
    ws.once('open', resolve);
    ws.once('error', reject);
  });
  ws.on('error', () => undefined); // `closed` reports what follows
  const note = noteOpen('socket', () => {
    ws.terminate();
    return closed;
  });
  void closed.then(note.closed);

  const send = (message: object | string): void =>
    ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  return {
    ws,
    send,
    subscribe: (document, variables, extensions) => {
      const id = `${operations.size + 1}`;
      const queue = frameQueue();
      noteOperation(String(document), variables);
      operations.set(id, queue);
      send({ id, type: 'subscribe', payload: { query: String(document), variables, extensions } });
      return operation(id, queue, send);
    },
    frame: rest.next,
    closed,
    close: async () => {
      ws.close(1000);
      await closed;
    },
  };
}

/** The client that browsers use. It must be disposed of. */
export function wsClient(url: string, token?: string): Client {
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: token === undefined ? {} : { Authorization: `Bearer ${token}` },
  });
  const note = noteOpen('graphql-ws client', () => client.dispose());
  return {
    ...client,
    dispose: async () => {
      await client.dispose();
      note.closed();
    },
  };
}

interface FrameQueue {
  readonly waiting: number;
  push(frame: Frame): void;
  readonly next: (milliseconds?: number) => Promise<Frame>;
  /** No more frames will come: pending calls get the reason. */
  end(why: string): void;
}

function frameQueue(): FrameQueue {
  const frames: Frame[] = [];
  let ended: string | undefined;
  let wake: () => void = () => undefined;
  return {
    get waiting() {
      return frames.length;
    },
    push: frame => {
      frames.push(frame);
      wake();
    },
    end: why => {
      ended = why;
      wake();
    },
    next: async (milliseconds = frameTimeoutMs) => {
      const deadline = Date.now() + milliseconds;
      for (;;) {
        const frame = frames.shift();
        if (frame !== undefined) return frame;
        if (ended !== undefined) throw new Error(ended);
        const left = deadline - Date.now();
        if (left <= 0) throw new Error(`no frame arrived in ${milliseconds} ms`);
        await new Promise<void>(resolve => {
          const timer = setTimeout(resolve, left);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    },
  };
}

function operation<Data>(id: string, queue: FrameQueue, send: (message: object) => void): Operation<Data> {
  return {
    id,
    frame: queue.next,
    get waiting() {
      return queue.waiting;
    },
    next: async milliseconds => {
      const { type, payload } = await queue.next(milliseconds);
      if (type !== 'next') throw new Error(`${type} arrived instead of next: ${JSON.stringify(payload)}`);
      return payload as Answer<Data>;
    },
    complete: () => send({ id, type: 'complete' }),
  };
}
