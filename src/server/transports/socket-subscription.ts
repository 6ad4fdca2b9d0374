import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { AnsweringSocket } from './answering-socket.ts';
import type { Frames, FrameSink, Payload } from '../execution/frames/frame-delivery.ts';
import type { SocketBackpressure } from './socket-backpressure.ts';

const isOpen = WebSocket.OPEN;

/**
 * A subscription on a socket, as graphql-ws iterates over it. graphql-ws would serialise each frame for each socket.
 * So the shared payloads are written to the socket directly, and graphql-ws only gets the end of the iteration.
 */
export class SocketSubscription implements AsyncIterableIterator<never>, FrameSink {
  readonly #frames: Frames;
  readonly #socket: AnsweringSocket;
  readonly #backpressure: SocketBackpressure;
  /** The stream of the backpressure object, copied here to save a lookup per frame. */
  readonly #stream: Duplex;
  readonly #id: string;
  readonly #open: Set<Frames>;
  #finish: ((result: IteratorReturnResult<undefined>) => void) | undefined;

  /** @param open the subscriptions of the socket: this one is added, and removed when it ends */
  constructor(
    frames: Frames,
    socket: AnsweringSocket,
    backpressure: SocketBackpressure,
    id: string,
    open: Set<Frames>,
  ) {
    this.#frames = frames;
    this.#socket = socket;
    this.#backpressure = backpressure;
    this.#stream = backpressure.stream;
    this.#id = id;
    this.#open = open;
    open.add(frames);
  }

  write(payload: Payload): boolean {
    if (this.#socket.readyState !== isOpen) void this.#frames.return();
    // Bypasses `ws`, which would create the frame header for each socket. Without compression `ws` writes each of its
    // frames at once and complete, so this frame cannot end up inside another one.
    else if (payload.writeTo(this.#stream, this.#id) && !this.#backpressure.isStalled) return true;
    else void this.#backpressure.drained().then(() => this.#frames.resume());
    return false;
  }

  end(): void {
    this.#open.delete(this.#frames);
    // While the socket closes, the end is hidden from graphql-ws: it would send `complete`, and the client would not
    // reconnect.
    if (!this.#socket.isClosing) this.#finish?.({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorReturnResult<undefined>> {
    return new Promise(resolve => {
      this.#finish = resolve;
      this.#frames.pipe(this);
    });
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#open.delete(this.#frames);
    await this.#frames.return();
    return { value: undefined, done: true };
  }
}
