import type { ServerResponse } from 'node:http';
import type { Payload } from '../execution/payload.ts';
import { stallTimeoutMs } from './stall-timeout.ts';
import { callAt } from '../../async/call-at.ts';

/** A comment line goes out this often, ms: what stands between would close a connection on which nothing happens. */
const heartbeat = 12_000;
const comment = ':\n\n';

/** Subscriptions over text/event-stream (the "distinct connections mode" of GraphQL over SSE), one a response. */
export interface EventStreams {
  /**
   * Writes the frames as the client takes them, until they end, the client leaves, or its token runs out.
   * @param expiresAt seconds since the epoch
   */
  carry(response: ServerResponse, frames: AsyncIterator<Payload>, expiresAt: number | undefined): Promise<void>;
  /** Those that are open now, each as what ends it. A client that is cut without `complete` comes again. */
  readonly open: ReadonlySet<() => void>;
  close(): void;
}

export function openEventStreams(): EventStreams {
  const responses = new Set<ServerResponse>();
  const open = new Set<() => void>();
  const beat = setInterval(() => {
    // One that does not read is not helped by more to read.
    for (const response of responses) if (!response.writableNeedDrain && !response.destroyed) response.write(comment);
  }, heartbeat);

  async function carry(
    response: ServerResponse,
    frames: AsyncIterator<Payload>,
    expiresAt: number | undefined,
  ): Promise<void> {
    const { socket } = response;
    // Not `complete`: who is told that is told not to come again.
    const cut = (): void => {
      void frames.return?.();
      // Its connection is not one to ask another thing on: where a server closes, it would wait for the client to.
      response.end(() => socket?.destroySoon());
    };
    const cancel = expiresAt === undefined ? undefined : callAt(expiresAt * 1000, cut);
    responses.add(response);
    open.add(cut);
    response.once('close', () => void frames.return?.());
    response.on('error', () => undefined); // it closes then, which is all that matters

    // At once, or a browser would take it for not opened until the first event.
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' }).write(comment);
    await pump(response, frames);
    cancel?.();
    responses.delete(response);
    open.delete(cut);
    if (!response.writableEnded && !response.destroyed) response.end('event: complete\ndata:\n\n');
  }

  return {
    carry,
    open,
    close: () => clearInterval(beat),
  };
}

async function pump(response: ServerResponse, frames: AsyncIterator<Payload>): Promise<void> {
  for (;;) {
    const { value, done } = (await frames.next()) as IteratorResult<Payload, undefined>;
    if (done || response.writableEnded || response.destroyed) return;
    if (!response.write(value.event())) await drained(response);
  }
}

/** Until what was written is with the client's machine, or nobody waits for it any more. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const patience = setTimeout(() => response.destroy(), stallTimeoutMs);
    function over(): void {
      clearTimeout(patience);
      response.off('drain', over).off('close', over);
      resolve();
    }
    response.on('drain', over).on('close', over);
  });
}
