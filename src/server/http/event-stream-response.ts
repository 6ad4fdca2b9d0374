import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Logger } from '../../telemetry/logger.ts';
import { type Payload, PipedFrames } from '../execution/frames/frame-delivery.ts';
import type { EventStreams } from '../transports/event-streams.ts';
import type { Exchange } from './exchange.ts';

type Hooks = Required<Pick<Plugin<object, Exchange>, 'onResultProcess' | 'onResponse'>>;

/**
 * Answers subscriptions with an event stream, which is written to Node's response directly: a web stream per
 * subscriber would cost more than everything else about a frame. yoga and the plugins see a response without a body.
 * The stream begins in `onResponse`, which has to be the last one: the plugins before it may set headers.
 */
export function eventStreamResponse(streams: EventStreams, logger: Logger): Hooks {
  return {
    onResultProcess(processing) {
      const { result, resultProcessor } = processing;
      const { res, progress } = processing.serverContext;
      if (!isAsyncIterable(result)) return;
      const end = (): void => void (progress.frames ?? result[Symbol.asyncIterator]()).return?.();
      // The client may have disconnected before the first byte, or may not accept a stream: then nothing would read
      // or close the source.
      if (res.closed || resultProcessor === undefined) {
        end();
        return;
      }
      res.once('close', end);
      processing.setResultProcessor((results, fetchAPI) => {
        const frames = new PipedFrames(results as unknown as AsyncIterable<Payload>, progress.frames, logger);
        const response = new fetchAPI.Response(null, { headers: { 'Content-Type': 'text/event-stream' } });
        progress.stream = { response, frames };
        return response;
      }, 'text/event-stream');
    },
    async onResponse({ response, serverContext: { res, progress } }) {
      const { stream } = progress;
      if (!stream) return;
      // A plugin may have answered something else, or the client may have disconnected.
      if (stream.response === response && !res.closed) {
        res.setHeaders(response.headers);
        await streams.carry(res, stream.frames, progress.requester?.identity?.expiresAt);
      }
      await stream.frames.return();
    },
  };
}
