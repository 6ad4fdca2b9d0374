import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { AnsweringSocket } from './answering-socket.ts';
import type { Frames, Taker } from '../execution/frames.ts';
import type { SocketBackpressure } from './socket-backpressure.ts';
import type { Payload } from '../execution/payload.ts';

const isOpen = WebSocket.OPEN;

/**
 * A subscription on a socket, as graphql-ws iterates over it. graphql-ws would make each frame a message of its own; so
 * the frames go to the socket beside it, as they were made for the whole group, and graphql-ws sees only the end.
 */
export class SocketSubscription implements AsyncIterableIterator<never>, Taker {
  readonly #frames: Frames;
  readonly #socket: AnsweringSocket;
  readonly #outlet: SocketBackpressure;
  /** The outlet's: one thing less to look up for each frame. */
  readonly #stream: Duplex;
  readonly #id: string;
  readonly #open: Set<Frames>;
  #over: ((result: IteratorReturnResult<undefined>) => void) | undefined;

  /** @param open the subscriptions of the socket: this one is added, and removed when it ends */
  constructor(frames: Frames, socket: AnsweringSocket, outlet: SocketBackpressure, id: string, open: Set<Frames>) {
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
    // While the socket closes, graphql-ws is not told: it would send `complete`, and the client would not come back.
    if (!this.#socket.isClosing) this.#over?.({ value: undefined, done: true });
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
