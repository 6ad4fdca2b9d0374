import { createSourceEventStream, type ExecutionResult } from 'graphql';
import type { Frame } from '../../../live/frame.ts';
import { type OperationArgs, presentResult } from '../execute.ts';
import type { Frames } from './frames.ts';
import { openSharedExecution } from './frame-groups.ts';
import { SubscriptionFrames } from './subscription-frames.ts';

// The one entry of this folder.
export type { Frames, FrameSink } from './frames.ts';
export type { Payload } from './payload.ts';
export { PipedFrames, resultsOf } from './piped-frames.ts';

/**
 * Brings the events of sources to transports as frames. Between them there are only calls, no promises:
 *
 *     source ──receive(event)──▶ SubscriptionFrames ──deliver(event)──▶ Group   executes and serialises a frame once
 *        ▲                        │  ▲       │                            │     for all its members
 *        └───── poll(), next() ───┘  │       └◀──── send(payload) ────────┘
 *                           resume() │       │
 *                                    │       ▼ write(payload)
 *                                    └───── sink: a socket or a stream
 *
 *     idle ──pipe, resume──▶ requested ──write returned false──▶ idle
 *                               └──write returned true──▶ requested
 *     idle, requested ──source ended or failed, token expired, return()──▶ ended
 */
export interface FrameDelivery {
  /**
   * Opens the source of a subscription, with the rights of its subscriber.
   * @param onClosed called once, at the end; not called if this throws
   * @returns the frames, or one response with errors if there is nothing to subscribe to
   * @throws LIMIT_EXCEEDED if the variables are too long
   */
  open(args: OperationArgs, onClosed: () => void): Promise<Frames | ExecutionResult>;
}

/** One for each node: it lets the subscriptions of a node share frames. */
export function openFrameDelivery(shared = openSharedExecution()): FrameDelivery {
  return {
    async open(args, onClosed) {
      // Joined before the source is opened: if joining fails, there is no source that would stay open.
      const group = shared.join(args);
      let result: ExecutionResult;
      try {
        const source = await createSourceEventStream(args);
        if (Symbol.asyncIterator in source) {
          const events = (source as AsyncIterable<Frame>)[Symbol.asyncIterator]();
          return new SubscriptionFrames(args.contextValue, events, group, onClosed);
        }
        result = presentResult(source, args.contextValue);
      } catch (error) {
        group.leave();
        throw error;
      }
      group.leave();
      onClosed();
      return result;
    },
  };
}
