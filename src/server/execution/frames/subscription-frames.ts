import { type FrameReceiver, canBePolled, type Frame, type Pollable } from '../../../live/frame.ts';
import { unauthenticated } from '../../../graphql/coded-error.ts';
import type { Context } from '../../../graphql/context.ts';
import type { OperationCounts } from '../operation-counts.ts';
import type { Group, Member } from './frame-group.ts';
import { errorPayload, traceOriginOf } from './frame-payload.ts';
import type { Frames, FrameSink } from './frames.ts';
import type { Payload } from './payload.ts';

const done: IteratorReturnResult<undefined> = { value: undefined, done: true };

/**
 * Turns the events of a source into frames. The next event is requested only after the last frame was written, so
 * backpressure of a socket reaches its source. From a pollable source to the sink there are only calls: with
 * promises, each of a thousand subscribers of one change would cost several. All state is in fields of this object,
 * with no closures, because finding objects in memory is what takes most of the time of a delivery
 * (docs/decisions/0020-frame-delivery.md).
 */
export class SubscriptionFrames implements Frames, FrameReceiver<Frame>, Member {
  readonly #context: Context;
  readonly #counts: OperationCounts | undefined;
  /** When the token expires, seconds since the epoch. */
  readonly #expiresAt: number;
  readonly #source: AsyncIterator<Frame>;
  readonly #pollable: Pollable<Frame> | undefined;
  /** Executes the operation for an event, once for all its members. */
  readonly #group: Group;
  /** Called once, at the end. */
  readonly #onClosed: () => void;
  readonly #onUnsubscribed: (() => void) | undefined;
  /** An event was requested, and its frame has not reached the sink yet. */
  #requested = false;
  #ended = false;
  #sink: FrameSink | undefined;

  constructor(context: Context, source: AsyncIterator<Frame>, group: Group, onClosed: () => void) {
    this.#context = context;
    this.#counts = context.dependencies.counts;
    this.#expiresAt = context.identity?.expiresAt ?? Infinity;
    this.#source = source;
    this.#pollable = canBePolled(source) ? source : undefined;
    this.#group = group;
    this.#onClosed = onClosed;
    this.#onUnsubscribed = this.#counts?.subscribed();
  }

  pipe(sink: FrameSink): void {
    this.#sink = sink;
    this.resume();
  }

  resume(): void {
    if (this.#ended) this.#sink?.end();
    else if (!this.#requested) this.#requestNext();
  }

  #requestNext(): void {
    this.#requested = true;
    if (!this.#pollable) {
      this.#source.next().then(
        result => this.#forward(result),
        (error: unknown) => this.#fail(error),
      );
      return;
    }
    try {
      const result = this.#pollable.poll(this);
      if (result) this.#forward(result);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Called by the source if it ended or failed while a poll was pending; polling again returns the end or throws. */
  sourceEnded(): void {
    this.#requestNext();
  }

  #forward(result: IteratorResult<Frame>): void {
    if (result.done !== true) {
      this.receive(result.value);
    } else if (!this.#ended) {
      this.#leave();
      this.#sink?.end();
    }
  }

  /** Called by the source with each event. */
  receive(event: Frame): void {
    if (this.#ended) return;
    try {
      this.#group.deliver(event, this, Date.now());
    } catch (error) {
      // Not passed on: it would end the loop of the hub, and the subscribers after this one would get nothing.
      this.#fail(error);
    }
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Called by the group when the frame is made: at once if it was made for another member before. */
  send(payload: Payload, event: Frame, startMs: number): void {
    if (this.#ended) return;
    // Checked now and not when the event arrived: the token may have expired while the frame waited for the database.
    if (Date.now() >= this.#expiresAt * 1000) return this.#fail(unauthenticated());
    this.#requested = false;
    this.#counts?.delivered(event.kind, traceOriginOf(event), startMs);
    if (this.#sink?.write(payload) === true) this.resume();
  }

  /** Ends the subscription with a frame that contains the error. */
  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#leave();
    void this.#endSource();
    const payload = errorPayload(error, this.#context.logger);
    this.#sink?.write(payload);
    this.#sink?.end();
  }

  #leave(): void {
    this.#ended = true;
    this.#onUnsubscribed?.();
    this.#group.leave();
    this.#onClosed();
  }

  async #endSource(): Promise<void> {
    try {
      await this.#source.return?.();
    } catch (error) {
      this.#context.logger.warn({ err: error }, 'closing the source of a subscription failed');
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Payload>> {
    return new Promise(resolve => {
      this.pipe({
        write(value) {
          resolve({ value, done: false });
          return false;
        },
        end: () => resolve(done),
      });
    });
  }

  /** Does not wait for a pending event. */
  return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#ended) {
      this.#leave();
      void this.#endSource();
      this.#sink?.end();
    }
    return Promise.resolve(done);
  }
}
