import type { Frame } from '../live/frame.ts';
import { unauthenticated } from './coded-error.ts';
import { type Context, isExpired } from './context.ts';
import { Payload } from './payload.ts';
import { formatError, presentError } from './present-error.ts';
import { correlationOf, type Group } from './shared-execution.ts';

const done: IteratorReturnResult<undefined> = { value: undefined, done: true };

/**
 * A source's events as frames. The next event is asked for when the last answer was taken, so that a socket that does
 * not drain reaches its source. Not an async generator: one that waits for an event would hold back `return()`, and
 * with it whatever the source holds, until that event comes.
 * @param group executes the operation over an event, for all who are told of it
 * @param closed told once, when it has ended
 */
export function frames(
  context: Context,
  source: AsyncIterator<Frame>,
  group: Group,
  closed: () => void,
): AsyncIterableIterator<Payload> {
  let ended = false;
  let release: (() => void) | undefined;
  const { counts } = context.parts;
  const unsubscribed = counts?.subscribed();

  function end(): void {
    if (ended) return;
    leave();
    release?.();
    void endSource();
  }

  function leave(): void {
    ended = true;
    unsubscribed?.();
    group.leave();
    closed();
  }

  async function endSource(): Promise<void> {
    try {
      await source.return?.();
    } catch (error) {
      context.logger.warn({ err: error }, 'a subscription did not end well');
    }
  }

  /** What is there already is not waited for: of a thousand who get a frame, one has it made. */
  function delivered(result: IteratorResult<Frame>): IteratorResult<Payload> | Promise<IteratorResult<Payload>> {
    if (result.done === true && !ended) leave();
    if (ended) return done;
    // Here, not when the event was asked for: a token may have run out in between.
    if (isExpired(context)) return lastFrame(unauthenticated());
    const event: Frame = result.value as Frame;
    const start = Date.now();
    const sent = (value: Payload): IteratorYieldResult<Payload> => {
      counts?.delivered(event.kind, correlationOf(event), start);
      return { value, done: false };
    };
    const payload = group.payloadOf(event);
    return payload instanceof Promise ? payload.then(sent) : sent(payload);
  }

  function lastFrame(error: unknown): IteratorResult<Payload> {
    release = undefined; // or whoever waits for this frame would be told that there is none
    end();
    const json = JSON.stringify({ errors: [formatError(presentError(error, context.logger))] });
    return { value: new Payload(json, undefined), done: false };
  }

  const iterator: AsyncIterableIterator<Payload> = {
    [Symbol.asyncIterator]: () => iterator,
    next() {
      if (ended) return Promise.resolve(done);
      return new Promise(resolve => {
        release = () => resolve(done);
        source
          .next()
          .then(delivered)
          .then(resolve, (error: unknown) => resolve(lastFrame(error)));
      });
    },
    return() {
      end();
      return Promise.resolve(done);
    },
  };
  return iterator;
}
