import type { Duplex } from 'node:stream';
import type { AnsweringSocket } from './answering-socket.ts';
import { tryAgainLater } from './close-codes.ts';
import { stallTimeoutMs } from './stall-timeout.ts';

/**
 * Where one socket's frames leave. What waits in it is bounded: whoever sends looks first whether it is full. A client
 * that does not read is not read either: each of its messages may have an answer, and they would pile up here. One that
 * takes nothing for 30 s is sent away with 1013, and can go on where it was.
 */
export class SocketBackpressure {
  readonly #socket: AnsweringSocket;
  /** What the socket writes to. */
  readonly stream: Duplex;
  #waiting: (() => void)[] | undefined;

  constructor(socket: AnsweringSocket, stream: Duplex) {
    this.#socket = socket;
    this.stream = stream;
  }

  /** Whether what was sent waits for the client to read. */
  isFull(): boolean {
    return this.stream.writableNeedDrain;
  }

  /** Somebody waits until it has: nothing more is sent before that, or a client that is always a little behind never has. */
  get isStalled(): boolean {
    return this.#waiting !== undefined;
  }

  /** Until it has read all of it, or is gone. */
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
    const patience = setTimeout(() => {
      // The client's close frame has to be read; operations that arrive before it are not executed.
      socket.resume();
      socket.closeAnswered(tryAgainLater, 'Nothing was read for 30 s');
    }, stallTimeoutMs);
    const held: (() => void)[] = [];
    const over = (): void => {
      clearTimeout(patience);
      stream.off('drain', over).off('close', over);
      this.#waiting = undefined;
      socket.resume();
      for (const wake of held) wake();
    };
    stream.on('drain', over).on('close', over);
    return held;
  }
}
