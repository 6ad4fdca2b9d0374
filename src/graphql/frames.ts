import type { ExecutionResult } from 'graphql';
import { formatPosition } from '../event-store/position.ts';
import type { Frame } from '../live/frame.ts';
import { unauthenticated } from './coded-error.ts';
import { type Context, freshContext, isExpired } from './context.ts';
import { presentError } from './present-error.ts';

/** What a subscription's source yields: the field's own value, and what the frame's `extensions` say. */
export type SourceEvent = Frame & { readonly row?: { readonly correlationId?: string } | undefined };

const done: IteratorReturnResult<undefined> = { value: undefined, done: true };

/**
 * A source's events as answers. The next event is asked for when the last answer was taken, so that a socket that does
 * not drain reaches its source. Not an async generator: one that waits for an event would hold back `return()`, and
 * with it whatever the source holds, until that event comes.
 * @param execute the operation over one event, in a context of that event's own
 */
export function frames<Event extends SourceEvent>(
  context: Context,
  source: AsyncIterator<Event>,
  execute: (event: Event, context: Context) => Promise<ExecutionResult>,
): AsyncIterableIterator<ExecutionResult> {
  let ended = false;
  let release: (() => void) | undefined;
  const { counts } = context.parts;
  const unsubscribed = counts?.subscribed();

  function end(): void {
    if (ended) return;
    ended = true;
    unsubscribed?.();
    release?.();
    void endSource();
  }

  async function endSource(): Promise<void> {
    try {
      await source.return?.();
    } catch (error) {
      context.logger.warn({ err: error }, 'a subscription did not end well');
    }
  }

  async function deliver(): Promise<IteratorResult<ExecutionResult>> {
    try {
      const { value: event, done: over } = (await source.next()) as IteratorResult<Event, undefined>;
      if (over && !ended) {
        ended = true;
        unsubscribed?.();
      }
      if (over || ended) return done;
      // Here, not when the event was asked for: a token may have run out in between.
      if (isExpired(context)) return lastFrame(unauthenticated());
      const start = Date.now();
      const result = await execute(event, freshContext(context));
      const { position, kind } = event;
      const correlationId = kind === 'UPDATE' ? event.row?.correlationId : undefined;
      counts?.delivered(kind, correlationId, start);
      const extensions = { position: formatPosition(position), kind, ...(correlationId && { correlationId }) };
      return { value: { ...result, extensions }, done: false };
    } catch (error) {
      return lastFrame(error);
    }
  }

  function lastFrame(error: unknown): IteratorResult<ExecutionResult> {
    release = undefined; // or whoever waits for this frame would be told that there is none
    end();
    return { value: { errors: [presentError(error, context.logger)] }, done: false };
  }

  const iterator: AsyncIterableIterator<ExecutionResult> = {
    [Symbol.asyncIterator]: () => iterator,
    next() {
      if (ended) return Promise.resolve(done);
      return new Promise(resolve => {
        release = () => resolve(done);
        void deliver().then(resolve);
      });
    },
    return() {
      end();
      return Promise.resolve(done);
    },
  };
  return iterator;
}
