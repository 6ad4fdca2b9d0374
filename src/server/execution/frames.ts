import { type FrameReceiver, canBePolled, type Frame, type Pollable } from '../../live/frame.ts';
import { unauthenticated } from '../../graphql/coded-error.ts';
import type { Context } from '../../graphql/context.ts';
import { Payload } from './payload.ts';
import type { OperationCounts } from './operation-counts.ts';
import { formatError, presentError } from './present-error.ts';
import { originOf, type Group, type Member } from './shared-execution.ts';

const done: IteratorReturnResult<undefined> = { value: undefined, done: true };

/** Where frames go. */
export interface Taker {
  /** @returns whether it takes the next one at once; where not, it asks for it by `more()` */
  take(payload: Payload): boolean;
  /** Told once: nothing more will come. */
  ended(): void;
}

/**
 * A source's events as frames. The next event is asked for when the last frame was taken, so that a socket that does
 * not drain reaches its source. From a source that can be polled to the taker there is no promise: of a thousand who
 * are told of one change, each would have several of its own. What each frame needs stands here by itself, and there is
 * no function of its own: to find one object after the other in memory is what a frame takes longest for.
 */
export class Frames implements AsyncIterableIterator<Payload>, FrameReceiver<Frame>, Member {
  readonly #context: Context;
  readonly #counts: OperationCounts | undefined;
  /** Of the token, seconds since the epoch. */
  readonly #expiresAt: number;
  readonly #source: AsyncIterator<Frame>;
  readonly #pollable: Pollable<Frame> | undefined;
  /** Executes the operation over an event, for all who are told of it. */
  readonly #group: Group;
  /** Told once, when it has ended. */
  readonly #closed: () => void;
  readonly #unsubscribed: (() => void) | undefined;
  /** The source was asked, and its answer is not with the taker yet. */
  #asked = false;
  #ended = false;
  #taker: Taker | undefined;

  constructor(context: Context, source: AsyncIterator<Frame>, group: Group, closed: () => void) {
    this.#context = context;
    this.#counts = context.dependencies.counts;
    this.#expiresAt = context.identity?.expiresAt ?? Infinity;
    this.#source = source;
    this.#pollable = canBePolled(source) ? source : undefined;
    this.#group = group;
    this.#closed = closed;
    this.#unsubscribed = this.#counts?.subscribed();
  }

  /** Gives each frame to the taker as it comes, to the end. */
  flow(taker: Taker): void {
    this.#taker = taker;
    this.more();
  }

  /** The taker takes another one. */
  more(): void {
    if (this.#ended) this.#taker?.ended();
    else if (!this.#asked) this.#ask();
  }

  #ask(): void {
    this.#asked = true;
    if (!this.#pollable) {
      this.#source.next().then(
        result => this.#deliver(result),
        (error: unknown) => this.#fail(error),
      );
      return;
    }
    try {
      const result = this.#pollable.poll(this);
      if (result) this.#deliver(result);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** By the source, where it was asked before there was anything. */
  over(): void {
    this.#ask();
  }

  #deliver(result: IteratorResult<Frame>): void {
    if (result.done !== true) {
      this.take(result.value);
    } else if (!this.#ended) {
      this.#leave();
      this.#taker?.ended();
    }
  }

  /** By the source, as it comes. */
  take(event: Frame): void {
    if (this.#ended) return;
    try {
      this.#group.give(event, this, Date.now());
    } catch (error) {
      // Or whoever tells them all would tell nobody after this one.
      this.#fail(error);
    }
  }

  get isOver(): boolean {
    return this.#ended;
  }

  /** By the group, when the frame is there: at once, if another subscriber had it made. */
  made(payload: Payload, event: Frame, began: number): void {
    if (this.#ended) return;
    // Here, not when the event was asked for: the token may have expired while the frame waited for the database.
    if (Date.now() >= this.#expiresAt * 1000) return this.#fail(unauthenticated());
    this.#asked = false;
    this.#counts?.delivered(event.kind, originOf(event), began);
    if (this.#taker?.take(payload) === true) this.more();
  }

  /** The last frame says why. */
  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#leave();
    void this.#endSource();
    const json = JSON.stringify({ errors: [formatError(presentError(error, this.#context.logger))] });
    this.#taker?.take(new Payload(json, undefined));
    this.#taker?.ended();
  }

  #leave(): void {
    this.#ended = true;
    this.#unsubscribed?.();
    this.#group.leave();
    this.#closed();
  }

  async #endSource(): Promise<void> {
    try {
      await this.#source.return?.();
    } catch (error) {
      this.#context.logger.warn({ err: error }, 'a subscription did not end well');
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Payload>> {
    return new Promise(resolve => {
      this.flow({
        take(value) {
          resolve({ value, done: false });
          return false;
        },
        ended: () => resolve(done),
      });
    });
  }

  /** Not held back by an event that is waited for. */
  return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#ended) {
      this.#leave();
      void this.#endSource();
      this.#taker?.ended();
    }
    return Promise.resolve(done);
  }
}
