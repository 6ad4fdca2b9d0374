import type { SubscribePayload } from 'graphql-ws';
import { createClient } from '../client/graphql-ws.ts';

/** Frames that are shown at most. */
const mostFrames = 20;

/**
 * A subscription that runs until it is closed, whichever tab is shown. After a cut it continues behind the last frame
 * that it has, as every client of ours does, so that no update is lost.
 */
export class Watch {
  /** The newest first; undefined before the first one. */
  frames: readonly unknown[] | undefined;
  /** It has ended by itself: its last frame may say why. */
  over = false;
  readonly close: () => void;
  #wake: () => void = () => undefined;

  /**
   * A socket for each watch, since each may speak for another caller.
   * @param url of the socket
   * @param headers of the tab, sent in `connection_init`
   */
  constructor(url: string, payload: SubscribePayload, headers: Record<string, unknown>) {
    const client = createClient({ url, connectionParams: headers });
    this.close = () => void client.dispose();
    client.subscribe(payload, {
      next: frame => {
        this.#show(frame);
      },
      error: error => {
        this.over = true;
        this.#show({ errors: errorsOf(error) });
      },
      complete: () => {
        this.over = true;
        this.#wake();
      },
    });
  }

  #show(frame: unknown): void {
    this.frames = [frame, ...(this.frames ?? [])].slice(0, mostFrames);
    this.#wake();
  }

  /**
   * The last frames, again after each new one: GraphiQL by itself shows the newest alone.
   * @param onLeft called when GraphiQL asks for no more
   */
  shown(onLeft: () => void): AsyncIterableIterator<object> {
    let shown: readonly unknown[] | undefined;
    let left = false;
    const iterator: AsyncIterableIterator<object> = {
      [Symbol.asyncIterator]: () => iterator,
      next: async () => {
        while (!left && !this.over && this.frames === shown) await new Promise<void>(wake => (this.#wake = wake));
        if (left || this.frames === shown) return { done: true, value: undefined };
        shown = this.frames;
        return { done: false, value: { frames: shown } };
      },
      return: () => {
        left = true;
        this.#wake();
        onLeft();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    return iterator;
  }
}

/** What graphql-ws ends a subscription with: errors of the server, a closed socket, or a fault of its own. */
function errorsOf(error: unknown): unknown {
  if (Array.isArray(error)) return error;
  const { code, reason, message } = error as { code?: number; reason?: string; message?: string };
  return [{ message: code === undefined ? message : `The server closed the connection: ${code} ${reason}` }];
}
