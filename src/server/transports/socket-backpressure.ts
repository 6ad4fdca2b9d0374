import type { Duplex } from 'node:stream';
import type { AnsweringSocket } from './answering-socket.ts';
import { tryAgainLater } from './close-codes.ts';
import { stallTimeoutMs } from './stall-timeout.ts';

/**
 * Backpressure of one socket: bounds what is buffered for a client that reads slowly. Senders check isFull() before
 * they send more. While a client does not read, its messages are not read either, since their responses would fill
 * the buffer. A client that reads nothing for 30 s is closed with 1013; it can reconnect and resume.
 */
export class SocketBackpressure {
  readonly #socket: AnsweringSocket;
  /** The stream that the socket writes to. */
  readonly stream: Duplex;
  readonly #onTooSlow: () => void;
  #waiting: (() => void)[] | undefined;

  /** @param onTooSlow called when a client is closed because it reads nothing */
  constructor(socket: AnsweringSocket, stream: Duplex, onTooSlow: () => void = () => undefined) {
    this.#socket = socket;
    this.stream = stream;
    this.#onTooSlow = onTooSlow;
  }

  /** Whether data is buffered that the client has not read yet. */
  isFull(): boolean {
    return this.stream.writableNeedDrain;
  }

  /** While true, nothing is sent until the buffer is empty; otherwise a slow client would never catch up. */
  get isStalled(): boolean {
    return this.#waiting !== undefined;
  }

  /** Resolves when the buffer is empty, or the connection is closed. */
  drained(): Promise<void> {
    return new Promise(resolve => {
      this.#waiting ??= this.#stall();
      this.#waiting.push(resolve);
    });
  }

  #stall(): (() => void)[] {
    const { stream } = this;
    const socket = this.#socket;
    socket.pause();
    const timer = setTimeout(() => {
      // The client's close frame has to be read; operations that arrive before it are not executed.
      socket.resume();
      this.#onTooSlow();
      socket.closeAnswered(tryAgainLater, 'Nothing was read for 30 s');
    }, stallTimeoutMs);
    const waiting: (() => void)[] = [];
    const finish = (): void => {
      clearTimeout(timer);
      stream.off('drain', finish).off('close', finish);
      this.#waiting = undefined;
      socket.resume();
      for (const wake of waiting) wake();
    };
    stream.on('drain', finish).on('close', finish);
    return waiting;
  }
}
