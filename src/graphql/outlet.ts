import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { tryAgainLater } from './close-codes.ts';
import { stallLimit } from './stall.ts';

/** Where one socket's frames leave. What waits in it is bounded: whoever sends looks first whether it is full. */
export interface Outlet {
  /** Writes a whole frame. @returns false where the socket is no longer open */
  send(frame: Buffer): boolean;
  /** Whether what was sent waits for the client to read. */
  isFull(): boolean;
  /** Until it has read all of it, or is gone. */
  drained(): Promise<void>;
}

/**
 * A client that does not read is not read either: each of its messages may have an answer, and they would pile up here.
 * One that takes nothing for 30 s is sent away with 1013, and can go on where it was.
 * @param stream what the socket writes to
 */
export function openOutlet(socket: WebSocket, stream: Duplex): Outlet {
  let waiting: (() => void)[] | undefined;

  function stall(): (() => void)[] {
    socket.pause();
    const patience = setTimeout(sendAway, stallLimit);
    const held: (() => void)[] = [];
    function over(): void {
      clearTimeout(patience);
      stream.off('drain', over).off('close', over);
      waiting = undefined;
      socket.resume();
      for (const wake of held) wake();
    }
    stream.on('drain', over).on('close', over);
    return held;
  }

  function sendAway(): void {
    // Whatever it still says is its answer to this.
    socket.resume();
    socket.close(tryAgainLater, 'Nothing was read for 30 s');
  }

  return {
    send(frame) {
      if (socket.readyState !== socket.OPEN) return false;
      // Beside `ws`, which would write the header by itself, for each socket anew. Without compression it writes each of
      // its own frames at once and whole, so that this one stands between two of them.
      stream.write(frame);
      return true;
    },
    isFull: () => stream.writableNeedDrain,
    drained: () =>
      new Promise(resolve => {
        waiting ??= stall();
        waiting.push(resolve);
      }),
  };
}
