import type { SubscribePayload } from 'graphql-ws';
import { createClient } from '../client/graphql-ws.ts';

/** Number of frames that are displayed. */
const maxFrames = 20;

/**
 * A subscription that runs until it is closed, also while another tab is active. After a disconnect it resumes after
 * its last frame, as our client does everywhere, so that no update is lost.
 */
export class Watch {
  /** Newest first; undefined before the first frame. */
  frames: readonly unknown[] | undefined;
  /** The server has ended it: its last frame may contain the reason. */
  ended = false;
  readonly close: () => void;
  #wake: () => void = () => undefined;

  /**
   * Each watch has its own socket, since each may have another token.
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
        this.ended = true;
        this.#show({ errors: errorsOf(error) });
      },
      complete: () => {
        this.ended = true;
        this.#wake();
      },
    });
  }

  #show(frame: unknown): void {
    this.frames = [frame, ...(this.frames ?? [])].slice(0, maxFrames);
    this.#wake();
  }

  /**
   * Yields the last frames, again after each new one: GraphiQL itself would display the newest only.
   * @param onLeft called when GraphiQL stops the iteration
   */
  shown(onLeft: () => void): AsyncIterableIterator<object> {
    let shown: readonly unknown[] | undefined;
    let stopped = false;
    const iterator: AsyncIterableIterator<object> = {
      [Symbol.asyncIterator]: () => iterator,
      next: async () => {
        while (!stopped && !this.ended && this.frames === shown) await new Promise<void>(wake => (this.#wake = wake));
        if (stopped || this.frames === shown) return { done: true, value: undefined };
        shown = this.frames;
        return { done: false, value: { frames: shown } };
      },
      return: () => {
        stopped = true;
        this.#wake();
        onLeft();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    return iterator;
  }
}

/**
 * Converts the error with which graphql-ws ends a subscription: errors of the server, a closed socket, or a client
 * error.
 */
function errorsOf(error: unknown): unknown {
  if (Array.isArray(error)) return error;
  const { code, reason, message } = error as { code?: number; reason?: string; message?: string };
  return [{ message: code === undefined ? message : `The server closed the connection: ${code} ${reason}` }];
}
