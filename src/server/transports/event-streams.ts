import type { ServerResponse } from 'node:http';
import type { Payload } from '../execution/frames/frame-delivery.ts';
import { stallTimeoutMs } from './stall-timeout.ts';
import type { TransportCounts } from './transport-counts.ts';
import { callAt } from '../../async/call-at.ts';

/**
 * Interval between comment lines. A client that gets none for 4.5 s takes its connection for lost; proxies would close an
 * idle one.
 */
const heartbeatMs = 2_000;
const comment = ':\n\n';

/** Subscriptions over text/event-stream ("distinct connections mode" of GraphQL over SSE): one response each. */
export interface EventStreams {
  /**
   * Writes frames as fast as the client reads them, until they end, the client disconnects, or its token expires. The
   * caller has set the content type, and ends the frames when the response is closed.
   * @param expiresAt seconds since the epoch
   */
  carry(response: ServerResponse, frames: AsyncIterator<Payload>, expiresAt: number | undefined): Promise<void>;
  /** One function per open stream, which closes it without `complete`, so that its client reconnects. */
  readonly open: ReadonlySet<() => void>;
  close(): void;
}

/** @param counts of the metrics */
export function openEventStreams(counts?: TransportCounts): EventStreams {
  const responses = new Set<ServerResponse>();
  const open = new Set<() => void>();
  const heartbeats = setInterval(() => {
    // Skips clients that do not read: a heartbeat would only add to their buffer.
    for (const response of responses) if (!response.writableNeedDrain && !response.destroyed) response.write(comment);
  }, heartbeatMs);

  async function carry(
    response: ServerResponse,
    frames: AsyncIterator<Payload>,
    expiresAt: number | undefined,
  ): Promise<void> {
    const { socket } = response;
    // Without `complete`: a client that gets it does not reconnect.
    const disconnect = (): void => {
      void frames.return?.();
      // Closes the connection, too: a server that shuts down would otherwise wait until the client closes it.
      response.end(() => socket?.destroySoon());
    };
    const cancel = expiresAt === undefined ? undefined : callAt(expiresAt * 1000, disconnect);
    responses.add(response);
    open.add(disconnect);
    const countEnd = counts?.streamOpened();
    response.on('error', () => undefined); // `close` follows, which is handled

    // Sent at once: until the first byte, browsers report the stream as not open.
    response.setHeader('X-Accel-Buffering', 'no').writeHead(200).write(comment);
    try {
      await pump(response, frames, () => counts?.slowReader('sse'));
    } finally {
      cancel?.();
      countEnd?.();
      responses.delete(response);
      open.delete(disconnect);
    }
    if (!response.writableEnded && !response.destroyed) response.end('event: complete\ndata:\n\n');
  }

  return {
    carry,
    open,
    close: () => clearInterval(heartbeats),
  };
}

async function pump(response: ServerResponse, frames: AsyncIterator<Payload>, onTooSlow: () => void): Promise<void> {
  for (;;) {
    const { value, done } = (await frames.next()) as IteratorResult<Payload, undefined>;
    if (done || response.writableEnded || response.destroyed) return;
    if (!response.write(value.event())) await drained(response, onTooSlow);
  }
}

/** Resolves when the write buffer is empty, or the connection is closed. */
function drained(response: ServerResponse, onTooSlow: () => void): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(() => {
      onTooSlow();
      response.destroy();
    }, stallTimeoutMs);
    function finish(): void {
      clearTimeout(timer);
      response.off('drain', finish).off('close', finish);
      resolve();
    }
    response.on('drain', finish).on('close', finish);
  });
}
